"""What answers: the served formula, in this process and as a column of a frame; the batch scores. No training."""
