"""One JSON file is one index template; the file's name is the template's name."""
