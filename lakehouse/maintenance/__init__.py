"""Files in order: optimize, vacuum, restore. No row is computed here."""
