"""A warm start: earlier searches whose outcomes inform the sampler of a new one.

A user names a search, or a data set. The outcomes are copied when the new search is defined, so
that it proposes the same trials although the earlier ones grow or go. Written in YAML as::

    warm_start: [digits-1, friedman1]

and once it is defined as::

    warm_start:
    - given: digits-1
      dataset: digits
      searches: [digits-1]
      by: losses                       # or ranks, of another data set
      outcomes:
      - [0.2134, {family: dense, hidden: 16, learning_rate: 0.01}]
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from frontier_search.sampling.earlier import AGREES, Earlier
from frontier_search.trial import Candidate

BY_LOSSES, BY_RANKS = "losses", "ranks"


@dataclass(frozen=True)
class WarmStart:
    """Outcomes of earlier searches on one data set.

    Attributes:
        given: what the user named.
        dataset: what the searches were of; "" until they are looked up.
        searches: their names.
        by: ``losses`` if they are of the same data set, or else ``ranks``.
        candidates: those of their complete trials that the new search could propose too.
        losses: of each, the measured objective, minimised.
    """

    given: str
    dataset: str = ""
    searches: tuple[str, ...] = ()
    by: str = BY_LOSSES
    candidates: tuple[Candidate, ...] = ()
    losses: tuple[float, ...] = ()

    @property
    def looked_up(self) -> bool:
        return bool(self.searches)

    @property
    def earlier(self) -> Earlier:
        """The outcomes, for the sampler."""
        return Earlier(self.candidates, self.losses, self.by == BY_RANKS)

    def __str__(self) -> str:
        if not self.looked_up:
            return self.given
        names = ", ".join(self.searches)
        how = "" if self.by == BY_LOSSES else f" of {self.dataset}, by their ranks"
        return f"{len(self.losses)} outcomes of {names}{how}"

    def to_spec(self) -> Any:
        if not self.looked_up:
            return self.given
        outcomes = zip(self.losses, self.candidates, strict=True)
        return {
            "given": self.given,
            "dataset": self.dataset,
            "searches": list(self.searches),
            "by": self.by,
            "outcomes": [[y, {"family": c.family, **c.hyperparameters}] for y, c in outcomes],
        }

    @staticmethod
    def of_spec(given: Any) -> WarmStart:
        """Reads ``to_spec``.

        Raises:
            KeyError, TypeError, ValueError, AttributeError: it is something else.
        """
        if isinstance(given, str):
            return WarmStart(given)
        points = [(float(loss), dict(point)) for loss, point in given["outcomes"]]
        return WarmStart(
            str(given["given"]),
            str(given["dataset"]),
            tuple(map(str, given["searches"])),
            {BY_LOSSES: BY_LOSSES, BY_RANKS: BY_RANKS}[given["by"]],
            tuple(Candidate(str(point.pop("family")), point) for _, point in points),
            tuple(loss for loss, _ in points),
        )


def ignored(warm_starts: Sequence[WarmStart], agreements: Sequence[float | None]) -> list[str]:
    """Returns, in words, which warm starts are ignored and why.

    Args:
        agreements: of each, see ``Proposer.agreements``; empty before there are any.
    """
    return [
        f"warm start {warm.given} ignored: it ranks the trials here with a correlation of "
        f"{found:.2f}, under {AGREES}"
        for warm, found in zip(warm_starts, agreements, strict=False)
        if found is not None and misleads(found)
    ]


def misleads(agreement: float | None) -> bool:
    """Returns whether a warm start of this agreement is ignored; one not judged yet is not."""
    return agreement is not None and agreement < AGREES


def read_warm_start(given: Any, problems: list[str]) -> tuple[WarmStart, ...]:
    """Reads one or several warm starts, as names or as a defined search has them."""
    if given is None:
        return ()
    listed = [given] if isinstance(given, str | Mapping) else given
    try:
        if not isinstance(listed, Sequence):
            raise TypeError
        found = tuple(WarmStart.of_spec(each) for each in listed)
    except (KeyError, TypeError, ValueError, AttributeError):
        problems.append(
            f"warm_start = {given!r}; name earlier searches or data sets, e.g. [digits-1]."
        )
        return ()
    names = [each.given for each in found]
    problems += [
        f"warm_start names {name!r} twice; name it once."
        for name in dict.fromkeys(names)
        if names.count(name) > 1
    ]
    return found
