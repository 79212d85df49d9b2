"""The registered versions of the model and MLflow's store: what is written there, read from there, and shown of it."""
