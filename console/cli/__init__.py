"""The ``callwright`` command line, one module a group of commands."""
