"""Measures where the seconds of a whole command go, from its start to its end.

    python benchmarks/whole_command.py [flags of `frontier-search run`]

Without flags: digits, loss and params, 96 trials, 5 seeds, 60 epochs, with the mirror. The command
runs in a process of its own, in which the moments between its parts are noted: when Ray begins to
be imported and is imported, when the session is asked for the first cohort, when cohorts are
recorded, when the answer is printed, and when the command ends. Processor seconds are of all its
processes, sampled four times a second, so that the last quarter second of a process that ends may
be missing.
"""

from __future__ import annotations

import importlib.abc
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

DEFAULT = ("--dataset", "digits", "--objectives", "loss,params", "--trials", "96")
DEFAULT_BUDGET = ("--seeds", "5", "--epochs", "60")
MOMENTS = "FRONTIER_SEARCH_MOMENTS"  # the file that the command's process writes at its end
INTERVAL_S = 0.25
WORKERS = "workers"
PARTS = (  # a moment, and what the time before it went to
    ("main", "Python and the command line"),
    ("ray imports", "the library, and the search is defined"),
    ("ray imported", "import ray, ray.tune"),
    ("asked", "ray.init, or the library, torch and the rows where this process trains first"),
    ("training", "a worker starts, imports torch and makes the rows, where it trains first"),
    ("recorded", "the first cohort is trained and recorded"),
    ("last recorded", "all other cohorts"),
    ("answered", "the answer is printed"),
    ("ended", "Ray goes down, and the mirror is completed"),
)


IMPORTS = {"ray": "ray imports", "frontier_search.executors.watchdog": "ray imported"}


class Moments(importlib.abc.MetaPathFinder):
    """The moments of a command, noted inside its process."""

    def __init__(self) -> None:
        self.at: dict[str, float] = {}

    def note(self, name: str, again: bool = False) -> None:
        if again or name not in self.at:
            self.at[name] = time.time()

    def find_spec(self, name: str, *_: Any) -> None:
        """Finds nothing: it is told of every import before it begins."""
        if name in IMPORTS:
            self.note(IMPORTS[name])


def noting(moments: Moments, method: Callable[..., Any], *names: str) -> Callable[..., Any]:
    """Returns a method that notes moments when it returns; a name with ``!`` each time."""

    def noted(*arguments: Any, **named: Any) -> Any:
        result = method(*arguments, **named)
        for name in names:
            moments.note(name.rstrip("!"), again=name.endswith("!"))
        return result

    return noted


def inside(arguments: list[str]) -> None:
    """Runs the command in this process, and writes its moments."""
    moments = Moments()
    sys.meta_path.insert(0, moments)
    from frontier_search.cli.main import main

    moments.note("main")
    from frontier_search.executors import dispatcher

    asked, recorded = dispatcher.Dispatcher.next, dispatcher.Dispatcher._record

    def ask(self: Any) -> Any:
        moments.note("asked")
        return asked(self)

    dispatcher.Dispatcher.next = ask  # type: ignore[method-assign]
    dispatcher.Dispatcher._record = noting(  # type: ignore[method-assign]
        moments, recorded, "recorded", "last recorded!"
    )
    sys.stdout.write = noting(moments, sys.stdout.write, "answered")  # type: ignore[method-assign]
    sys.argv = ["frontier-search", *arguments]
    try:
        main()
    finally:
        Path(os.environ[MOMENTS]).write_text(json.dumps(moments.at))


def processor_s(process: Any, used: dict[tuple[int, float], tuple[str, float]]) -> None:
    """Updates the processor seconds of every process below one, by process."""
    from measure import psutil, tree

    for each in tree(process):
        try:
            times, words = each.cpu_times(), " ".join(each.cmdline())
            key = (each.pid, each.create_time())
        except psutil.Error:
            continue
        before = used.get(key, ("", 0.0))[0]
        kind = before if before == WORKERS else kind_of(words) or before  # Ray renames idle ones
        used[key] = (kind, times.user + times.system)


def kind_of(words: str) -> str:
    """What a process of the command is, by its command line; "" when it has ended."""
    if not words:
        return ""
    if "--follow" in words:
        return "the mirror"
    if words.startswith("ray::") and "Trainable" in words:
        return WORKERS
    return "Ray and its idle processes" if "ray" in words and "inside" not in words else "driver"


def main() -> None:
    arguments = sys.argv[1:] or [*DEFAULT, *DEFAULT_BUDGET]
    from measure import psutil

    with tempfile.TemporaryDirectory() as name:
        home, moments, training = Path(name) / "home", Path(name) / "moments", [0.0]
        command = [sys.executable, __file__, "inside", "run", *arguments, "--home", str(home)]
        begin = time.time()
        process = subprocess.Popen(
            command, env=os.environ | {MOMENTS: str(moments)}, stdout=subprocess.DEVNULL
        )
        watching = threading.Thread(target=watch_training, args=(home, training, process))
        watching.start()
        used: dict[tuple[int, float], tuple[str, float]] = {}
        while process.poll() is None:
            processor_s(psutil.Process(process.pid), used)
            time.sleep(INTERVAL_S)
        watching.join()
        at = json.loads(moments.read_text()) | {"ended": time.time(), "training": training[0]}
    show(at, begin, used)


def watch_training(home: Path, training: list[float], process: subprocess.Popen[bytes]) -> None:
    """Notes when the first stack is in training: a worker writes a file then."""
    while process.poll() is None and not training[0]:
        if next(home.glob("*/outcomes/*/checkpoints/training"), None):
            training[0] = time.time()
        time.sleep(0.02)


def show(
    at: dict[str, float], begin: float, used: dict[tuple[int, float], tuple[str, float]]
) -> None:
    print("| part | s | from the start, s |\n|---|---:|---:|")
    before = begin
    for moment, part in PARTS:
        beside = moment in IMPORTS.values() and at.get(moment, 0.0) > at.get("asked", 0.0)
        if at.get(moment) and not beside:  # absent: e.g. Ray, which may start during training
            until = max(before, at[moment])  # the answer comes while the last cohort is recorded
            print(f"| {part} | {until - before:.1f} | {until - begin:.1f} |")
            before = until
    totals: dict[str, float] = {}
    for kind, seconds in used.values():
        totals[kind] = totals.get(kind, 0.0) + seconds
    words = [f"{kind} {seconds:.0f}" for kind, seconds in sorted(totals.items())]
    print(f"\nProcessor seconds: {', '.join(words)}. Load: {os.getloadavg()[0]:.1f}.")


if __name__ == "__main__":
    if sys.argv[1:2] == ["inside"]:
        inside(sys.argv[2:])
    else:
        main()
