"""Persons: do-not-call entries and what is known about whom we may call."""
