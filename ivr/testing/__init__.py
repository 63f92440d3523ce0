"""Tests of flows: scripts beside the flows, played offline in virtual time by the very sessions that serve calls."""
