"""Items for a visit, for whoever looks at an item, and for a visitor: each with its source and its reason."""
