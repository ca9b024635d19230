"""Measures what the closed form of ``export.costs`` needs to know of a core.

    python -m frontier_search.export.calibration cortex-m0plus

It compiles and executes some models of every family and writes ``devices/CORE.json``, which is
shipped. To be run again when a file of ``runtime/``, the compiler or its flags change.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from frontier_search.errors import SpecError
from frontier_search.export import compiler, emulator
from frontier_search.export.compiler import CORE_FLAGS, FLAGS, FLASH, LINKER_SCRIPT, RAM
from frontier_search.export.costs import features
from frontier_search.export.device import Device
from frontier_search.export.devices import DEVICES
from frontier_search.export.emitters import has_emitter, plan
from frontier_search.export.integer.plan import IntegerPlan
from frontier_search.export.numbers import FLOAT, in_format
from frontier_search.export.plan import Plan
from frontier_search.export.scalars import Scalars
from frontier_search.export.written import PREFIX, WRITTEN, Written
from frontier_search.models.families import FAMILIES

AnyPlan = Plan | IntegerPlan
ENDINGS = {"": (FLOAT,), "_integers": ("int8", "int16")}  # of files, and the formats in them
SHAPES = ((5, 1), (10, 3), (16, 10), (64, 2))  # (inputs, outputs)
IMAGES = ((64, 10), (144, 2))
ROWS = 64  # which decide the scales of integers


def runtime_digest(written: Sequence[Written]) -> str:
    """Returns the SHA-256 digest of all C functions, for which a calibration holds."""
    text = "".join(each.function(name) for each in written[:1] for name in each.functions)
    return hashlib.sha256(text.encode()).hexdigest()


def samples(numbers: str = FLOAT) -> list[Plan | IntegerPlan]:
    """Returns plans of every family, at random points of its space, with random constants.

    Families without a form in the format are left out.
    """
    rng, plans = np.random.default_rng(0), list[Plan | IntegerPlan]()
    for family in FAMILIES.values():
        space = family.default_space((1e-3, 1e-2))
        if not has_emitter(family.build(space.smallest())):
            continue
        for d, o in IMAGES * 2 if family.image else SHAPES + SHAPES[:2]:
            built = family.build(space.sample(rng))
            count = built.size(d, o).raw
            flat = rng.normal(0, 0.3, count).astype(np.float32)
            made = plan(built, Scalars(flat), 7, d, o)
            rows = np.random.default_rng(1).normal(size=(ROWS, d)).astype(np.float32)
            with contextlib.suppress(SpecError):
                plans.append(in_format(made, rows, numbers))
    return plans


def _zig(device: Device, *words: str) -> list[str]:
    target = (
        "-target",
        device.target,
        f"-mcpu={device.cpu}",
        "-g",
        "-Wno-unused-command-line-argument",
    )
    return [sys.executable, "-m", "ziglang", "cc", *target, *FLAGS, *words]


def _symbols(elf: Path) -> Iterator[tuple[str, int, int]]:
    """Yields (name, address, size) of each symbol with a size, one an address."""
    from elftools.elf.elffile import ELFFile
    from elftools.elf.sections import SymbolTableSection

    with elf.open("rb") as stream:
        section = ELFFile(stream).get_section_by_name(".symtab")
        assert isinstance(section, SymbolTableSection)  # -g keeps it
        found: dict[tuple[int, int], tuple[str, int]] = {}
        for symbol in section.iter_symbols():
            if symbol["st_size"] and symbol["st_shndx"] != "SHN_UNDEF":
                address = (symbol["st_value"] & ~1, symbol["st_shndx"])
                found[address] = min((symbol.name, symbol["st_size"]), found.get(address, ("~", 0)))
        yield from ((name, address[0], size) for address, (name, size) in found.items())


def functions(
    device: Device, written: Written, folder: Path
) -> tuple[dict[str, int], dict[str, int], dict[str, Any]]:
    """Returns the bytes of each function, of each routine of the compiler's library, and the
    routines that each function needs."""
    source, made = folder / "functions.c", folder / "functions.o"
    source.write_text(written.head + written.every_function())
    flags = [flag for flag in CORE_FLAGS if not flag.startswith("-Wl")]
    subprocess.run(_zig(device, *flags, "-c", "-o", str(made), str(source)), check=True)
    entries = {written.entry(name) for name in written.functions}
    sizes: dict[str, int] = {}
    library: dict[str, int] = {}
    needs: dict[str, list[str]] = {}
    for name in written.functions:
        script, elf, entry = folder / "f.ld", folder / "f.elf", written.entry(name)
        script.write_text(LINKER_SCRIPT.format(entry=entry, flash=FLASH, ram=RAM))
        link = ["-nostdlib", "-Wl,--gc-sections", f"-Wl,--entry={entry}", f"-Wl,-T,{script}"]
        subprocess.run(_zig(device, *link, "-o", str(elf), str(made), "-lcompiler_rt"), check=True)
        found = {symbol: size for symbol, address, size in _symbols(elf) if address >= FLASH}
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
    for i, each in enumerate(plans):
        data, inner = written.model(each, i)
        arrays = [
            re.sub(r"static (.*?\w+)\[.*", r"extern \1[];", part, flags=re.S) for part in data
        ]
        text += [*arrays, inner]
    source.write_text("\n".join(text))
    flags = [flag for flag in CORE_FLAGS if not flag.startswith("-Wl")]
    subprocess.run(_zig(device, *flags, "-w", "-c", "-o", str(made), str(source)), check=True)
    sizes = {name: size for name, _, size in _symbols(made)}
    return np.array([sizes[f"m{i}"] for i in range(len(plans))], float)


def executed(
    device: Device, written: Written, plans: Sequence[AnyPlan], folder: Path, n_rows: int = 2
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns the instructions of a row and the deepest stack of each plan."""
    rng = np.random.default_rng(1)
    source = folder / "every.c"
    source.write_text(written.models(plans))
    program = compiler.program(device, "every", source, folder)
    instructions, stacks = [], []
    for i, each in enumerate(plans):
        rows = np.zeros((n_rows, 1 + each.n_inputs), np.float32)
        rows[:, 0], rows[:, 1:] = i, rng.normal(size=(n_rows, each.n_inputs))
        found = emulator.execute(program, device, rows, each.n_outputs)
        instructions.append(float(np.mean(found.instructions)))
        stacks.append(float(found.stack))
    return np.array(instructions), np.array(stacks)


