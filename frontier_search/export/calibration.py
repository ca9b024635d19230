"""Measures what the closed form of ``export.costs`` needs to know of a core.

    python -m frontier_search.export.calibration cortex-m0plus

It compiles and executes some models of every family and writes ``devices/CORE.json``, which is
shipped. To be run again when a file of ``runtime/``, the compiler or its flags change.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from frontier_search.export import compiler, emulator
from frontier_search.export.compiler import CORE_FLAGS, FLAGS, FLASH, LINKER_SCRIPT, RAM
from frontier_search.export.costs import features
from frontier_search.export.device import Device
from frontier_search.export.devices import DEVICES
from frontier_search.export.emitters import has_emitter, plan
from frontier_search.export.operation import Names, literal, total
from frontier_search.export.plan import Plan
from frontier_search.export.scalars import Scalars
from frontier_search.export.source import APART, body, runtime, table
from frontier_search.models.families import FAMILIES

SHAPES = ((5, 1), (10, 3), (16, 10), (64, 2))  # (inputs, outputs)
IMAGES = ((64, 10), (144, 2))
PREFIX = "f"
HEAD = "#include <stdint.h>\n" + APART.format(prefix=PREFIX)
FUNCTIONS = sorted(
    path.name.removesuffix(".c")
    for path in resources.files("frontier_search.export").joinpath("runtime").iterdir()
)


def runtime_digest() -> str:
    """Returns the SHA-256 digest of all C functions, for which a calibration holds."""
    text = "".join(runtime(name, PREFIX) for name in FUNCTIONS)
    return hashlib.sha256(text.encode()).hexdigest()


def samples() -> list[Plan]:
    """Returns plans of every family, at random points of its space, with random constants."""
    rng, plans = np.random.default_rng(0), []
    for family in FAMILIES.values():
        space = family.default_space((1e-3, 1e-2))
        if not has_emitter(family.build(space.smallest())):
            continue
        for d, o in IMAGES * 2 if family.image else SHAPES + SHAPES[:2]:
            built = family.build(space.sample(rng))
            count = built.size(d, o).raw
            flat = rng.normal(0, 0.3, count).astype(np.float32)
            plans.append(plan(built, Scalars(flat), 7, d, o))
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
    device: Device, folder: Path
) -> tuple[dict[str, int], dict[str, int], dict[str, Any]]:
    """Returns the bytes of each function, of each routine of the compiler's library, and the
    routines that each function needs."""
    source, made = folder / "functions.c", folder / "functions.o"
    order = ["tanh", "exp", *(name for name in FUNCTIONS if name not in ("tanh", "exp"))]
    source.write_text(HEAD + "\n".join(runtime(name, PREFIX) for name in order))
    flags = [flag for flag in CORE_FLAGS if not flag.startswith("-Wl")]
    subprocess.run(_zig(device, *flags, "-c", "-o", str(made), str(source)), check=True)
    sizes: dict[str, int] = {}
    library: dict[str, int] = {}
    needs: dict[str, list[str]] = {}
    for name in FUNCTIONS:
        script, elf, entry = folder / "f.ld", folder / "f.elf", f"{PREFIX}_{name}"
        script.write_text(LINKER_SCRIPT.format(entry=entry, flash=FLASH, ram=RAM))
        link = ["-nostdlib", "-Wl,--gc-sections", f"-Wl,--entry={entry}", f"-Wl,-T,{script}"]
        subprocess.run(_zig(device, *link, "-o", str(elf), str(made), "-lcompiler_rt"), check=True)
        found = {symbol: size for symbol, address, size in _symbols(elf) if address >= FLASH}
        own = {symbol for symbol in found if symbol.startswith(f"{PREFIX}_")}
        sizes[name] = found[entry]
        inner = own - {f"{PREFIX}_{other}" for other in FUNCTIONS}
        if name == "drawn":
            sizes[name] += sum(found[symbol] for symbol in inner)
        needs[name] = sorted(set(found) - own)
        library |= {symbol: found[symbol] for symbol in needs[name]}
    return sizes, library, needs


def bodies(device: Device, plans: Sequence[Plan], folder: Path) -> NDArray[np.float64]:
    """Returns the bytes of the model function of each plan."""
    source, made = folder / "bodies.c", folder / "bodies.o"
    text = [HEAD]
    for name in FUNCTIONS:
        heads = re.findall(rf"^{PREFIX}_APART (.*\))$", runtime(name, PREFIX), re.MULTILINE)
        text.append(f"{heads[-1]};\n")
    for i, each in enumerate(plans):
        names = Names(PREFIX)
        inner = body(each, names, f"m{i}", f"c{i}")
        drawn = any(operation.functions == ("drawn",) for operation in each.operations)
        text.append(f"extern const float c{i}[];\n")
        for name in names.tables.values():
            kind = "uint32_t" if drawn and name == f"{PREFIX}_table" else "uint8_t"
            inner = re.sub(rf"\b{name}\b", f"t{i}_{name}", inner)
            text.append(f"extern const {kind} t{i}_{name}[];\n")
        text.append(inner)
    source.write_text("".join(text))
    flags = [flag for flag in CORE_FLAGS if not flag.startswith("-Wl")]
    subprocess.run(_zig(device, *flags, "-w", "-c", "-o", str(made), str(source)), check=True)
    sizes = {name: size for name, _, size in _symbols(made)}
    return np.array([sizes[f"m{i}"] for i in range(len(plans))], float)


def executed(
    device: Device, plans: Sequence[Plan], folder: Path, n_rows: int = 2
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Returns the instructions of a row and the deepest stack of each plan."""
    rng = np.random.default_rng(1)
    source = folder / "every.c"
    order = ["tanh", "exp", *(name for name in FUNCTIONS if name not in ("tanh", "exp"))]
    text = [HEAD, *(runtime(name, PREFIX) for name in order)]
    for i, each in enumerate(plans):
        names = Names(PREFIX)
        inner = body(each, names, f"m{i}", f"c{i}")
        values = ", ".join(literal(value) for value in each.scalars())
        text.append(f"static const float c{i}[] = {{{values}}};\n")
        for content, name in names.tables.items():
            inner = re.sub(rf"\b{name}\b", f"t{i}_{name}", inner)
            text.append(table(each, content, f"t{i}_{name}"))
        text.append(inner)
    cases = "".join(f"case {i}: m{i}(x + 1, y); break;\n" for i in range(len(plans)))
    text.append(f"void every(const float *x, float *y) {{ switch ((int)x[0]) {{\n{cases}}} }}\n")
    source.write_text("".join(text))
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


