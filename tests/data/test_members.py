"""Single datasets of the table: the sizes and settings that the published study gives."""

from __future__ import annotations

import numpy as np
import pytest

from frontier_search.data import scikit_learn
from frontier_search.data.datasets import DATASETS
from tests.support.shipped import SEEDS, parts_of, sizes_of, split_of

pytestmark = pytest.mark.usefixtures("image_files")

STANDARDISED = None
TOY = (600, 200, 200)
MNIST = (6000, 2000, 2000)
SPECIAL_FUNCTIONS = (
    *("ellipj", "ellipkinc", "ellipeinc", "jv", "yv", "kv", "iv", "lpmv0", "lpmv1", "lpmv2"),
    *(f"sphharm{orders}" for orders in ("01", "11", "02", "12", "22")),
)


@pytest.mark.parametrize(
    ("name", "sizes", "interval", "image"),
    [
        ("friedman1", (900, 300, 300), (0.0, 1.0), None),
        ("sine", (300, 100, 100), STANDARDISED, None),
        ("multiscale_fourier_regression", (900, 300, 300), (-1.0, 1.0), None),
        ("swiss_roll", TOY, STANDARDISED, None),
        ("circles", TOY, STANDARDISED, None),
        ("moons", TOY, STANDARDISED, None),
        ("s_curve_binary", TOY, STANDARDISED, None),
        ("gaussian_quantiles", TOY, STANDARDISED, None),
        ("classification_20d", TOY, STANDARDISED, None),
        ("iris", (90, 30, 30), STANDARDISED, None),  # 60/20/20 of every class, as the next two
        ("wine", (106, 36, 36), STANDARDISED, None),
        ("digits", (1079, 359, 359), (0.0, 1.0), (1, 8, 8)),
        ("mnist", MNIST, (0.0, 1.0), (1, 28, 28)),
        ("fashion_mnist", MNIST, (0.0, 1.0), (1, 28, 28)),
        ("synthetic_3class", TOY, STANDARDISED, None),
        ("synthetic_5class", (900, 300, 300), STANDARDISED, None),
        ("breast_cancer", (343, 113, 113), STANDARDISED, None),
        ("diabetes", (266, 88, 88), STANDARDISED, None),
        ("airfoil", (901, 301, 301), STANDARDISED, None),
        ("yacht", (184, 62, 62), STANDARDISED, None),
        ("weather_ankara", (193, 64, 64), STANDARDISED, None),
        ("fish_toxicity", (545, 181, 181), STANDARDISED, None),
        ("pima", (460, 154, 154), STANDARDISED, None),
        ("ionosphere", (210, 70, 70), STANDARDISED, None),
        ("vowel", (594, 198, 198), STANDARDISED, None),
        ("segment", (1252, 417, 417), STANDARDISED, None),
        ("thyroid", (129, 43, 43), STANDARDISED, None),
        ("dermatology", (214, 72, 72), STANDARDISED, None),
        ("mnist_5k", (3000, 1000, 1000), (0.0, 1.0), (1, 28, 28)),
        ("mnist1d", (4000, 1000, 1000), STANDARDISED, None),
        *((name, (1000, 1000, 1000), (0.0, 1.0), None) for name in SPECIAL_FUNCTIONS),
    ],
)
def test_sizes_intervals_and_images_are_the_documented_ones(
    name: str,
    sizes: tuple[int, int, int],
    interval: tuple[float, float] | None,
    image: tuple[int, int, int] | None,
) -> None:
    assert all(sizes_of(name, seed) == sizes for seed in SEEDS)
    assert DATASETS[name].image == image
    x = np.concatenate([rows.x for rows in parts_of(split_of(name, SEEDS[0])).values()])
    if interval is STANDARDISED:
        assert x.min() < -1.0 and x.max() > 1.0
    else:
        low, high = interval
        assert low <= x.min() < low + 0.01 and high - 0.01 < x.max() <= high


def test_friedman1_is_friedmans_function_with_unit_noise_and_a_standardised_target() -> None:
    train = split_of("friedman1", SEEDS[0]).train
    x = train.x.astype(np.float64)
    f = (
        10 * np.sin(np.pi * x[:, 0] * x[:, 1])
        + 20 * (x[:, 2] - 0.5) ** 2
        + 10 * x[:, 3]
        + 5 * x[:, 4]
    )
    assert train.y.mean() == pytest.approx(0.0, abs=1e-5) and train.y.std() == pytest.approx(
        1.0, abs=1e-5
    )
    slope, intercept = np.polyfit(train.y, f, 1)
    noise = (f - intercept - slope * train.y).std()
    assert 0.9 < noise < 1.1


