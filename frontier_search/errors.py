"""The three things that can go wrong, the sentences that say so, and warnings that are no news.

SpecError   the user asked for something that cannot be done: exit code 2, nothing was changed.
TrialError  one trial fails with this reason; the search continues.
SearchError the search stops; what is finished is kept.
"""

from __future__ import annotations

import difflib
import threading
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

INTERRUPTED = 130  # exit code: interrupted, and resumable
_filters_in_use = threading.RLock()


class SpecError(ValueError):
    """One or several mistakes in what the user asked for, each a sentence.

    Args:
        problems: the sentences; a single string is one problem.
    """

    def __init__(self, problems: str | Sequence[str]) -> None:
        self.problems: tuple[str, ...] = (
            (problems,) if isinstance(problems, str) else tuple(problems)
        )
        super().__init__("\n".join(self.problems))


class TrialError(Exception):
    """This trial fails with this reason, and no other trial is affected."""


class SearchError(Exception):
    """The search cannot continue; every recorded outcome is in the storage."""


def unknown(kind: str, given: object, allowed: Iterable[str]) -> str:
    """Returns the sentence for a name that is not in a table, with the nearest legal name."""
    names = sorted(allowed)
    close = difflib.get_close_matches(str(given), names, n=1, cutoff=0.5)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    return f"unknown {kind} {str(given)!r}.{hint} Allowed: {', '.join(names)}."


@contextmanager
def ignoring(category: type[Warning] = Warning) -> Iterator[None]:
    """Ignores the warnings of a category in a block.

    The filters of warnings belong to the whole process, so blocks of several threads take turns.
    """
    with _filters_in_use, warnings.catch_warnings():
        warnings.simplefilter("ignore", category)
        yield
