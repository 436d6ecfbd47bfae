"""One file is one platform; the file's name is the platform's name in config.yaml."""
