"""C99: see ``docs/microcontrollers.md``."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from frontier_search.errors import SpecError
from frontier_search.export import bundle, certificate, source, toolchain
from frontier_search.export.bundle import CheckedRows
from frontier_search.export.costs import calibrated, costs
from frontier_search.export.device import Device
from frontier_search.export.devices import DEVICES
from frontier_search.export.integer import source as integer_source
from frontier_search.export.integer.plan import IntegerPlan
from frontier_search.export.raw import reference
from frontier_search.export.raw import source as raw_source
from frontier_search.export.raw.scale import narrowed
from frontier_search.table.preprocessing import Preprocessing
from frontier_search.targets import Made, Member, Target


def make(member: Member, trained: NDArray[np.float32], cores: tuple[str, ...]) -> Made:
    """Writes a member as C.

    Raises:
        SpecError: the family has no emitter or no form in integers, or a core cannot hold its
            constants or its raw rows.
    """
    plan, prefix, task = member.plan, member.prefix, member.dataset.task
    code = (
        integer_source.source(plan, prefix, task)
        if isinstance(plan, IntegerPlan)
        else source.source(plan, prefix, task)
    )
    preprocessing = member.preprocessing
    if preprocessing is not None:
        preprocessing = narrowed(preprocessing)
    for name in cores:
        _require_room(member, DEVICES[name], preprocessing)
    rows = _rows(member, preprocessing, trained)
    texts = bundle.texts(
        member.plain_plan,
        code,
        prefix,
        member.title,
        task,
        preprocessing,
        member.dataset.sequence,
    )
    said = {name: costs(plan, name).counts() for name in cores if calibrated(name, member.numbers)}
    return Made(texts, rows, plan.stored_bytes, said)


def _require_room(member: Member, device: Device, preprocessing: Preprocessing | None) -> None:
    """Raises SpecError if what compiles for a core takes no such constants or raw rows."""
    tools, stored = toolchain.of(device), member.plan.stored_bytes
    if tools.constants and stored > tools.constants:
        raise SpecError(
            f"{member.title}: the model has {stored:,} bytes of constants, and a program for "
            f"{device.name} has {tools.constants:,} at most; choose a smaller member, a smaller "
            "format (--numbers int16 or int8), or another core."
        )
    refused = raw_source.refused(preprocessing, device) if preprocessing else ""
    if refused:
        raise SpecError(
            f"{member.title}: {refused}; choose another core, or search a table where dates are "
            "left out (--drop) and numbers are small beside their spread, such as years since "
            "2000."
        )


def _rows(
    member: Member, preprocessing: Preprocessing | None, trained: NDArray[np.float32]
) -> CheckedRows:
    """Returns the test rows with what the reference gives: raw, where they have a raw form."""
    raw = member.raw_rows("test")
    if preprocessing is None or raw is None:
        x = member.dataset.split(member.seed).test.x
        return CheckedRows(x, member.plan.run(x), trained)
    inputs = preprocessing.transform(raw)
    found = member.plan.run(inputs)
    answers = reference.written(reference.answers(preprocessing, found))
    return CheckedRows(inputs, found, trained, raw.to_csv(index=False), answers)


TARGET = Target("C99, one header and one source", make, certificate.on_host, compiled=True)
