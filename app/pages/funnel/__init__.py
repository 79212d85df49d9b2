"""From view to cart to purchase."""
