"""Where all is put together and shown: the command line, the engine, its API and the pages."""
