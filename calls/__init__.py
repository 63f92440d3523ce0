"""What both halves of Callwright share: values, wire codecs, switches, agents, people and records."""
