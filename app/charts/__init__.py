"""Numbers in, a figure out: the template of each palette, and what several pages draw. No query, no layout."""
