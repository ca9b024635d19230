"""What is asked: a search, a sweep of searches, and the claims of a study."""
