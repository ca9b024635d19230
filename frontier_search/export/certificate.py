"""The certificate of an exported model: what was compiled, executed and compared.

``certify`` makes it; ``verify`` does the same again from the folder, without the search.
"""

from __future__ import annotations

import ctypes
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from frontier_search.data.dataset import Task
from frontier_search.errors import SpecError
from frontier_search.export import bundle, compiler, emulator, toolchain
from frontier_search.export.bundle import CERTIFICATE, CheckedRows
from frontier_search.export.devices import DEVICES
from frontier_search.files import write_whole

FORMAT = 1
HOST = "this machine"
EQUAL = ("bit_equal", "raw_equal", "near")  # numbers of rows: all of them, if nothing is wrong
INEXACT = ("largest_difference",)  # of libraries whose sums have no stated order


def certify(
    folder: Path,
    model: Mapping[str, Any],
    task: Task,
    rows: CheckedRows,
    host: Mapping[str, Any] | None,
    devices: Sequence[str],
    digests: Mapping[str, str],
    said: Mapping[str, Mapping[str, int]],
) -> dict[str, Any]:
    """Checks an exported folder on cores, and writes and returns its certificate.

    Args:
        model: what the model is: prefix, search, trial, family, seed and so on.
        host: what was found on this machine; None if nothing could be executed.
        devices: names of the cores to compile for.
        said: what the closed form said of each core before, see ``export.costs``.

    Raises:
        SpecError: a device is unknown, or the extra is not installed.
        SearchError: a compiler or a program fails.
    """
    difference = np.abs(rows.reference.astype(np.float64) - rows.trained)
    same = decisions(task, rows.reference) == decisions(task, rows.trained)
    certificate = {
        "format": FORMAT,
        "model": dict(model),
        "task": task,
        "rows": len(rows.x),
        "trained_model": {
            "largest_difference": float(difference.max(initial=0)),
            "mean_difference": float(difference.mean()) if difference.size else 0.0,
            **({} if task == "regression" else {"equal_decisions": int(same.sum())}),
        },
        "host": None if host is None else dict(host),
        "devices": {
            name: on_device(folder, model["prefix"], rows, name) | _said(said.get(name))
            for name in devices
        },
        "sha256": dict(digests),
        "check": "frontier-search verify .",
    }
    write_whole(folder / CERTIFICATE, (json.dumps(certificate, indent=1) + "\n").encode())
    return certificate


def _said(known: Mapping[str, int] | None) -> dict[str, Any]:
    return {"said": dict(known)} if known else {}


def decisions(task: Task, outputs: NDArray[np.float32]) -> NDArray[np.int64]:
    """Returns the class of each row, (n,); zeros for a regression."""
    if task == "regression":
        return np.zeros(len(outputs), np.int64)
    if task == "binary":
        return (outputs[:, 0] > 0).astype(np.int64)
    return np.asarray(outputs.argmax(axis=1), np.int64)


def bit_equal(a: NDArray[np.float32], b: NDArray[np.float32]) -> int:
    """Returns the number of rows whose outputs are equal in every bit."""
    same = a.astype(np.float32).view(np.uint32) == b.astype(np.float32).view(np.uint32)
    return int(same.reshape(len(a), -1).all(axis=1).sum())


def on_host(folder: Path, prefix: str, task: Task, rows: CheckedRows) -> dict[str, Any] | None:
    """Compiles for this machine and compares; None where no compiler is installed.

    Returns:
        How many rows equal the reference, ``bit_equal``; and how many raw rows the program of the
        folder answers as the reference does, ``raw_equal``.
    """
    try:
        compiler.host_compiler()
    except SpecError:
        return None
    with tempfile.TemporaryDirectory(prefix="frontier-search-") as scratch:
        library = Path(scratch) / "model.so"
        compiler.shared_library([folder / f"{prefix}.c"], library)
        call = ctypes.CDLL(str(library))[f"{prefix}_outputs"]
        x, y = np.ascontiguousarray(rows.x, np.float32), np.zeros_like(rows.reference)
        for i in range(len(x)):
            call(ctypes.c_void_p(x[i].ctypes.data), ctypes.c_void_p(y[i].ctypes.data))
        found = {"bit_equal": bit_equal(y, rows.reference)}
        if rows.raw is not None and rows.answers is not None:
            given = compiler.answers(folder, prefix, Path(scratch), rows.raw, task != "regression")
            found["raw_equal"] = equal_lines(given, rows.answers)
    return found


