"""Where a search is kept, and what is read of it."""
