"""What the registered model says of one visit."""
