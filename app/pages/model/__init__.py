"""The page of the registered model: who serves, what the gates said, how good it is, and how it holds."""