def test_sine_has_a_raw_target_and_two_periods() -> None:
    train = split_of("sine", SEEDS[0]).train
    x = train.x[:, 0].astype(np.float64)
    # 300 uniform rows reach both ends to within a few hundredths.
    phase = (x - x.min()) / (x.max() - x.min()) * 4 * np.pi
    assert 0.08 < (train.y - np.sin(phase)).std() < 0.15


def test_multiscale_target_is_the_sum_of_three_sines_with_noise() -> None:
    train = split_of("multiscale_fourier_regression", SEEDS[0]).train
    x0, x1 = train.x.T.astype(np.float64)
    f = np.sin(np.pi * x0) + 0.5 * np.sin(5 * np.pi * x1) + 0.25 * np.sin(9 * np.pi * x0)
    assert (train.y - f).std() == pytest.approx(0.1, abs=0.01)


def test_digits_are_all_1797_images_in_sixteenths() -> None:
    rows = parts_of(split_of("digits", SEEDS[0])).values()
    assert sum(map(len, rows)) == 1797
    pixels = np.concatenate([part.x for part in rows]) * 16
    assert np.array_equal(pixels, pixels.round())


@pytest.mark.parametrize(
    "name", ["swiss_roll", "s_curve_binary", "circles", "moons", "gaussian_quantiles"]
)
def test_binary_toys_have_even_classes(name: str) -> None:
    assert sum(float(rows.y.sum()) for rows in parts_of(split_of(name, SEEDS[0])).values()) == 500


def distances(name: str) -> tuple[float, float]:
    """How far a class's mean moves between two seeds at most, and from the mean of all at least."""
    one, other = (split_of(name, seed).train for seed in SEEDS[:2])
    labels = range(max(2, DATASETS[name].n_outputs))
    means, again = (
        np.stack([rows.x[rows.y == label].mean(axis=0) for label in labels])
        for rows in (one, other)
    )
    moved, apart = means - again, means - means.mean(axis=0)
    return np.linalg.norm(moved, axis=1).max(), np.linalg.norm(apart, axis=1).min()


@pytest.mark.parametrize("name", ["classification_20d", "synthetic_3class", "synthetic_5class"])
def test_two_seeds_draw_from_one_problem(name: str) -> None:
    """The class means of two seeds are much nearer to each other than those of two classes."""
    moved, apart = distances(name)
    assert moved < apart
    assert DATASETS[name].population == "problem"


@pytest.mark.parametrize("name", ["classification_20d", "synthetic_3class", "synthetic_5class"])
def test_with_problems_in_its_name_every_seed_draws_another_problem(name: str) -> None:
    several = f"{name}_problems"
    moved, apart = distances(several)
    assert moved > apart
    assert DATASETS[several].population == "problems"
    assert sizes_of(several, SEEDS[0]) == sizes_of(name, SEEDS[0])


def test_fresh_rows_of_a_generator_share_no_row_between_seeds_and_a_table_shares_many() -> None:
    """That is what the population says that an interval over seeds speaks of."""
    shared = {
        name: len(
            set.intersection(
                *({row.tobytes() for row in split_of(name, seed).train.x} for seed in SEEDS[:2])
            )
        )
        for name in ("friedman1", "multiscale_fourier_regression", "digits")
    }
    assert [DATASETS[name].population for name in shared] == ["draws", "draws", "table"]
    assert shared["friedman1"] == shared["multiscale_fourier_regression"] == 0
    assert shared["digits"] > 100


@pytest.mark.parametrize("function", scikit_learn.CLASS_TABLES)
def test_a_table_that_is_read_without_scikit_learn_is_scikit_learns_bit_for_bit(
    function: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = scikit_learn._class_table(function)
    assert read is not None
    monkeypatch.setattr(scikit_learn, "_class_table", lambda function: None)
    for ours, theirs in zip(
        read, scikit_learn.stored.__wrapped__(function), strict=True
    ):  # past its cache
        assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape)
        assert ours.tobytes() == theirs.tobytes()


def test_a_table_that_is_not_at_its_place_is_asked_of_scikit_learn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    x, _ = scikit_learn._call("load_iris", return_X_y=True)
    monkeypatch.setitem(scikit_learn.CLASS_TABLES, "load_iris", ("moved.csv", 1))
    assert scikit_learn.stored.__wrapped__("load_iris")[0].tobytes() == x.tobytes()
