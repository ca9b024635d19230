"""What a model costs on a core, in closed form, before anything is trained or compiled.

flash          the constants, the C functions that the plan calls, the routines of the compiler's
               library that these need, and the model's own function, see ``export.body``
ram            the blocks, and the deepest stack of the functions
instructions   linear in how often each function and each of its loops runs
stored_bytes   the constants alone

They depend on the number format of the plan. The coefficients of a core are measured by
``export.calibration``. What a member really costs is measured when it is exported; the certificate
shows both. A search that was defined before edition 7 keeps the coefficients that it chose by,
which were of larger code.
"""

from __future__ import annotations

import functools
import json
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from importlib import resources
from typing import Any

from frontier_search.errors import SpecError
from frontier_search.export.body import body_bytes, features, weighed
from frontier_search.export.integer.plan import IntegerPlan
from frontier_search.export.numbers import FLOAT, numbers_of, untrained
from frontier_search.export.plan import Plan
from frontier_search.models.editions import EDITION, FIRST_SMALLER_CODE
from frontier_search.models.family import Architecture

BEFORE = "larger_code"  # the folder of the coefficients of earlier editions


@dataclass(frozen=True)
class Costs:
    """Bytes, and instructions of one row."""

    stored_bytes: int
    flash: int
    ram: int
    instructions: int

    def counts(self) -> dict[str, int]:
        return asdict(self)


def costs(made: Plan | IntegerPlan, core: str, edition: int = EDITION) -> Costs:
    """Returns what a plan costs on a core.

    Args:
        edition: of the search, see ``models.editions``.

    Raises:
        SpecError: the core was not calibrated, or a function of the plan is not of ``runtime/``.
    """
    known = calibration(core, numbers_of(made), edition)
    unknown = sorted(set(made.functions) - set(known["functions"]))
    if unknown:
        raise SpecError(
            f"the cost of {', '.join(unknown)} on {core} was not measured; "
            f"run `python -m frontier_search.export.calibration {core}`."
        )
    needed = {routine for name in made.functions for routine in known["needs"][name]}
    code = sum(known["functions"][name] for name in made.functions)
    code += sum(known["library"][routine] for routine in needed)
    body = body_bytes(made, core, known)
    frame = weighed(features(made, core), known["frame"])
    deepest = max((known["stack"].get(name, 0) for name in made.functions), default=0)
    coefficients = known["instructions"]
    instructions = coefficients.get("", 0) + sum(
        coefficients.get(f"{name} {level}", 0) * count
        for name, counts in made.work().items()
        for level, count in enumerate(counts)
    )
    return Costs(
        made.stored_bytes,
        round(made.stored_bytes + code + body),
        4 * round((sum(made.block_bytes) + deepest + frame) / 4),
        round(instructions),
    )


def calibrated(core: str, numbers: str = FLOAT) -> bool:
    """Returns whether the costs of a core are known for a number format."""
    try:
        return bool(calibration(core, numbers))
    except SpecError:
        return False


@functools.lru_cache(maxsize=64)
def calibration(core: str, numbers: str = FLOAT, edition: int = EDITION) -> dict[str, Any]:
    """Returns the coefficients of a core for a number format.

    Args:
        edition: of the search that counts with them.

    Raises:
        SpecError: it was not calibrated.
    """
    ending = "" if numbers == FLOAT else "_integers"
    name = f"{core.replace('-', '_')}{ending}.json"
    folder = resources.files("frontier_search.export").joinpath("devices")
    place = folder if edition >= FIRST_SMALLER_CODE else folder.joinpath(BEFORE)
    try:
        found: dict[str, Any] = json.loads(place.joinpath(name).read_text())
    except FileNotFoundError:
        raise SpecError(
            f"what models cost on {core} was not measured; "
            f"run `python -m frontier_search.export.calibration {core}`."
        ) from None
    return found if numbers == FLOAT else {**found, **found[numbers]}


def model_costs(
    architecture: Architecture,
    n_inputs: int,
    n_outputs: int,
    core: str,
    numbers: str = FLOAT,
    edition: int = EDITION,
) -> dict[str, int]:
    """Returns what a model of an architecture costs on a core in a number format, by name.

    Values that change no cost are set to one value first, so that a search costs each shape once.

    Raises:
        SpecError: the architecture has no emitter or no form in the format, or the core was not
            calibrated.
    """
    sizes = (n_inputs, n_outputs)
    return dict(_of_shape(_plain(architecture), sizes, core, numbers, edition).counts())


@functools.lru_cache(maxsize=4096)
def _of_shape(
    architecture: Any, sizes: tuple[int, int], core: str, numbers: str, edition: int
) -> Costs:
    return costs(untrained(architecture, *sizes, numbers), core, edition)


# fields of architectures whose value, above 0, changes no cost
FREE: dict[str, Any] = {
    "spectral_radius": 0.9,
    "graph_noise": 0.1,
    "ridge": 1.0,
    "input_scale": 1.0,
    "leak": 0.5,
    "leaks": (0.5, 0.25),
}


def _plain(architecture: Any) -> Any:
    if not is_dataclass(architecture) or isinstance(architecture, type):
        return architecture
    changed = {
        each.name: FREE[each.name] if value else value
        for each in fields(architecture)
        if (value := getattr(architecture, each.name)) is not None and each.name in FREE
    }
    inner = {
        each.name: _plain(getattr(architecture, each.name))
        for each in fields(architecture)
        if each.name == "core"
    }
    return replace(architecture, **changed, **inner)
