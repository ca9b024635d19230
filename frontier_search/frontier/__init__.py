"""What was found, and how sure it is.

What was found: pareto (dominance), frontier (its members), hypervolume, baselines.
How sure it is with a few seeds: interval (Student), signs (of the typical seed), correction (for
many parts), membership (the chance that a trial is a member), evidence, constant, ownership
(families' shares), verdict, judge (claims), settling (more seeds). docs/statistics.md shows by
simulation what each of them keeps.

All comparisons are paired: a seed decides the rows, the first weights and the order of the
minibatches, and these are the same for every candidate.
"""
