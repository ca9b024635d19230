"""A user's own module as a family: what it is given, counted, and trained as it would be alone."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from frontier_search.data.dataset import TrainingBudget
from frontier_search.errors import SpecError
from frontier_search.models import examination, own
from frontier_search.models.architectures.own_module import OwnModule
from frontier_search.models.families import FAMILIES
from frontier_search.models.module_stack import ModuleStack
from frontier_search.models.noise import Noise, key_of
from frontier_search.search.search import Search
from frontier_search.training.rows import Data
from frontier_search.training.stack import Model, Stack
from frontier_search.training.train import StackTraining
from frontier_search.training.trained_model import FrontierModel, require_export
from tests.support import own_modules, toys

HERE = "tests.support.own_modules"
TRAINED = ["MLP", "NoStatistics", "GRU", "ReadsAValue", "Everything", "net"]
STACKED = {"MLP", "NoStatistics", "Everything", "net"}
CPU = torch.device("cpu")


def architecture(name: str, **changed: Any) -> OwnModule:
    family = FAMILIES[f"{HERE}:{name}"]
    made = family.build(family.default_space((1e-3, 1e-2)).smallest() | changed)
    assert isinstance(made, OwnModule)
    return made


@pytest.mark.parametrize("name", TRAINED)
def test_the_count_is_that_of_the_tensors(name: str) -> None:
    made = architecture(name)
    size, stack = made.size(3, 2), Stack([Model(0, 1, made, 1e-3)], 3, 2, CPU)
    plain = own.make(made.path, dict(made.arguments), 3, 2)
    assert (
        size.raw == size.effective == sum(p.numel() for p in plain.parameters() if p.requires_grad)
    )
    assert stack.n_learned >= size.raw
    assert size.bytes >= 4 * size.raw
    assert size.flops > 0


@pytest.mark.parametrize("name", TRAINED)
@pytest.mark.parametrize("task", ["regression", "multiclass"])
def test_a_stack_equals_its_models_trained_alone(name: str, task: Any) -> None:
    """Dropout, noise and running statistics included."""
    toy, seeds = toys.dataset(task), (101, 202)
    data, budget = Data(toy, seeds, CPU), TrainingBudget(3, 16)
    made = architecture(name)
    models = [Model(i, seed, made, 0.002 * (i + 1), 0.1) for i in range(2) for seed in seeds]

    def trained(group: list[Model]) -> StackTraining:
        training = StackTraining(Stack(group, toy.n_features, toy.n_outputs, CPU), data, budget)
        training.run()
        return training

    together = trained(models)
    assert together.stack.network.stacked == (name in STACKED)  # type: ignore[attr-defined]
    for i, model in enumerate(models):
        alone, measured = trained([model]).outcomes()[0].metrics, together.outcomes()[i].metrics
        # a bias before a batch norm has no gradient but rounding noise, which Adam amplifies
        within = 5e-3 if name in ("MLP", "NoStatistics") else 1e-4
        assert alone["val_loss"] == pytest.approx(measured["val_loss"], abs=within)


@pytest.mark.parametrize("name", TRAINED)
def test_training_continues_bit_for_bit_from_its_state(name: str) -> None:
    data, budget = Data(toys.MULTICLASS, (101,), CPU), TrainingBudget(3, 16)

    def new() -> StackTraining:
        model = Model(0, 101, architecture(name), 0.01)
        return StackTraining(Stack([model], 3, 3, CPU), data, budget)

    whole, states = new(), []
    whole.run(lambda training: states.append({k: v.copy() for k, v in training.state().items()}))
    resumed = new()
    assert resumed.restore(states[0])
    resumed.run()
    assert np.array_equal(whole.selected_weights(), resumed.selected_weights(), equal_nan=True)


@pytest.mark.parametrize("name", TRAINED)
def test_what_is_logged_gives_a_row_alone_what_it_gives_among_others(name: str) -> None:
    """It is the trained model in evaluation mode: the same at every call."""
    toy = toys.MULTICLASS
    stack = Stack([Model(0, 101, architecture(name), 0.01)], 3, 3, CPU)
    training = StackTraining(stack, Data(toy, (101,), CPU), TrainingBudget(2, 16))
    training.run()
    logged = FrontierModel(stack, training.selected_weights()[0]).eval()
    x = torch.randn(9, 3)
    expected = stack.network.forward(training.selection.learned, x.T[None])[0].T
    torch.testing.assert_close(logged(x), expected)
    torch.testing.assert_close(torch.cat([logged(row[None]) for row in x]), expected)
    assert torch.equal(logged(x), logged(x))


@pytest.mark.parametrize("name", TRAINED)
def test_what_torch_can_export_is_exported_for_any_number_of_rows(name: str) -> None:
    stack = Stack([Model(0, 101, architecture(name), 0.01)], 3, 3, CPU)
    logged = FrontierModel(stack, stack.flat.numpy()).eval()
    if name == "ReadsAValue":
        with pytest.raises(SpecError, match="torch.export refuses this module"):
            require_export(logged, 3)
        return
    require_export(logged, 3)


def test_buffers_are_the_models_own_and_change_only_in_training() -> None:
    stack = Stack([Model(i, 101 + i, architecture("MLP"), 0.01) for i in range(2)], 3, 3, CPU)
    before = stack.flat.clone()
    stack.network.forward(stack.learned, torch.randn(2, 3, 8))
    assert torch.equal(stack.flat, before)
    data = Data(toys.MULTICLASS, (101, 102), CPU)
    training = StackTraining(stack, data, TrainingBudget(1, 16))
    assert not training.optimiser._rates[-1]  # the number of batches, which no gradient changes
    training.run()
    mean, batches = stack.learned["net.1.running_mean"], stack.learned["net.1.num_batches_tracked"]
    assert batches.tolist() == [3.0, 3.0]
    assert not torch.equal(mean[0], mean[1])


@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("NoStatistics", "has a batch norm without running statistics; it is given them"),
        ("GRU", "cannot be stacked: torch has no stacked form of aten::gru"),
        ("ReadsAValue", "cannot be stacked: its forward reads a value"),
        ("ReadsAValue", "returns 2 items; the first one is its outputs"),
        ("Probabilities", "returns probabilities; its loss takes logits"),
        ("DrawsOtherwise", "it draws random numbers otherwise than by dropout, rand or randn"),
        ("DrawsOtherwise", "gives a row other outputs alone than among other rows"),
    ],
)
def test_what_a_user_should_know_is_said_before_the_search(name: str, note: str) -> None:
    search = Search.from_spec(toys.SPEC | {"families": [f"{HERE}:{name}"]})
    assert any(note in sentence for sentence in search.notes()), search.notes()


def test_a_module_without_peculiarities_is_stacked_in_silence() -> None:
    for name in ("MLP", "Everything", "net"):
        assert examination.examine(architecture(name), 3, 3) == examination.Examined(True)


def test_a_stack_that_computes_something_else_is_not_trusted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    forward = ModuleStack.forward
    monkeypatch.setattr(
        ModuleStack, "forward", lambda self, learned, x: forward(self, learned, x) + self.stacked
    )
    found = examination._examine.__wrapped__(architecture("net"), 3, 3, None)
    assert not found.stacked
    assert "the evaluated outputs of a stack are not those of its models alone" in found.notes[0]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("TakesATuple", "its forward is given one tensor of rows, (n, 3), and fails: ValueError"),
        ("SPACE", "is a dict, not a Family"),
    ],
)
def test_what_cannot_be_trained_is_refused_in_a_sentence(name: str, problem: str) -> None:
    with pytest.raises(SpecError, match="family|Family") as caught:
        Search.from_spec(toys.SPEC | {"families": [f"{HERE}:{name}"]})
    assert problem in str(caught.value)


# ---- the space, and what a callable is given -----------------------------------------------------

NET = """
from typing import Annotated, Literal
from torch import nn

