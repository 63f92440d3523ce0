"""Figures of the records, by time, queue, campaign, list, agent and flow, and how they are shown."""
