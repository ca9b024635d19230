"""Training: a function of (cohort, dataset, budget, seeds).

It knows nothing of searches or storage.
"""
