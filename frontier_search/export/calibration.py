"""Measures what the closed form of ``export.costs`` needs to know of a core.

    python -m frontier_search.export.calibration CORE ... [--added]

It compiles and executes some models of every family and writes ``devices/CORE.json``, which is
shipped. To be run again when a file of ``runtime/``, the compiler or its flags change. Where files
were only added, ``--added`` measures what they cost and keeps every other number, so that models
that do not call them cost what they did before.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from frontier_search.errors import SpecError
from frontier_search.export import compiler, emulator, toolchain
from frontier_search.export.body import features
from frontier_search.export.costs import calibration
from frontier_search.export.device import Device
from frontier_search.export.devices import DEVICES
from frontier_search.export.emitters import has_emitter, plan
from frontier_search.export.fitting import AnyPlan, depths_of, fitted, of_shapes
from frontier_search.export.linked import symbols, unnamed
from frontier_search.export.numbers import FLOAT, in_format
from frontier_search.export.scalars import Scalars
from frontier_search.export.written import PREFIX, WRITTEN, Written
from frontier_search.models.families import FAMILIES
from frontier_search.models.family import Family

ENDINGS = {"": (FLOAT,), "_integers": ("int8", "int16")}  # of files, and the formats in them
SHAPES = ((5, 1), (10, 3), (16, 10), (64, 2))  # (inputs, outputs)
SEQUENCES = ((10, 1, 1), (16, 1, 10), (12, 2, 3), (15, 3, 1), (24, 12, 9), (8, 1, 2))  # with C
IMAGES = ((64, 10), (144, 2))
PARTS = (
    *("functions", "library", "needs", "body", "shapes", "numbers"),
    *("stack", "frame", "instructions"),
)
ROWS = 64  # which decide the scales of integers
MANY = 3  # times as many models are compiled for their own functions as are executed


def runtime_digest(written: Sequence[Written]) -> str:
    """Returns the SHA-256 digest of all C functions, for which a calibration holds."""
    text = "".join(each.function(name) for each in written[:1] for name in each.functions)
    return hashlib.sha256(text.encode()).hexdigest()


@functools.lru_cache(maxsize=8)  # of every core
def samples(numbers: str = FLOAT, times: int = 1, seed: int = 0) -> tuple[AnyPlan, ...]:
    """Returns plans of every family, at random points of its space, with random constants.

    Families without a form in the format are left out.

    Args:
        times: how often each shape of data is taken.
    """
    rng, plans = np.random.default_rng(seed), list[AnyPlan]()
    for family in FAMILIES.values():
        space = family.default_space((1e-3, 1e-2))
        if not has_emitter(family.build(space.smallest())):
            continue
        for d, c, o in list(_shapes(family)) * times:
            drawn = space.sample(rng)
            built = family.build(drawn | ({"input_channels": c} if family.sequence else {}))
            count = built.size(d, o).raw
            flat = rng.normal(0, 0.3, count).astype(np.float32)
            made = plan(built, Scalars(flat), 7, d, o)
            rows = np.random.default_rng(1).normal(size=(ROWS, d)).astype(np.float32)
            with contextlib.suppress(SpecError):
                plans.append(in_format(made, rows, numbers))
    return tuple(plans)


def _shapes(family: Family) -> Iterator[tuple[int, int, int]]:
    """Yields inputs, channels and outputs."""
    if family.sequence:
        yield from SEQUENCES * 2
    else:
        yield from ((d, 1, o) for d, o in (IMAGES * 2 if family.image else SHAPES + SHAPES[:2]))


def compiled(device: Device, *words: str) -> None:
    """Calls the compiler of a core, to compile (``-c``) or to link."""
    tools = toolchain.of(device)
    # the linker would leave out every function of an object; the shipped coefficients are of
    # libraries that were built without flags of code
    not_for = "-Wl" if "-c" in words else "-f"
    flags = [word for word in tools.words(device) if not word.startswith(not_for)]
    command = [*flags, "-g", "-w", "-Wno-unused-command-line-argument", *words]
    subprocess.run(tools.executed(command), check=True)


def functions(
    device: Device, written: Written, wanted: Collection[str], folder: Path
) -> tuple[dict[str, int], dict[str, int], dict[str, Any]]:
    """Returns the bytes of each function that is wanted, of each routine of the compiler's library,
    and the routines that each function needs.

    A constant of the library that has no name is a routine too.
    """
    source, made = folder / "functions.c", folder / "functions.o"
    source.write_text(written.head + written.every_function())
    compiled(device, "-c", "-o", str(made), str(source))
    tools = toolchain.of(device)
    entries = {written.entry(name) for name in written.functions}
    sizes: dict[str, int] = {}
    library: dict[str, int] = {}
    needs: dict[str, list[str]] = {}
    for name in sorted(wanted):
        script, elf, entry = folder / "f.ld", folder / "f.elf", written.entry(name)
        script.write_text(tools.link_script(entry))
        link = (f"-Wl,--entry={entry}", f"-Wl,-T,{script}")
        compiled(device, *link, "-o", str(elf), str(made), *tools.libraries)
        found = dict(symbols(elf, tools.sized)) | (dict(unnamed(elf)) if tools.sized else {})
        own = {symbol for symbol in found if symbol.startswith(f"{PREFIX}_")}
        text = written.function(name)
        inner = [  # tables, and functions of its own
            symbol
            for symbol in own - entries
            if (base := symbol.partition(".")[0]) == entry
            or (base not in entries and f"{base}(" in text)
        ]
        sizes[name] = found[entry] + sum(found[symbol] for symbol in inner)
        needs[name] = sorted(set(found) - own)
        library |= {symbol: found[symbol] for symbol in needs[name]}
    return sizes, library, needs


def bodies(
    device: Device, written: Written, plans: Sequence[AnyPlan], folder: Path
) -> NDArray[np.float64]:
    """Returns the bytes of the model function of each plan."""
    source, made = folder / "bodies.c", folder / "bodies.o"
    text = [written.head, written.heads()]
    text += [written.alone(each, i) for i, each in enumerate(plans)]
    source.write_text("\n".join(text))
    compiled(device, "-c", "-o", str(made), str(source))
    sizes = dict(symbols(made))
    return np.array([sizes[f"m{i}"] for i in range(len(plans))], float)


def executed(
    device: Device, written: Written, plans: Sequence[AnyPlan], folder: Path, n_rows: int = 2
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns the instructions of a row and the deepest stack of each plan."""
    rng = np.random.default_rng(1)
    source = folder / "every.c"
    instructions, stacks = [], []
    for numbers in batches(plans, toolchain.of(device).constants):
        together = [plans[i] for i in numbers]
        source.write_text(written.models(together))
        program = compiler.program(device, "every", source, folder)
        for i, each in enumerate(together):
            rows = np.zeros((n_rows, 1 + each.n_inputs), np.float32)
            rows[:, 0], rows[:, 1:] = i, rng.normal(size=(n_rows, each.n_inputs))
            found = emulator.execute(program, device, rows, each.n_outputs)
            instructions.append(float(np.mean(found.instructions)))
            stacks.append(float(found.stack))
    return np.array(instructions), np.array(stacks)


