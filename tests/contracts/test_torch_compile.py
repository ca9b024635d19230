"""What ``--torch-compile`` keeps: families train as without it, or it is refused in a sentence.

Most families are traced and run without code generation (``aot_eager``), which takes seconds where
a C++ compiler takes a minute; one family is compiled to machine code.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import torch._inductor.config

from frontier_search import FAMILIES, SpecError, TrainingBudget
from frontier_search.cli.options import where_of
from frontier_search.executors.worker import Worker
from frontier_search.models.network import Moded, WhollySolved
from frontier_search.storage.outcomes import OutcomeFiles
from frontier_search.training import torch_compile
from frontier_search.training.epochs import TorchEpochs
from frontier_search.training.rows import Data
from frontier_search.training.stack import Model, Stack, group
from frontier_search.training.train import StackTraining
from tests.contracts.test_families import CPU, NARROW, SEEDS, models, sampled, toy_for
from tests.support import toys

# torch warns of code of its own while it traces and compiles
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

FLAGS: dict[str, Any] = {
    "workers": None,
    "address": None,
    "gpus_per_cohort": 0.0,
    "cpus_per_cohort": None,
    "torch_compile": False,
}


def stacks(name: str) -> list[Model]:
    return group(models(name, sampled(name, 1, **NARROW)))[0]


def network_of(name: str) -> object:
    toy = toy_for(name, "multiclass")
    return Stack(stacks(name), toy.n_features, toy.n_outputs, CPU).network


# one family for each network; on a GPU torch trains those of the kernel, too
BY_NETWORK = {
    type(network): name
    for name in FAMILIES
    if not FAMILIES[name].fitted
    and not isinstance(network := network_of(name), (Moded, WhollySolved))
}


def train(name: str, compiles: bool, weighted: bool) -> StackTraining:
    toy = toy_for(name, "multiclass")
    data = Data(toys.weighted(toy) if weighted else toy, SEEDS, CPU)
    slow = [Model(m.candidate, m.seed, m.architecture, 1e-3) for m in stacks(name)]
    stack = Stack(slow, toy.n_features, toy.n_outputs, CPU)
    training = StackTraining(stack, data, TrainingBudget(2, 16), False, torch_compile=compiles)
    assert isinstance(training.epochs, TorchEpochs)
    training.run()
    return training


def assert_equal(name: str, weighted: bool = False) -> None:
    plain, compiled = (train(name, compiles, weighted) for compiles in (False, True))
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] > 0
    within = {"rtol": 1e-5, "atol": 1e-5}
    torch.testing.assert_close(compiled.stack.flat, plain.stack.flat, **within)
    for curve in ("val_losses", "train_losses"):
        found, wanted = (getattr(t.selection, curve) for t in (compiled, plain))
        torch.testing.assert_close(found, wanted, **within)


@pytest.mark.parametrize("name", BY_NETWORK.values())
def test_a_family_trains_the_same(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    torch._dynamo.utils.counters.clear()
    monkeypatch.setattr(torch_compile, "BACKEND", "aot_eager")
    assert_equal(name)


def test_machine_code_trains_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    # or torch compiles six programs first, to find out what the compiler knows of the processor
    monkeypatch.setattr(torch._inductor.config.cpp, "vec_isa_ok", True)
    torch._dynamo.utils.counters.clear()
    assert_equal("dense", weighted=True)


def test_a_path_without_a_compiler_is_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    sentence = r"--torch-compile: torch needs a C\+\+ compiler, and finds no .*leave"
    with pytest.raises(SpecError, match=sentence):
        Worker(toys.search(), OutcomeFiles(tmp_path), torch_compile=True)
    with pytest.raises(SpecError, match=sentence):
        where_of("inline", FLAGS | {"torch_compile": True})
    assert not where_of("inline", FLAGS).torch_compile


@pytest.mark.parametrize(
    ("triton", "capability", "sentence"),
    [(None, (9, 0), "triton is not installed"), (object(), (6, 1), "has compute capability 6.1")],
)
def test_a_gpu_for_which_nothing_compiles_is_a_sentence(
    triton: object, capability: tuple[int, int], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch_compile.importlib.util, "find_spec", lambda _: triton)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: capability)
    with pytest.raises(SpecError, match=sentence):
        torch_compile.require("cuda")
