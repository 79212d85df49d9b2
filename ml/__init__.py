"""Purchase intent: train, register and apply the model, and the tables of what it predicts. No page is drawn here."""
