"""The engine: one process that runs the calls, the agents, the campaigns and the only writer."""
