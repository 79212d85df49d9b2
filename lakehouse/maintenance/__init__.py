"""Files in order: optimize, vacuum, restore. The rows that readers see stay as they are."""
