"""Training: a function of (cohort, dataset, budget, seeds) that knows nothing of searches or storage."""
