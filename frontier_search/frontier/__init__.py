"""What a handful of seeds can tell: intervals, the chance that a member belongs on the frontier, owners, verdicts on claims.

Everything is paired: a seed decides the rows, the first weights and the order of the minibatches, the same for every candidate.
"""
