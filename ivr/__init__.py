"""One call: flows, the session that runs them, and the tools to check and to walk them."""
