"""The site: shows gold and what the model predicts. Nothing is computed here that gold could hold."""