def plain(a, b): return nn.Linear(a, b)
def strange(n_inputs, n_outputs, *, hidden): return nn.Linear(n_inputs, n_outputs)
def missing(hidden, width, n_outputs): return nn.Linear(3, n_outputs)
def broken(n_inputs, n_outputs, *, hidden): raise RuntimeError("no such model")
def double(n_inputs, n_outputs, *, hidden): return nn.Linear(n_inputs, n_outputs).double()
def nothing(n_inputs, n_outputs, *, hidden): return hidden
def annotated(n_inputs, n_outputs, hidden: Annotated[int, {"int": [2, 4]}],
              kind: Literal["a", "b"], skip: bool): return nn.Linear(n_inputs, n_outputs)
class Own(nn.Linear):
    SPACE = {"bias": [True, False]}
"""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))

    def written(more: str = "", yaml: str | None = None) -> str:
        name = f"own_{len(list(tmp_path.iterdir()))}_{tmp_path.name.replace('-', '_')}"
        Path(f"{name}.py").write_text(NET + more)
        if yaml is not None:
            Path(f"{name}.yaml").write_text(yaml)
        return name

    return written


def space_of(path: str) -> dict[str, Any]:
    return FAMILIES[path].default_space((1e-3, 1e-2)).to_spec()


RATE = {"learning_rate": {"float": [1e-3, 1e-2], "log": True}}


def test_a_space_comes_from_the_class_the_module_a_file_or_the_annotations(write: Any) -> None:
    assert space_of(f"{write()}:Own") == {"bias": {"choice": [True, False]}, **RATE}
    in_module = write('SPACE = {"hidden": range(2, 4), "learning_rate": 0.1}')
    assert space_of(f"{in_module}:strange") == {
        "hidden": {"choice": [2, 3]},
        "learning_rate": 0.1,
    }
    in_file = write(yaml="hidden: {int: [2, 9]}")
    assert space_of(f"{in_file}:strange") == {"hidden": {"int": [2, 9]}, **RATE}
    assert space_of(f"{write()}:annotated") == {
        "hidden": {"int": [2, 4]},
        "kind": {"choice": ["a", "b"]},
        "skip": {"choice": [False, True]},
        **RATE,
    }
    assert space_of(f"{write()}:plain") == RATE


@pytest.mark.parametrize(
    ("attribute", "space", "problem"),
    [
        ("plain", '{"hidden": [1]}', "its space has `hidden`, and"),
        ("missing", '{"hidden": [1]}', "nothing gives `width` a value"),
        ("strange", "[1]", "its SPACE is [1]; give a mapping"),
        ("missing", "{}", "has no space"),
        ("broken", '{"hidden": [1]}', "with hidden=1: RuntimeError: no such model"),
        ("double", '{"hidden": [1]}', "parameter weight is torch.float64; float32 is needed"),
        ("nothing", '{"hidden": [1]}', "it returns a int; a torch.nn.Module is needed"),
    ],
)
def test_a_callable_that_cannot_be_a_family_is_refused_in_a_sentence(
    write: Any, attribute: str, space: str, problem: str
) -> None:
    name = write(f"SPACE = {space}")
    with pytest.raises(SpecError, match="family") as caught:
        Search.from_spec(toys.SPEC | {"families": [f"{name}:{attribute}"]})
    assert problem in str(caught.value)


def test_tuples_and_none_reach_the_callable() -> None:
    made = architecture("Everything", widths="(8, 2)", norm="layer")
    plain = own.make(made.path, dict(made.arguments), 3, 2)
    assert isinstance(plain, own_modules.Everything)
    assert plain.first.out_features == 8
    assert isinstance(plain.norm, nn.LayerNorm)
    assert isinstance(architecture("Everything", norm="None"), OwnModule)


# ---- noise ---------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 2**32 - 1), step=st.integers(0, 10**6), p=st.floats(0.05, 0.95))
def test_noise_is_that_of_its_distribution(seed: int, step: int, p: float) -> None:
    n = 20_000
    with Noise(torch.tensor(key_of(seed, step), dtype=torch.int32)):
        kept = (nn.functional.dropout(torch.ones(n), p) > 0).float()
        normal, uniform, other = torch.randn(n), torch.rand(n), torch.rand(n)
    within = 6 / n**0.5
    assert kept.mean().item() == pytest.approx(1 - p, abs=within)
    assert normal.mean().item() == pytest.approx(0, abs=within)
    assert normal.std().item() == pytest.approx(1, abs=within)
    assert uniform.mean().item() == pytest.approx(0.5, abs=within)
    correlation = torch.corrcoef(torch.stack([uniform, other, uniform.roll(1)]))
    assert correlation.fill_diagonal_(0).abs().max() < within


def test_noise_is_another_one_for_each_model_step_and_draw() -> None:
    drawn = set()
    for key in (key_of(1, 0), key_of(1, 1), key_of(2, 0)):
        with Noise(torch.tensor(key, dtype=torch.int32)):
            drawn |= {tuple(torch.rand(4).tolist()) for _ in range(3)}
    assert len(drawn) == 9
