"""Measures this project and two peers on one workload, one after another on the same machine.

    python benchmarks/compare.py --trials 96 200 1000 --peer-trials 40

Every contender is a command in its own process, in a temporary folder, on two CPUs. All run the
search of ``workload.yaml``: same rows, seeds, epochs and objectives, no early stopping. The wall
time of a command has three parts, defined alike for all contenders:

    start-up    from the command's start until its first trial begins. For the peers that is when
                the first model starts to train. For this project it is when the first trial is
                proposed, which is no later, so that loading the workers counts as search
    search      from there until the last trial is recorded: the steady state. "Trials per second"
                means in this time unless it says otherwise
    wind-down   from there until the command has ended
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import workload
from contenders import CONTENDERS, QUIET, Contender
from measure import CommandError, Measured, measure
from report import Report

SIZES = (96, 200, 1000)
DISTURBED_CPUS = 0.3  # used by other processes on average: above it a timing says little


@dataclass(frozen=True)
class Result:
    """What was measured of one contender."""

    title: str
    measured: Measured
    report: Report
    only_drives: bool

    @property
    def start_up_s(self) -> float:
        return self.report.begun_at - self.measured.started_at

    @property
    def search_s(self) -> float:
        return self.report.finished_at - self.report.begun_at

    @property
    def rate(self) -> float:
        """Trials per second, without start-up."""
        return self.report.trials / self.search_s

    @property
    def wind_down_s(self) -> float:
        return self.measured.wall_s - self.start_up_s - self.search_s

    def rate_with_start_up(self, trials: int) -> float:
        """Returns the trials per second of a whole command that runs ``trials`` at this rate."""
        return trials / (self.start_up_s + trials / self.rate + self.wind_down_s)

    def driver_ms(self, part: str) -> float | None:
        seconds = self.report.driver_s.get(part)
        return None if seconds is None else 1000 * seconds / self.report.trials

    @property
    def driver_cpu_ms(self) -> float | None:
        if not self.only_drives:
            return None
        return (
            1000
            * self.measured.driver_cpu_s(self.report.begun_at, self.report.finished_at)
            / self.report.trials
        )

    @property
    def training_ms(self) -> float | None:
        return (
            None
            if self.report.training_s is None
            else 1000 * self.report.training_s / self.report.trials
        )

    @property
    def training_percent(self) -> float | None:
        return (
            None
            if self.report.training_s is None
            else 100 * self.report.training_s / (workload.WORKERS * self.search_s)
        )

    def figures(self, sizes: Sequence[int]) -> dict[str, float | None]:
        """Returns everything that the table shows, by its row.

        Args:
            sizes: trials of the whole commands whose rates are computed.
        """
        parts = ("ask", "tell", "ask and tell", "mirror")
        return {
            "trials": self.report.trials,
            "trials per second, without start-up": self.rate,
            **{whole(trials): self.rate_with_start_up(trials) for trials in sizes},
            "start-up, s": self.start_up_s,
            "search, s": self.search_s,
            "wind-down, s": self.wind_down_s,
            "whole command, s": self.measured.wall_s,
            "training, ms a trial": self.training_ms,
            "share of the two workers' time spent in training, %": self.training_percent,
            **{f"driver: {part}, ms a trial": self.driver_ms(part) for part in parts},
            "driver: processor time, ms a trial": self.driver_cpu_ms,
            "peak memory of all processes, MB": self.measured.peak_rss_mb,
            "processes at that moment": self.measured.peak_processes,
            "CPUs used by other processes meanwhile": self.measured.others_cpus,
            "mean width of the proposed models": self.report.mean_hidden,
            "mean steps of the proposed models": self.report.mean_steps,
            "smallest loss found, nats": self.report.best_loss,
        }


def whole(trials: int) -> str:
    """Returns the name of a row."""
    return f"trials per second, start-up and wind-down included, for {trials:,} trials"


def run(contender: Contender, trials: int) -> Result:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        home = Path(folder, "home")
        home.mkdir()
        print(f"{contender.title}: {trials} trials ...", file=sys.stderr, flush=True)
        measured = measure(contender.command(trials, home), Path(folder, "log"), QUIET)
        result = Result(contender.title, measured, contender.report(home), contender.only_drives)
        print(
            f"{contender.title}: {result.rate:.3g} trials/s in {measured.wall_s:.0f} s",
            file=sys.stderr,
            flush=True,
        )
        return result


def _cell(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"


def table(results: Mapping[str, Result], sizes: Sequence[int]) -> str:
    """Returns Markdown: a row for each figure, a column for each contender.

    The last rows say how many times as fast as each contender this project is. They compare whole
    commands of a size with this project's command of that size.

    Args:
        results: by contender; those of this project by ``ours(trials)``.
        sizes: trials of the commands of this project.
    """
    columns = [result.figures(sizes) for result in results.values()]
    lines = [
        ["", *(result.title for result in results.values())],
        ["---", *["---:"] * len(results)],
    ]
    known = [row for row in columns[0] if any(column[row] is not None for column in columns)]
    lines += [[row, *(_cell(column[row]) for column in columns)] for row in known]
    for trials in sizes:
        if (own := results.get(ours(trials))) is None:
            continue
        without = [own.rate / result.rate for result in results.values()]
        included = [
            own.rate_with_start_up(trials) / result.rate_with_start_up(trials)
            for result in results.values()
        ]
        for row, ratios in (
            ("without start-up", without),
            ("start-up and wind-down included", included),
        ):
            name = f"**the {trials:,} trials: times as fast, {row}**"
            lines.append([name, *(f"**{ratio:.3g}**" for ratio in ratios)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def ours(trials: int) -> str:
    """Returns the key of a command of this project."""
    return f"ours, {trials}"


def machine(cpus: Sequence[int]) -> str:
    """Returns one line that says where and with what this was measured."""
    model = platform.processor() or platform.machine()
    cpu_file = Path("/proc/cpuinfo")
    if cpu_file.exists():
        names = [
            line.split(":", 1)[1].strip()
            for line in cpu_file.read_text().splitlines()
            if line.startswith("model name")
        ]
        model = names[0] if names else model
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}"
        for name in ("torch", "ray", "optuna", "mlflow")
    )
    used = f"{len(cpus)} of {os.cpu_count()} CPUs used" if cpus else f"{os.cpu_count()} CPUs"
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return f"{model}, {used}, {system}, {versions}, {time.strftime('%Y-%m-%d')}"


def two_cpus() -> Sequence[int]:
    """Restricts this process, and so every contender, to two CPUs.

    Returns:
        the CPUs, or an empty list where the system cannot restrict a process.
    """
    if not hasattr(os, "sched_setaffinity"):
        return []
    cpus = sorted(os.sched_getaffinity(0))[: workload.WORKERS]
    os.sched_setaffinity(0, cpus)
    return cpus


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--trials",
        type=int,
        nargs="+",
        default=SIZES,
        help="trials of each command of this project (default: %(default)s)",
    )
    parser.add_argument(
        "--peer-trials", type=int, default=40, help="trials of each peer (default: %(default)s)"
    )
    parser.add_argument(
        "--only", choices=["ours", "peers", "ray", "optuna"], help="leave the others out"
    )
    parser.add_argument(
        "--output", type=Path, metavar="FILE.json", help="write every figure there too"
    )
    return parser.parse_args()


def main() -> int:
    options = parse()
    wanted = {None: list(CONTENDERS), "peers": ["ray", "optuna"]}.get(options.only, [options.only])
    cpus, load = two_cpus(), os.getloadavg()[0]
    try:
        results = {}
        for key in wanted:
            if key == "ours":
                results |= {ours(n): run(CONTENDERS[key], n) for n in options.trials}
            else:
                results[key] = run(CONTENDERS[key], options.peer_trials)
    except (CommandError, subprocess.CalledProcessError, OSError) as error:
        print(f"compare.py: {error}", file=sys.stderr)
        return 1
    note = f"{len(workload.SEEDS)} seeds x {workload.EPOCHS} epochs a trial "
    note += f"on {workload.SEARCH['dataset']}, batch {workload.BATCH_SIZE}. "
    note += "Rates of whole commands of another size are computed from the measured parts. "
    note += f"Load before the first command: {load:.2f}."
    print(f"{table(results, options.trials)}\n\n{machine(cpus)}. {note}")
    for result in results.values():
        if result.measured.others_cpus > DISTURBED_CPUS:
            print(
                f"\n**{result.title} was disturbed: other processes used "
                f"{result.measured.others_cpus:.2f} CPUs. Run it again on an idle machine.**"
            )
    if options.output:
        figures = {
            key: result.figures(options.trials) | {"report": asdict(result.report)}
            for key, result in results.items()
        }
        options.output.write_text(
            json.dumps(
                {"machine": machine(cpus), "load_before": load, "contenders": figures}, indent=2
            )
            + "\n"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
