"""The families of images against numpy and scipy, and against their controls."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.signal import correlate2d

from frontier_search.errors import SpecError
from frontier_search.models.families import FAMILIES, kronecker
from frontier_search.models.graph import FACTORED_ABOVE
from frontier_search.models.networks.mixer import MixerStack
from frontier_search.runner import run
from frontier_search.storage import catalog
from frontier_search.training.stack import Model, Stack, group
from frontier_search.trial import TrialState
from tests.support import toys

CPU = torch.device("cpu")
IMAGE_FAMILIES = [name for name in FAMILIES if FAMILIES[name].image]
CONTROLS = {
    "conv_kronecker": ("conv", "conv_random"),
    "scaffold_kronecker": ("scaffold", "scaffold_random"),
    "mixer_kronecker": ("mixer_no_mixing", "mixer_random"),
}
RECURRENCE: dict[str, Any] = {"steps": 3, "spectral_radius": 0.8, "graph_noise": 0.0}
MAPS: dict[str, Any] = {
    "channels": 4,
    "layers": 2,
    "grid": 2,
    "kernel": 3,
    "stride": 2,
    "hidden": 8,
    **RECURRENCE,
}
PATCHES: dict[str, Any] = {
    "grid": 2,
    "channels": 5,
    "layers": 2,
    "channel_hidden": 6,
    "token_hidden": 3,
    **RECURRENCE,
}

Numbers = NDArray[np.float64]


def stack(name: str, given: dict[str, Any], side: int) -> Stack:
    """Three models of different seeds, 2 outputs."""
    return Stack(
        [Model(0, seed, FAMILIES[name].build(given), 0.01) for seed in (101, 202, 303)],
        side * side,
        2,
        CPU,
    )


def images(side: int) -> torch.Tensor:
    return torch.randn(3, side * side, 4, generator=torch.Generator().manual_seed(1))


def parts(of: Stack, model: int) -> dict[str, Numbers]:
    return {name: tensor[model].double().numpy() for name, tensor in of.learned.items()}


def recurred(h: Numbers, steps: int = 3) -> Numbers:
    """The paper's recurrence through a built graph, units first."""
    adjacency = kronecker.adjacency(len(h), np.random.default_rng(0))
    matrix = adjacency * (0.8 / np.abs(np.linalg.eigvals(adjacency)).max())
    for _ in range(steps):
        h = np.tanh(h + np.tanh(matrix @ h))
    return h


