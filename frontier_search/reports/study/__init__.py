"""The report on a study: what it says, a part a file.

report        the whole, from its parts
answer        the first screen: the answer in sentences and two pictures
claims        the verdicts on the claims, part by part
budgets       the verdicts after other numbers of epochs
owners        who owns the frontiers
published     the published tables, trained again
rivals        results of other work on the same data
frontiers     the frontier of each search
certificates  what was checked of exported members
making        the commands, the versions and the machine
remarks       what a person wrote about it
seeds         the rows behind every number
"""
