"""Recognition: engines, what they are given, and what is made of what they heard."""