def batches(plans: Sequence[AnyPlan], constants: int) -> Iterator[range]:
    """Yields the numbers of neighbouring plans that fit into one program.

    Args:
        constants: the most bytes of constants of a program; 0: no limit.
    """
    start, stored = 0, 0
    for i, each in enumerate(plans):
        stored += each.stored_bytes
        if constants and stored > constants and i > start:
            yield range(start, i)
            start, stored = i, each.stored_bytes
    yield range(start, len(plans))


def calibrate(
    device: Device, written: Written, known: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Returns the coefficients of a core for a number format.

    Args:
        known: an earlier calibration. What it knows is kept, and functions that it does not know
            are added. None: everything is measured.
    """
    kept = known or {}
    executable = samples(written.numbers)
    added = set(written.functions) - set(kept.get("functions", {}))
    if known is not None and not added:
        return {part: known[part] for part in PARTS}
    most = toolchain.of(device).constants
    plans, many = (
        [
            each
            for each in listed
            if (not most or each.stored_bytes <= most)
            and (known is None or added & set(each.functions))
        ]
        for listed in (executable, (*executable, *samples(written.numbers, MANY, seed=1)))
    )
    with tempfile.TemporaryDirectory(prefix="frontier-search-") as scratch:
        folder = Path(scratch)
        sizes, library, needs = functions(device, written, added, folder)
        body_bytes = bodies(device, written, many, folder)
        instructions, stacks = executed(device, written, plans, folder)
    works = [_units(each) for each in plans]
    made_of = [features(each, device.name) for each in plans]
    calls = {f"call {name}" for name in added} | {f"call int_{name}" for name in added}
    units = {key for work in works for key in work if key.partition(" ")[0] in added}
    blocks = np.array([float(sum(each.block_bytes)) for each in plans])
    depths = {**depths_of(plans, stacks - blocks), **kept.get("stack", {})}
    below = np.array([max(depths[name] for name in each.functions) for each in plans])
    frames = fitted(made_of, stacks - blocks - below, False, kept.get("frame"), calls)
    shapes, by_number = of_shapes(many, body_bytes, kept.get("numbers"))
    return {
        **{
            part: dict(sorted({**found, **kept.get(part, {})}.items()))
            for part, found in (("functions", sizes), ("library", library), ("needs", needs))
        },
        "body": fitted(
            [features(each, device.name) for each in many],
            body_bytes,
            True,
            kept.get("body"),
            calls,
        ),
        "shapes": dict(sorted({**shapes, **kept.get("shapes", {})}.items())),
        "numbers": by_number,
        "stack": depths,
        "frame": frames,
        "instructions": fitted(works, instructions, True, kept.get("instructions"), units),
    }


def _units(each: AnyPlan) -> dict[str, float]:
    work = each.work().items()
    units = {f"{name} {i}": float(n) for name, counts in work for i, n in enumerate(counts)}
    return {"": 1.0, **units}


def main(name: str, added: bool = False) -> None:
    device, folder = DEVICES[name], Path(__file__).parent / "devices"
    for ending, formats in ENDINGS.items():
        written = [WRITTEN[each] for each in formats]
        version = toolchain.of(device).version()
        head = {"compiler": version, "runtime_sha256": runtime_digest(written)}
        found = {
            each.numbers: calibrate(
                device, each, calibration(name, each.numbers) if added else None
            )
            for each in written
        }
        content = head | (found if len(found) > 1 else found[FLOAT])
        file = folder / f"{name.replace('-', '_')}{ending}.json"
        text = re.sub(r"\[[-\d.,\s]+\]", _in_one_line, json.dumps(content, indent=1))
        file.write_text(text + "\n")


def _in_one_line(found: re.Match[str]) -> str:
    return " ".join(found[0].split()).replace("[ ", "[").replace(" ]", "]")


if __name__ == "__main__":
    for core in sys.argv[1:]:
        if core != "--added":
            main(core, "--added" in sys.argv)
