"""The page of the datasets: the lake that the site shows, and those that a reader brings."""
