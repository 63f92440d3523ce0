"""The web console: pages that read the store and ask the engine, and change nothing."""
