"""What callers say: engines, what they are asked to expect, and what is made of what they heard."""
