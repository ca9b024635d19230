"""Exports members of a frontier: writes them in a language, checks them and certifies them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from frontier_search.errors import SpecError
from frontier_search.export import bundle, certificate
from frontier_search.export.devices import DEVICES
from frontier_search.export.toolchain import require_device_tools
from frontier_search.frontier.frontier import Frontier
from frontier_search.machine import processors
from frontier_search.predictor import Predictor
from frontier_search.storage.catalog import Entry, read_trials
from frontier_search.targets import TARGETS, Made, Member
from frontier_search.trial import Trial

if TYPE_CHECKING:
    import pandas as pd

Certificate = dict[str, Any]


def choose(
    entry: Entry, number: int | None = None, best: Sequence[str] = (), every: bool = False
) -> list[Trial]:
    """Returns the members that are asked for.

    Args:
        number: this one.
        best: the one with the lowest loss that keeps these bounds, e.g. ``params<=1000``.
        every: all of them.

    Raises:
        SpecError: not exactly one is asked for, or there is no such member.
    """
    if sum((number is not None, bool(best), every)) != 1:
        raise SpecError(
            'say which members: one of --trial N, --best "params<=1000" and --all is needed.'
        )
    frontier = Frontier.of(read_trials(entry), entry.search.objective_table())
    if not frontier.members:
        raise SpecError(
            f"no trial of {entry.search.name} is complete yet, so it has no member to export."
        )
    if every:
        return list(frontier.members)
    return [frontier.lowest(*best) if number is None else frontier.member(number)]


def export(
    entry: Entry,
    folders: Mapping[Path, Trial],
    to: str = "c",
    numbers: str | None = None,
    devices: Sequence[str] = (),
    written: Callable[[Path], None] = lambda folder: None,
) -> list[Certificate]:
    """Writes members into folders, checks them on all test rows and returns their certificates.

    Nothing is written if any member is refused. Members are checked side by side, one on each
    processor.

    Args:
        to: a name of ``TARGETS``.
        numbers: the format of weights and activations, see ``export.numbers``; None: the
            candidate's own.
        devices: the cores to compile for.
        written: is called with every folder whose files are there.

    Raises:
        SpecError: the family has no emitter or no form in integers, a device is unknown, or an
            extra is not installed.
        SearchError: a compiler or a program fails.
    """
    target = TARGETS[to]
    cores = [DEVICES[device] for device in devices]
    if devices and not target.compiled:
        raise SpecError(f"--device compiles C; `--to {to}` is not compiled for a core.")
    require_device_tools(*cores)
    members = [Member.of(entry, trial, numbers) for trial in folders.values()]
    # all are made before the first is written: a family that is refused leaves no half of a folder
    every = [target.make(member, _trained(member), tuple(devices)) for member in members]
    jobs = []
    for folder, member, made in zip(folders, members, every, strict=True):
        digests = bundle.write(folder, made.files, made.rows)
        jobs.append((folder, _about(member, made, to), member.dataset.task, made, digests))
        written(folder)

    def certify(job: tuple[Any, ...]) -> Certificate:
        folder, about, task, made, digests = job
        host = target.check(folder, about["prefix"], task, made.rows)
        return certificate.certify(
            folder, about, task, made.rows, host, devices, digests, made.said
        )

    # one emulator or compiler runs outside of Python's lock; torch is not safe in threads
    with ThreadPoolExecutor(processors() if target.compiled else 1) as pool:
        found = list(pool.map(certify, jobs))
    for each in found:
        certificate.keep(each, entry.folder.certificates)
    return found


def _trained(member: Member) -> Any:
    """Returns what the trained model gives for the test rows, (n, o)."""
    from frontier_search.training.outputs import outputs  # torch loads here

    x = member.dataset.split(member.seed).test.x
    return outputs(member.architecture, member.seed, member.weights, x, member.dataset.n_outputs)


def _about(member: Member, made: Made, to: str) -> Certificate:
    """Returns what a certificate says of a model."""
    from frontier_search.training.outputs import mean_loss  # torch loads here

    search, trial, task = member.entry.search, member.trial, member.dataset.task
    y, rows = member.dataset.split(member.seed).test.y, made.rows
    return {
        "target": to,
        "prefix": member.prefix,
        "search": search.name,
        "trial": trial.number,
        "seed": member.seed,
        "seed_chosen": "median validation loss",
        "seeds": list(search.seeds),
        "family": trial.candidate.family,
        "hyperparameters": dict(trial.candidate.hyperparameters),
        "params": trial.size["effective"],
        "numbers": member.numbers,
        "stored_bytes": made.stored_bytes,
        "test_loss": mean_loss(task, rows.reference, y),
        "test_loss_as_trained": mean_loss(task, rows.trained, y),
    }


def verify(folder: Path) -> list[str]:
    """Does what the certificate of a folder says again, without the search.

    Returns:
        A sentence for each difference; none if everything is as it says.

    Raises:
        SpecError: there is no certificate, or an extra is not installed.
        SearchError: a compiler or a program fails.
    """
    said = certificate.read(folder)
    return certificate.verify(folder, TARGETS[said["model"].get("target", "c")].check)


@dataclass(frozen=True)
class Model:
    """The model of a member, as ``frontier.best("params<=1000")`` gives it."""

    entry: Entry
    trial: Trial

    @cached_property
    def predictor(self) -> Predictor:
        """Its model with its preprocessing.

        Raises:
            SpecError: the search is not of a table of one's own, or the model was not kept.
        """
        return Predictor.of(self.entry, self.trial)

    def predict(self, rows: Any) -> pd.DataFrame:
        """Returns predictions of raw rows, see ``Predictor.predict``."""
        return self.predictor.predict(rows)

    def probabilities(self, rows: Any) -> pd.DataFrame:
        """Returns the probabilities of classes of raw rows, see ``Predictor.probabilities``."""
        return self.predictor.probabilities(rows)

    def export(
        self,
        folder: str | Path,
        to: str = "c",
        numbers: str | None = None,
        devices: Sequence[str] = (),
    ) -> Certificate:
        """Writes the model into a folder, checks it and returns its certificate, see ``export``."""
        (made,) = export(self.entry, {Path(folder): self.trial}, to, numbers, devices)
        return made
