"""Many calls: leads, campaigns, compliance, pacing and the attempts that result."""
