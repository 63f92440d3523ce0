"""make run: the main job shown on a private Asterisk."""
