"""What the switch is told: its configuration as templates, and their installation."""
