"""What models cost on cores: the closed form against what is linked and executed.

    pip install 'frontier-search[device]'
    python benchmarks/device_costs.py errors [CORE ...]
    python benchmarks/device_costs.py overhead [CORE ...]

`errors` takes models of every family, at random points of its space and of shapes that the closed
form was not fitted to. For each core and number format it prints how far what was said of flash,
RAM and instructions is from what was found. `overhead` prints the bytes of flash beside the
constants, for small models of each family and format. Without a core it takes all of the table. The
random numbers are the same in every run.
"""

from __future__ import annotations

import contextlib
import functools
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from frontier_search.errors import SpecError
from frontier_search.export import compiler, emulator, toolchain
from frontier_search.export.calibration import ROWS, AnyPlan, compiled
from frontier_search.export.costs import costs
from frontier_search.export.devices import DEVICES
from frontier_search.export.emitters import has_emitter, plan
from frontier_search.export.numbers import ALL, in_format
from frontier_search.export.scalars import Scalars
from frontier_search.export.written import WRITTEN
from frontier_search.models.families import FAMILIES

SHAPES, IMAGES = ((4, 1), (13, 5), (30, 10)), ((100, 3), (81, 5), (64, 3))
N_ROWS = 4
FAR = 0.01  # the aim: flash to within 1 %


@dataclass(frozen=True)
class Model:
    family: str
    plan: AnyPlan


@dataclass(frozen=True)
class Found:
    """Bytes of flash and RAM, and the mean instructions of a row."""

    flash: int
    ram: int
    instructions: float


@functools.lru_cache(maxsize=8)  # of every core
def models(numbers: str, shapes: Sequence[tuple[int, int]], draw: bool) -> list[Model]:
    """Returns models of every family that has a form in the format.

    Args:
        shapes: (inputs, outputs) of those that take no images.
        draw: whether points of the space are drawn; else the smallest is taken.
    """
    rng, found = np.random.default_rng(5), list[Model]()
    for name, family in FAMILIES.items():
        space = family.default_space((1e-3, 1e-2))
        if not has_emitter(family.build(space.smallest())):
            continue
        for d, o in IMAGES[: len(shapes)] if family.image else shapes:
            built = family.build(space.sample(rng) if draw else space.smallest())
            flat = rng.normal(0, 0.3, built.size(d, o).raw).astype(np.float32)
            made = plan(built, Scalars(flat), 11, d, o)
            rows = rng.normal(size=(ROWS, d)).astype(np.float32)
            with contextlib.suppress(SpecError):
                found.append(Model(name, in_format(made, rows, numbers)))
    return found


def measured(core: str, numbers: str, plans: Sequence[AnyPlan]) -> Iterator[Found | None]:
    """Yields what is linked and executed of each plan; None if it does not fit into the core."""
    device, written = DEVICES[core], WRITTEN[numbers]
    most, rng = toolchain.of(device).constants, np.random.default_rng(9)
    fits = [not most or each.stored_bytes <= most for each in plans]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        source, made = folder / "every.c", folder / "every.o"
        together = [each for each, is_small in zip(plans, fits, strict=True) if is_small]
        source.write_text(written.models(together))
        compiled(device, "-c", "-o", str(made), str(source))
        number = iter(range(len(together)))
        for each, is_small in zip(plans, fits, strict=True):
            if not is_small:
                yield None
                continue
            program = compiler.program(device, f"m{next(number)}", made, folder)
            rows = rng.normal(size=(N_ROWS, each.n_inputs)).astype(np.float32)
            execution = emulator.execute(program, device, rows, each.n_outputs)
            if not np.array_equal(execution.outputs.view("u4"), each.run(rows).view("u4")):
                raise SystemExit(f"{core}, {numbers}: a model does not give the reference's bits")
            ram = len(program.variables) + execution.stack
            yield Found(program.flash, ram, float(execution.instructions.mean()))


def errors(cores: Sequence[str]) -> None:
    """Prints the errors of each core and format, and each model whose flash is off by too much."""
    head = ("core", "format", "models", "flash", "largest", "> 1 %", "RAM", "work", "largest")
    print(("{:14} {:8}" + " {:>8}" * 7).format(*head))
    for core in cores:
        for numbers in ALL:
            made, rows, far = models(numbers, SHAPES, draw=True), [], []
            plans = [each.plan for each in made]
            for each, found in zip(made, measured(core, numbers, plans), strict=True):
                if found is None:
                    continue
                said = costs(each.plan, core)
                row = (
                    said.flash / found.flash - 1,
                    said.ram - found.ram,
                    said.instructions / found.instructions - 1,
                )
                rows.append(row)
                if abs(row[0]) > FAR:
                    far.append(f"  {each.family}: {said.flash} bytes said, {found.flash} found")
            flash, ram, work = np.abs(np.array(rows)).T
            print(
                f"{core:14} {numbers:8} {len(rows):8} {flash.mean():8.2%} {flash.max():8.2%} "
                f"{len(far):8} {ram.max():8.0f} {work.mean():8.2%} {work.max():8.2%}",
                *far,
                sep="\n",
            )


def overhead(cores: Sequence[str]) -> None:
    """Prints the bytes of flash beside the constants, of the smallest model of each family."""
    print(f"{'family':24} {'core':14}", *(f"{each:>8}" for each in ALL))
    table: dict[tuple[str, str], dict[str, int]] = {}
    for core in cores:
        for numbers in ALL:
            made = models(numbers, SHAPES[:1], draw=False)
            plans = [each.plan for each in made]
            for each, found in zip(made, measured(core, numbers, plans), strict=True):
                if found is not None:
                    beside = found.flash - each.plan.stored_bytes
                    table.setdefault((each.family, core), {})[numbers] = beside
    for (family, core), found in sorted(table.items()):
        print(f"{family:24} {core:14}", *(f"{found.get(each, '-'):>8}" for each in ALL))


def main() -> None:
    commands = {"errors": errors, "overhead": overhead}
    if len(sys.argv) < 2 or sys.argv[1] not in commands:
        raise SystemExit(__doc__)
    commands[sys.argv[1]](sys.argv[2:] or list(DEVICES))


if __name__ == "__main__":
    main()
