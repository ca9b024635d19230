"""The table of findings, one kind a file.

A member is a function of an ``Understanding``. It returns for each finding the names of columns,
which rows it is about (a mask, or None for all), a sentence without its full stop, and the remedy.
"""

from __future__ import annotations

from frontier_search.table.finding import Find
from frontier_search.zoo import Zoo

NAMES = (
    "identifier",
    "target_leak",
    "duplicate_rows",
    "duplicate_columns",
    "constant",
    "sentinel",
    "extreme_value",
    "rare_class",
    "imbalance",
    "row_order",
    "group_suspected",
)

FINDINGS: Zoo[Find] = Zoo(
    "finding", {name: f"frontier_search.table.findings.{name}:find" for name in NAMES}
)
