"""What the words mean, what the numbers cannot say, and that they are right."""
