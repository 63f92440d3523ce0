"""What callers hear: texts by language, rendered ahead into the formats of the switch."""