def equal_lines(found: str, wanted: str) -> int:
    """Returns the number of rows for which a program gives the same text."""
    pairs = zip(found.splitlines()[1:], wanted.splitlines()[1:], strict=False)
    return sum(a == b for a, b in pairs)


def on_device(folder: Path, prefix: str, rows: CheckedRows, name: str) -> dict[str, Any]:
    """Compiles for a core, executes every row and compares."""
    device, entry, source = DEVICES[name], f"{prefix}_outputs", folder / f"{prefix}.c"
    with tempfile.TemporaryDirectory(prefix="frontier-search-") as scratch:
        program = compiler.program(device, entry, source, Path(scratch))
        flash = {"flash": program.flash}
        if rows.raw is not None:
            whole = compiler.program(device, f"{prefix}_predict", source, Path(scratch))
            flash["flash_of_preprocessing"] = whole.flash - program.flash
    execution = emulator.execute(program, device, rows.x, rows.reference.shape[1])
    command = compiler.command(device, entry, Path(source.name), Path("link.ld"), Path("model.elf"))
    counts = execution.instructions
    return {
        **flash,
        "ram": len(program.variables) + execution.stack,
        "stack": execution.stack,
        "instructions_median": int(np.median(counts)) if len(counts) else 0,
        "instructions_largest": int(counts.max(initial=0)),
        "bit_equal": bit_equal(execution.outputs, rows.reference),
        "compiler": toolchain.of(device).version(),
        "command": " ".join(command),
    }


def read(folder: Path) -> dict[str, Any]:
    """Returns the certificate of a folder.

    Raises:
        SpecError: there is none, or it is damaged.
    """
    file = folder / CERTIFICATE
    try:
        found = json.loads(file.read_text())
    except FileNotFoundError:
        raise SpecError(
            f"{folder} holds no {CERTIFICATE}; give a folder that `export --to c` wrote."
        ) from None
    except (OSError, ValueError) as error:
        raise SpecError(f"{file} is damaged ({error}); export the model again.") from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise SpecError(f"{file} is of another version; format {FORMAT} is needed.")
    return found


def keep(certificate: Mapping[str, Any], folder: Path) -> None:
    """Keeps a copy of a certificate with its search, for reports and MLflow.

    Args:
        folder: of the search's certificates. A later one of the same member and target replaces it.
    """
    model = certificate["model"]
    file = folder / f"trial-{model['trial']}-{model['target']}.json"
    write_whole(file, (json.dumps(certificate, indent=1) + "\n").encode())


def kept(folder: Path) -> list[dict[str, Any]]:
    """Returns the certificates that are kept in a folder, by trial; those that are damaged not."""
    found = []
    for file in folder.glob("trial-*.json"):
        try:
            each = json.loads(file.read_text())
        except (OSError, ValueError):
            continue
        if isinstance(each, dict) and each.get("format") == FORMAT:
            found.append(each)
    return sorted(found, key=lambda each: (each["model"]["trial"], each["model"]["target"]))


def verify(
    folder: Path, check: Callable[[Path, str, Task, CheckedRows], Mapping[str, Any] | None]
) -> list[str]:
    """Does what a certificate says again.

    Args:
        check: executes the files on this machine.

    Returns:
        A sentence for each difference; none if everything is as it says.
    """
    said = read(folder)
    prefix = said["model"]["prefix"]
    problems = [
        f"{name} is not the file that was certified."
        for name, digest in bundle.digests(folder, list(said["sha256"])).items()
        if digest != said["sha256"][name]
    ]
    rows = bundle.read_rows(folder)
    if rows is None or problems:
        return problems or [f"{bundle.ROWS} is missing or damaged."]
    found: dict[str, Any] = {}
    if said["host"]:
        found[HOST] = check(folder, prefix, said["task"], rows)
    found |= {name: on_device(folder, prefix, rows, name) for name in said["devices"]}
    claims = {HOST: said["host"], **said["devices"]}
    for where, values in found.items():
        problems += [
            f"{where}: {key} is {value}; the certificate says {claims[where].get(key)}."
            for key, value in (values or {}).items()
            if claims[where].get(key) != value and key not in INEXACT
        ]
        problems += [
            f"{where}: {values[key]} of {len(rows.x)} rows equal the reference."
            for key in EQUAL
            if values and values.get(key, len(rows.x)) != len(rows.x)
        ]
    return problems
