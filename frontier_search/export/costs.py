"""What a model costs on a core, in closed form, before anything is trained or compiled.

flash          the constants, the C functions that the plan calls, the routines of the compiler's
               library that these need, and the model's own function, whose bytes are linear in
               what it is made of (``features``)
ram            the blocks, and the deepest stack of the functions
instructions   linear in how often each function and each of its loops runs
stored_bytes   the constants alone

They depend on the number format of the plan. The coefficients of a core are measured by
``export.calibration``. What a member really costs is measured when it is exported; the certificate
shows both.
"""

from __future__ import annotations

import functools
import json
import re
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from importlib import resources
from typing import Any

from frontier_search.errors import SpecError
from frontier_search.export.devices import DEVICES
from frontier_search.export.integer.plan import IntegerPlan
from frontier_search.export.numbers import FLOAT, numbers_of, untrained
from frontier_search.export.operation import Names
from frontier_search.export.plan import Plan
from frontier_search.models.family import Architecture


@dataclass(frozen=True)
class Costs:
    """Bytes, and instructions of one row."""

    stored_bytes: int
    flash: int
    ram: int
    instructions: int

    def counts(self) -> dict[str, int]:
        return asdict(self)


def costs(made: Plan | IntegerPlan, core: str) -> Costs:
    """Returns what a plan costs on a core.

    Raises:
        SpecError: the core was not calibrated, or a function of the plan is not of ``runtime/``.
    """
    known = calibration(core, numbers_of(made))
    unknown = sorted(set(made.functions) - set(known["functions"]))
    if unknown:
        raise SpecError(
            f"the cost of {', '.join(unknown)} on {core} was not measured; "
            f"run `python -m frontier_search.export.calibration {core}`."
        )
    needed = {routine for name in made.functions for routine in known["needs"][name]}
    code = sum(known["functions"][name] for name in made.functions)
    code += sum(known["library"][routine] for routine in needed)
    made_of = features(made, core)
    body = sum(known["body"].get(name, 0) * count for name, count in made_of.items())
    frame = sum(known["frame"].get(name, 0) * count for name, count in made_of.items())
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


@functools.lru_cache(maxsize=32)
def calibration(core: str, numbers: str = FLOAT) -> dict[str, Any]:
    """Returns the coefficients of a core for a number format.

    Raises:
        SpecError: it was not calibrated.
    """
    ending = "" if numbers == FLOAT else "_integers"
    name = f"{core.replace('-', '_')}{ending}.json"
    file = resources.files("frontier_search.export").joinpath("devices", name)
    try:
        found: dict[str, Any] = json.loads(file.read_text())
    except FileNotFoundError:
        raise SpecError(
            f"what models cost on {core} was not measured; "
            f"run `python -m frontier_search.export.calibration {core}`."
        ) from None
    return found if numbers == FLOAT else {**found, **found[numbers]}


def features(made: Plan | IntegerPlan, core: str) -> dict[str, float]:
    """Returns what the model's own function is made of, by name."""
    text = "\n".join(made.statements(Names("f")))
    calls = re.findall(r"\bf_(\w+)\(", text)
    floats = re.findall(r"0x1?[^,;)]*f\b", text)
    integers = [int(n) for n in re.findall(r"\b\d+\b", re.sub(r"0x[^,;)]*", "", text))]
    found: dict[str, float] = {
        "": 1.0,
        "loops": text.count("for ("),
        "floats": len(set(floats)),
        "wide": sum(n > 255 for n in integers),
        "blocks": len(made.block_bytes),
        "deep": float(sum(made.block_bytes) > 508),
        "views": text.count("float *row"),
        "tables": len(made.tables()),
    }
    if isinstance(made, IntegerPlan):  # float32 keeps what defined searches were counted with
        turns = re.findall(r"for \(int i = 0; i < (\d+);", text)
        # the compiler writes one or two turns without a loop
        found |= {"one turn": turns.count("1"), "two turns": turns.count("2")}
    if DEVICES[core].machine == "avr":  # which addresses 64 bytes of a frame in one instruction
        on_stack = sum(made.block_bytes)
        found |= {"frame": float(on_stack > 0), "far frame": float(on_stack > 63)}
    for name in calls:
        found[f"call {name}"] = found.get(f"call {name}", 0.0) + 1
    return found


def model_costs(
    architecture: Architecture, n_inputs: int, n_outputs: int, core: str, numbers: str = FLOAT
) -> dict[str, int]:
    """Returns what a model of an architecture costs on a core in a number format, by name.

    Values that change no cost are set to one value first, so that a search costs each shape once.

    Raises:
        SpecError: the architecture has no emitter or no form in the format, or the core was not
            calibrated.
    """
    return dict(_of_shape(_plain(architecture), n_inputs, n_outputs, core, numbers).counts())


@functools.lru_cache(maxsize=4096)
def _of_shape(architecture: Any, n_inputs: int, n_outputs: int, core: str, numbers: str) -> Costs:
    return costs(untrained(architecture, n_inputs, n_outputs, numbers), core)


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
