"""gold.unknown — keys that stand where a real one cannot."""

UNKNOWN_CATEGORY = -1  # the item's category was not known at the event
ALL_CATEGORIES = -2  # the row over every category, for counts that do not add up
