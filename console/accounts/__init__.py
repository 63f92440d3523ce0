"""Accounts of the console and its API: roles, passwords, second factors, sessions and tokens."""
