"""What a model costs on a core: the closed form against what is compiled and executed."""

from __future__ import annotations

from pathlib import Path

import pytest

from frontier_search import Candidate, Search
from frontier_search.errors import SpecError
from frontier_search.export import compiler, emulator
from frontier_search.export.calibration import FUNCTIONS, runtime_digest
from frontier_search.export.costs import calibration, costs, model_costs
from frontier_search.export.devices import DEVICES
from frontier_search.export.source import header, source
from tests.support.exported import WRITTEN, Example, examples

FLASH, RAM, INSTRUCTIONS = 0.02, 0.2, 0.1  # the largest errors, as fractions
SPEC = {"name": "small", "dataset": "friedman1", "families": ["linear", "dense", "kronecker"]}


@pytest.mark.parametrize("core", list(DEVICES))
def test_a_calibration_is_of_the_functions_that_are_shipped(core: str) -> None:
    known = calibration(core)
    assert sorted(known["functions"]) == FUNCTIONS
    assert known["runtime_sha256"] == runtime_digest()


@pytest.mark.parametrize("core", list(DEVICES))
@pytest.mark.parametrize("family", WRITTEN)
def test_costs_need_no_scalars(core: str, family: str) -> None:
    for example in examples(family, n_rows=1):
        known = costs(example.plan, core).counts()
        d = example.x.shape[1]
        said = model_costs(example.architecture, d, example.n_outputs, core)
        graph = getattr(example.architecture, "graph", None)
        if graph is not None and graph.drawn:  # another seed may draw a graph that is stored better
            assert said["flash"] == pytest.approx(known["flash"], rel=0.05)
        else:
            assert said == known
        assert known["flash"] > known["stored_bytes"] > 0
        assert known["instructions"] > 0


def measured(example: Example, core: str, folder: Path) -> tuple[int, int, float]:
    plan = example.plan
    (folder / "m.h").write_text(header(plan, "m", "a test", "regression"))
    (folder / "m.c").write_text(source(plan, "m", "regression"))
    program = compiler.program(DEVICES[core], "m_outputs", folder / "m.c", folder)
    execution = emulator.execute(program, DEVICES[core], example.x, example.n_outputs)
    ram = program.static_ram + execution.stack
    return program.flash, ram, float(execution.instructions.mean())


@pytest.mark.parametrize("core", ["cortex-m0plus", "cortex-m4f"])
@pytest.mark.parametrize("family", ["dense", "gated_kronecker", "conv_random"])
def test_what_is_said_is_what_is_found(core: str, family: str, tmp_path: Path) -> None:
    for example in examples(family):
        flash, ram, instructions = measured(example, core, tmp_path)
        said = costs(example.plan, core)
        assert said.flash == pytest.approx(flash, rel=FLASH)
        assert said.ram == pytest.approx(ram, rel=RAM)
        assert said.instructions == pytest.approx(instructions, rel=INSTRUCTIONS)


def test_a_search_counts_on_its_device() -> None:
    search = Search.from_spec(
        SPEC
        | {"device": "cortex-m0plus", "objectives": ["loss", "flash"], "require": ["flash<=4KB"]}
    )
    assert str(search.require[0]) == "flash<=4096"
    assert Search.from_spec(search.to_spec()) == search
    plain = Search.from_spec(SPEC)
    assert "device" not in plain.to_spec()
    size = search.size(Candidate("linear", search.spaces["linear"].smallest()))
    assert 0 < size["stored_bytes"] < size["flash"] < 4096


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"objectives": ["loss", "flash"]}, "name it with --device"),
        ({"require": ["ram<=100"]}, "name it with --device"),
        ({"device": "cortex-m9"}, "unknown device 'cortex-m9'. Did you mean"),
        (
            {"device": "cortex-m4f", "require": ["flash<=100"]},
            "no candidate keeps flash<=100; the smallest has flash =",
        ),
        ({"require": ["params<=2KB"]}, "has a unit, and params is counted in scalars"),
    ],
)
def test_a_mistake_is_a_sentence(changes: dict[str, object], sentence: str) -> None:
    with pytest.raises(SpecError, match="(?s).*") as caught:
        Search.from_spec(SPEC | changes)
    assert sentence in str(caught.value)
