"""The Asterisk switch: AMI for legs, FastAGI for calls; panoramisk stays inside this package."""