def calibrate(device: Device) -> dict[str, Any]:
    """Returns the content of ``devices/CORE.json``."""
    plans = samples()
    with tempfile.TemporaryDirectory(prefix="frontier-search-") as scratch:
        folder = Path(scratch)
        sizes, library, needs = functions(device, folder)
        body_bytes = bodies(device, plans, folder)
        instructions, stacks = executed(device, plans, folder)
    works = [_units(each) for each in plans]
    blocks = np.array([4.0 * sum(each.blocks.values()) for each in plans])
    depths = _depths(plans, stacks - blocks)
    below = np.array([max(depths[name] for name in each.functions) for each in plans])
    frames = _fit([features(each) for each in plans], stacks - blocks - below, relative=False)
    return {
        "compiler": compiler.version(),
        "runtime_sha256": runtime_digest(),
        "functions": sizes,
        "library": library,
        "needs": needs,
        "body": _fit([features(each) for each in plans], body_bytes),
        "stack": depths,
        "frame": frames,
        "instructions": _fit(works, instructions),
    }


def _units(each: Plan) -> dict[str, float]:
    work = total([operation.work() for operation in each.operations])
    units = {f"{name} {i}": float(n) for name, counts in work.items() for i, n in enumerate(counts)}
    return {"": 1.0, **units}


def _depths(plans: Sequence[Plan], over: NDArray[np.float64]) -> dict[str, float]:
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
    device = DEVICES[name]
    found = calibrate(device)
    file = Path(__file__).parent / "devices" / f"{name.replace('-', '_')}.json"
    file.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
