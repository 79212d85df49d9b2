"""Many rows at once: a file of visits or of raw events, or a segment of the lake; batch by batch, into files."""
