"""The dialer's simulator: what a pacing policy would do to a campaign, on a virtual clock."""
