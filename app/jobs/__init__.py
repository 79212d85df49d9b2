"""Work that the site has done in processes of their own: a table of jobs, what starts them, and what they may be."""
