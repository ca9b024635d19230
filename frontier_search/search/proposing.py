"""Reads how a search proposes candidates, stops trials and ends, from its YAML form."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from frontier_search.errors import SpecError
from frontier_search.models.editions import FIRST_RACE
from frontier_search.objective import OBJECTIVES
from frontier_search.sampling.samplers import KNOWN_SIZE, MOST_KNOWN, SAMPLERS, Sampler
from frontier_search.search.warm_start import WarmStart, read_warm_start
from frontier_search.spec import SpecValues

NO_RACE = "none"
SETTLED = "settled"
UNTIL_SETTLED_TRIALS = 1000  # of a search that is to end when it is settled, at most
MARGIN = 0.3  # of races, in log10 of the loss: docs/samplers.md says how it was chosen


class ProposalReader:
    """Reads the settings of a sampler. Every mistake becomes a sentence among those of the values.

    Args:
        values: of the search.
    """

    def __init__(self, values: SpecValues) -> None:
        self._values, self._spec, self._problems = values, values.spec, values.problems

    def sampler(self, objectives: Sequence[str], listed: bool) -> str:
        """Returns the sampler's name: known_size where it can be used, if none is given."""
        table = [OBJECTIVES[each] for each in objectives if each in OBJECTIVES]
        n_measured = sum(not each.known for each in table)
        usable = n_measured == 1 and 1 <= len(table) - n_measured <= MOST_KNOWN
        name = str(
            self._values.one_of("sampler", SAMPLERS, KNOWN_SIZE if usable and not listed else "tpe")
        )
        if name == KNOWN_SIZE and not usable:
            self._problems.append(
                f"sampler known_size needs one measured objective and one or two known ones; the "
                f"objectives are {', '.join(objectives)}. Take tpe, or leave the sampler out."
            )
        try:
            sampler: object = SAMPLERS[name]
        except SpecError as error:
            self._problems += error.problems
        else:
            if not isinstance(sampler, Sampler):
                self._problems.append(
                    f"{name!r} is a {type(sampler).__name__}, not a Sampler; "
                    "give the name of a frontier_search.Sampler."
                )
        return name

    def default_trials(self) -> int:
        return UNTIL_SETTLED_TRIALS if "until" in self._spec else 100

    def until(self, fields: Mapping[str, Any]) -> str | None:
        given = self._spec.get("until")
        if given not in (None, SETTLED):
            self._problems.append(f"until = {given!r}; write settled, or leave it out.")
        if given is not None and (fields["sampler"] != KNOWN_SIZE or fields["candidates"]):
            self._problems.append(
                f"until = {given!r} needs the sampler known_size, which predicts losses."
            )
        return None if given is None else str(given)

    def warm_start(self, fields: Mapping[str, Any]) -> tuple[WarmStart, ...]:
        found = read_warm_start(self._spec.get("warm_start"), self._problems)
        names = ", ".join(each.given for each in found)
        if found and fields["candidates"]:
            self._problems.append(
                f"warm_start = {names}, but candidates are listed, so no sampler learns from it; "
                "leave it out."
            )
        elif found and fields["sampler"] != KNOWN_SIZE:
            self._problems.append(
                f"warm_start = {names} needs the sampler known_size, which models losses; the "
                f"sampler is {fields['sampler']}. Take known_size, or leave warm_start out."
            )
        return found

    def race(self, fields: Mapping[str, Any]) -> float | None:
        """Returns the margin of the races, or None if there are none."""
        table = [OBJECTIVES[name] for name in fields["objectives"] if name in OBJECTIVES]
        measured = [each.name for each in table if not each.known]
        unsuited = (
            "`budgets` are given"
            if fields["budgets"]
            else "candidates are listed"
            if fields["candidates"]
            else "the objectives are " + ", ".join(each.name for each in table)
            if measured != ["loss"] or len(table) < 2
            else None
        )
        given = self._spec.get("race")
        if given is None:
            return MARGIN if unsuited is None and fields["edition"] >= FIRST_RACE else None
        text = str(given).strip().lower()
        if text == NO_RACE or given is False:
            return None
        try:
            margin = float(text)
        except ValueError:
            margin = math.nan
        if isinstance(given, bool) or not 0 < margin < math.inf:
            self._problems.append(
                f"race = {given!r}; give a margin above 0 in log10 of the loss, e.g. 0.3, or none."
            )
            return None
        if unsuited is not None:
            self._problems.append(
                f"race = {given!r}, but {unsuited}; trials race where a sampler proposes them and "
                "the loss is the only measured objective. Leave it out."
            )
        return margin