def _fit(
    rows: Sequence[dict[str, float]], values: NDArray[np.float64], relative: bool = True
) -> dict[str, float]:
    """Returns coefficients of at least 0, of the smallest squared error."""
    keys = sorted({key for row in rows for key in row})
    matrix = np.array([[row.get(key, 0.0) for key in keys] for row in rows])
    weights = 1 / values if relative else np.ones(len(values))
    found, _ = optimize.nnls(matrix * weights[:, None], values * weights)
    return {key: float(f"{value:.6g}") for key, value in zip(keys, found, strict=True) if value}


def calibrate(device: Device, written: Written) -> dict[str, Any]:
    """Returns the coefficients of a core for a number format."""
    plans = samples(written.numbers)
    with tempfile.TemporaryDirectory(prefix="frontier-search-") as scratch:
        folder = Path(scratch)
        sizes, library, needs = functions(device, written, folder)
        body_bytes = bodies(device, written, plans, folder)
        instructions, stacks = executed(device, written, plans, folder)
    works = [_units(each) for each in plans]
    blocks = np.array([float(sum(each.block_bytes)) for each in plans])
    depths = _depths(plans, stacks - blocks)
    below = np.array([max(depths[name] for name in each.functions) for each in plans])
    frames = _fit([features(each) for each in plans], stacks - blocks - below, relative=False)
    return {
        "functions": sizes,
        "library": library,
        "needs": needs,
        "body": _fit([features(each) for each in plans], body_bytes),
        "stack": depths,
        "frame": frames,
        "instructions": _fit(works, instructions),
    }


def _units(each: AnyPlan) -> dict[str, float]:
    work = each.work().items()
    units = {f"{name} {i}": float(n) for name, counts in work for i, n in enumerate(counts)}
    return {"": 1.0, **units}


def _depths(plans: Sequence[AnyPlan], over: NDArray[np.float64]) -> dict[str, float]:
    """Returns for each function the deepest stack below the blocks of plans that call only it and
    shallower ones."""
    found: dict[str, float] = {}
    names = sorted({name for each in plans for name in each.functions})
    for name in names:
        found[name] = float(
            min(o for each, o in zip(plans, over, strict=True) if name in each.functions)
        )
    return found


def main(name: str) -> None:
    device, folder = DEVICES[name], Path(__file__).parent / "devices"
    for ending, formats in ENDINGS.items():
        written = [WRITTEN[each] for each in formats]
        head = {"compiler": compiler.version(), "runtime_sha256": runtime_digest(written)}
        found = {each.numbers: calibrate(device, each) for each in written}
        content = head | (found if len(found) > 1 else found[FLOAT])
        file = folder / f"{name.replace('-', '_')}{ending}.json"
        file.write_text(json.dumps(content, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