def features(learned: dict[str, Numbers], image: Numbers, given: dict[str, Any]) -> Numbers:
    """Returns one image's features: scipy's correlation, a mean over each window of the grid."""
    maps, margin = [image], given["kernel"] // 2
    for layer in range(given["layers"]):
        step = given["stride"] if layer == 0 else 1
        padded = [np.pad(one, margin) for one in maps]
        maps = [
            np.tanh(
                bias
                + sum(
                    correlate2d(one, part, mode="valid")
                    for one, part in zip(padded, kernel, strict=True)
                )[::step, ::step]
            )
            for kernel, bias in zip(
                learned[f"kernel_{layer}"], learned[f"bias_{layer}"], strict=True
            )
        ]
    side, g = len(maps[0]), given["grid"]
    windows = [slice(i * side // g, -(-(i + 1) * side // g)) for i in range(g)]
    return np.array(
        [one[rows, columns].mean() for one in maps for rows in windows for columns in windows]
    )


@pytest.mark.parametrize(
    ("side", "changes"),
    [(8, {}), (7, {"layers": 1, "grid": 3}), (9, {"stride": 1, "kernel": 5}), (8, {"grid": 4})],
)
@pytest.mark.parametrize("name", ["conv", "conv_kronecker"])
def test_a_convolutional_network_before_a_reservoir(
    name: str, side: int, changes: dict[str, Any]
) -> None:
    settings, x = MAPS | changes, images(side)
    of = stack(name, settings, side)
    found = of.network.forward(of.learned, x)
    for model in range(3):
        learned = parts(of, model)
        rows = x[model].double().numpy().T
        f = np.stack([features(learned, row.reshape(side, side), settings) for row in rows], axis=1)
        z = learned["w_x"] @ f + learned["b_x"]
        h = np.tanh(z[:8])
        expected = z[8:] + learned["w_h"] @ (recurred(h) if name == "conv_kronecker" else h)
        np.testing.assert_allclose(found[model].numpy(), expected, atol=2e-6)


@pytest.mark.parametrize(
    "changes", [{"channels": 2}, {"channels": 8, "grid": 4}], ids=["8 units", "128 units"]
)
@pytest.mark.parametrize("name", ["scaffold", "scaffold_kronecker"])
def test_a_feature_map_that_is_a_scaffolds_state(name: str, changes: dict[str, Any]) -> None:
    settings, x = MAPS | changes, images(8)
    of = stack(name, settings, 8)
    found = of.network.forward(of.learned, x)
    for model in range(3):
        learned = parts(of, model)
        h = np.stack(
            [features(learned, row.reshape(8, 8), settings) for row in x[model].double().numpy().T],
            axis=1,
        )
        expected = learned["b"] + learned["w_h"] @ (
            recurred(h) if name == "scaffold_kronecker" else h
        )
        np.testing.assert_allclose(found[model].numpy(), expected, atol=2e-6)


def test_a_wide_scaffold_is_applied_factor_by_factor() -> None:
    settings = MAPS | {"channels": 8, "grid": 4}
    wide = stack("scaffold_kronecker", settings, 8)
    assert FACTORED_ABOVE < 8 * 4**2
    assert len(wide.network.graph) == 0  # type: ignore[attr-defined]
    assert len(stack("scaffold_random", settings, 8).network.graph) == 3  # type: ignore[attr-defined]


@pytest.mark.parametrize(("side", "grid"), [(8, 2), (8, 4), (9, 4)])
@pytest.mark.parametrize("name", ["mixer", "mixer_kronecker", "mixer_no_mixing"])
def test_a_mixer(name: str, side: int, grid: int) -> None:
    settings, x = PATCHES | {"grid": grid}, images(side)
    of = stack(name, settings, side)
    found = of.network.forward(of.learned, x)
    patch = -(-side // grid)
    missing = patch * grid - side
    for model in range(3):
        w = parts(of, model)
        for row in range(4):
            padded = np.pad(
                x[model, :, row].double().numpy().reshape(side, side),
                (missing // 2, missing - missing // 2),
            )
            corners = [(i * patch, j * patch) for i in range(grid) for j in range(grid)]
            patches = np.stack(
                [padded[i : i + patch, j : j + patch].ravel() for i, j in corners], axis=1
            )
            z = np.tanh(w["embed"] @ patches + w["embed_bias"])  # (C, S)
            for layer in range(2):
                if name == "mixer":
                    z = (
                        z
                        + (
                            w[f"tokens_out_{layer}"]
                            @ np.tanh(w[f"tokens_in_{layer}"] @ z.T + w[f"tokens_in_bias_{layer}"])
                        ).T
                    )
                elif name == "mixer_kronecker":
                    z = recurred(z.T).T
                z = z + w[f"tokens_bias_{layer}"].T
                z = z + w[f"channels_out_{layer}"] @ np.tanh(
                    w[f"channels_in_{layer}"] @ z + w[f"channels_in_bias_{layer}"]
                )
            expected = w["readout"] @ z.mean(axis=1) + w["readout_bias"][:, 0]
            np.testing.assert_allclose(found[model, :, row].numpy(), expected, atol=2e-6)


@given(side=st.integers(1, 12), grid=st.integers(1, 12))
def test_patches_hold_every_pixel_once(side: int, grid: int) -> None:
    if grid > side:
        with pytest.raises(SpecError, match=f"has at most a grid of {side}"):
            stack("mixer", PATCHES | {"grid": grid}, side)
        return
    network = stack("mixer", PATCHES | {"grid": grid}, side).network
    assert isinstance(network, MixerStack)
    x = torch.arange(1.0, side * side + 1).reshape(1, -1, 1)
    assert sorted(v for v in network.patches(x).flatten().tolist() if v) == x.flatten().tolist()


@pytest.mark.parametrize(
    ("name", "control"),
    [(name, control) for name, controls in CONTROLS.items() for control in controls],
)
def test_a_control_has_the_same_parameters_and_starts_from_the_same_weights(
    name: str, control: str
) -> None:
    space, rng = FAMILIES[name].default_space((1e-3, 1e-2)), np.random.default_rng(5)
    for _ in range(20):
        # With noise a wide graph is a matrix, as a random one is.
        point = space.sample(rng) | {"graph_noise": 0.1}
        one, other = (FAMILIES[each].build(point) for each in (name, control))
        assert one.network == other.network
        assert one.shape == other.shape  # so that they train in one stack
        for n_inputs in (64, 784):
            sizes = [each.size(n_inputs, 10) for each in (one, other)]
            assert sizes[0].raw == sizes[1].raw == sizes[0].effective == sizes[1].effective
    (together,) = group([Model(i, 101, each, 0.01) for i, each in enumerate((other, one))])
    weights = Stack(together, 64, 10, CPU).learned
    assert all(torch.equal(tensor[0], tensor[1]) for tensor in weights.values())


def test_a_learned_token_mixing_is_bigger_by_its_weights() -> None:
    learned, none = (
        FAMILIES[name].build(PATCHES).size(64, 10) for name in ("mixer", "mixer_no_mixing")
    )
    # In each of two layers: W_1, W_2 and b_1, for 4 patches and 3 hidden units.
    assert learned.raw - none.raw == 2 * (2 * 4 * 3 + 3)


@pytest.mark.parametrize("name", IMAGE_FAMILIES)
def test_every_model_of_the_default_space_exists_for_digits_and_larger_images(name: str) -> None:
    space, rng = FAMILIES[name].default_space((1e-3, 1e-2)), np.random.default_rng(6)
    for _ in range(100):
        architecture = FAMILIES[name].build(space.sample(rng))
        sizes = [architecture.size(side * side, 10) for side in (8, 28, 32)]
        assert sizes[0].flops <= sizes[1].flops <= sizes[2].flops
        if not name.startswith("mixer"):
            # Because of the grid, the parameters are the same for any size of image.
            assert len({size.raw for size in sizes}) == 1


@pytest.mark.parametrize(
    ("name", "changes", "words"),
    [
        ("conv", {"kernel": 4}, "kernel = 4; an odd number is needed"),
        ("conv", {"channels": 0}, "channels = 0; at least 1 is needed"),
        ("conv", {"stride": 0}, "stride = 0; at least 1 is needed"),
        ("conv_kronecker", {"hidden": 12}, "a Kronecker graph has a power of two of units"),
        ("conv_kronecker", {"steps": 0}, "a recurrence needs at least one step"),
        (
            "scaffold_kronecker",
            {"channels": 3},
            "channels = 3 and grid = 2, channels x grid\\^2 hidden units: hidden = 12; a Kronecker",
        ),
        ("scaffold_random", {"steps": 0}, "a recurrence needs at least one step"),
        (
            "mixer",
            {"token_hidden": 0},
            "token_hidden = 0; at least 1 is needed \\(mixer_no_mixing has none\\)",
        ),
        (
            "mixer_kronecker",
            {"grid": 3},
            "grid = 3, grid\\^2 hidden units: hidden = 9; a Kronecker graph",
        ),
        ("mixer_no_mixing", {"channel_hidden": 0}, "channel_hidden = 0; at least 1 is needed"),
    ],
)
def test_models_that_do_not_exist(name: str, changes: dict[str, Any], words: str) -> None:
    with pytest.raises(SpecError, match=words):
        FAMILIES[name].build((PATCHES if name.startswith("mixer") else MAPS) | changes)


def test_random_controls_have_as_many_edges_as_the_kronecker_graph() -> None:
    """For scaffolds and Mixers, whose units are features and patches."""
    for name, settings in (("scaffold", MAPS), ("mixer", PATCHES | {"grid": 4})):
        counts = []
        for kind in ("kronecker", "random"):
            matrices = stack(f"{name}_{kind}", settings, 8).network.graph.numpy()  # type: ignore[attr-defined]
            radii = [np.abs(np.linalg.eigvals(matrix)).max() for matrix in matrices]
            np.testing.assert_allclose(radii, 0.8, rtol=1e-4)
            counts.append([np.count_nonzero(matrix) for matrix in matrices])
        assert counts[0] == counts[1] == [3 ** (matrices.shape[1].bit_length() - 1) - 1] * 3


def test_a_search_trains_every_family_of_images(tmp_path: Path) -> None:
    search = toys.search(
        dataset="tests.support.toys:IMAGES",
        families=IMAGE_FAMILIES,
        trials=2 * len(IMAGE_FAMILIES),
        require=["params<=2000"],
    )
    assert run(search, home=tmp_path, executor="inline").members
    trials = catalog.read_trials(catalog.find(search.name, tmp_path))
    assert [trial.state for trial in trials] == [TrialState.COMPLETE] * len(trials)
    assert {trial.candidate.family for trial in trials} == set(IMAGE_FAMILIES)
    assert max(trial.objectives["params"] for trial in trials) <= 2000
