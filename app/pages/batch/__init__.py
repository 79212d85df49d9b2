"""The page that scores many visits at once, and shows what came of it."""
