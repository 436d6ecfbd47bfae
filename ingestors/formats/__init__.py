"""One file is one archive file format; the file's name is the format's name on the command line."""
