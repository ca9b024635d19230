"""The command line: ``main`` holds the table of commands, every other file is one command."""
