"""What the site reads: publications of lakes, their tables in memory, and answers that are kept. No page, no layout."""
