"""The table of findings, one kind a file.

A member is a function of an ``Understanding``. It returns for each finding the names of columns,
which rows it is about (a mask, or None for all), a sentence without its full stop, and the remedy.
"""

from __future__ import annotations

from frontier_search.table.finding import Find
from frontier_search.zoo import Zoo

_HERE = "frontier_search.table.findings"

FINDINGS: Zoo[Find] = Zoo(
    "finding",
    {
        "identifier": f"{_HERE}.identifier:find",
        "target_leak": f"{_HERE}.target_leak:find",
        "duplicate_rows": f"{_HERE}.duplicate_rows:find",
        "duplicate_columns": f"{_HERE}.duplicate_columns:find",
        "constant": f"{_HERE}.constant:find",
        "sentinel": f"{_HERE}.sentinel:find",
        "extreme_value": f"{_HERE}.extreme_value:find",
        "rare_class": f"{_HERE}.rare_class:find",
        "imbalance": f"{_HERE}.imbalance:find",
        "row_order": f"{_HERE}.row_order:find",
        "group_suspected": f"{_HERE}.group_suspected:find",
        "split_suspected": f"{_HERE}.split_suspected:find",
        "target_guessed": f"{_HERE}.target_guessed:find",
        "contradiction": f"{_HERE}.contradiction:find",
        "ambiguous": f"{_HERE}.ambiguous:find",
        "unread": f"{_HERE}.unread:find",
        "wrong_byte": f"{_HERE}.wrong_byte:find",
        "total_row": f"{_HERE}.total_row:find",
    },
)
