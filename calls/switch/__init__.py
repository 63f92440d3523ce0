"""The port that a switch fills, and the switches that fill it."""
