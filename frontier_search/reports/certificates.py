"""Certificates of exported models as a table for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.text import Text

from frontier_search.export import certificate
from frontier_search.reports.rows import Column, fitting, to_text
from frontier_search.storage.folder import SearchFolder


def table(certificates: Sequence[Mapping[str, Any]]) -> str:
    """Returns a line for each model and core, or for each model where none was compiled for."""
    lines = [
        (certificate, name, found)
        for certificate in certificates
        for name, found in (certificate["devices"] or {"": None}).items()
    ]
    columns = [
        Column("trial", [str(each["model"]["trial"]) for each, _, _ in lines]),
        Column("family", [Text(each["model"]["family"]) for each, _, _ in lines], number=False),
        Column("params", [f"{each['model']['params']:,}" for each, _, _ in lines]),
    ]
    formats = [each["model"]["numbers"] for each, _, _ in lines]
    if set(formats) != {"float32"}:
        columns.append(Column("numbers", formats, number=False))
    if any(found for _, _, found in lines):
        columns.append(Column("core", [name for _, name, _ in lines], number=False))
        raw = [found.get("flash_of_preprocessing") if found else None for _, _, found in lines]
        for title, key, known in (
            ("flash", "flash", "flash"),
            ("RAM", "ram", "ram"),
            ("instructions", "instructions_median", "instructions"),
        ):
            cells = [f"{found[key]:,}" if found else "" for _, _, found in lines]
            columns.append(Column(title, cells))
            columns.append(
                Column("said", [_said(found, known, key) for _, _, found in lines], spare=True)
            )
        if any(value is not None for value in raw):
            cells = ["" if value is None else f"{value:,}" for value in raw]
            columns.insert(6, Column("for raw rows", cells))
    else:
        columns.append(
            Column("constants", [f"{each['model']['stored_bytes']:,}" for each, _, _ in lines])
        )
    equal = [equal_rows(each, found or each["host"]) for each, _, found in lines]
    losses = [
        f"{each['model']['test_loss']:.4g} ({each['model']['test_loss_as_trained']:.4g})"
        for each, _, _ in lines
    ]
    trained = [f"{difference(each):.1e}" for each, _, _ in lines]
    columns += [
        Column("test loss (as trained)", losses),
        Column("equal rows", equal),
        Column("largest difference", trained, spare=True),
    ]
    drawn, left_out = fitting(columns)
    notes = [
        "flash and RAM in bytes; instructions of one row, the median",
        "for raw rows: flash of the preprocessing, which comes on top",
        "said: by how much the closed form was off",
    ]
    if not any(found for _, _, found in lines):
        notes = ["bytes of constants"]
        if any(each["model"].get("target", "c") == "c" for each in certificates):
            notes.append("--device CORE tells flash, RAM and instructions")
    notes += [f"a wider terminal shows {', '.join(left_out)} too"] if left_out else []
    return f"{to_text(drawn)}\n{'; '.join(notes)}"


def sentences(folder: SearchFolder) -> dict[int, tuple[str, ...]]:
    """Returns, for each trial of a search that was exported, a line for each model and core."""
    found: dict[int, tuple[str, ...]] = {}
    for each in certificate.kept(folder.certificates):
        model = each["model"]
        written = f"exported as {model.get('target', 'c')}, {model['numbers']}"
        for core, values in (each["devices"] or {"": {}}).items():
            counts = (
                f", on {core}: flash {values['flash']:,} and RAM {values['ram']:,} bytes, "
                f"{values['instructions_median']:,} instructions a row"
                if values
                else ""
            )
            rows = equal_rows(each, values or each["host"])
            line = f"{written}{counts}; rows like the reference: {rows}"
            found[model["trial"]] = (*found.get(model["trial"], ()), line)
    return found


def difference(certificate: Mapping[str, Any]) -> float:
    """Returns the largest difference to the trained model."""
    known = certificate["trained_model"]["largest_difference"]
    return float((certificate["host"] or {}).get("largest_difference", known))


def equal_rows(certificate: Mapping[str, Any], found: Mapping[str, Any] | None) -> str:
    """Returns how many rows are equal in every bit, or near where no order of sums is stated.

    Args:
        found: on this machine or on a core; None if nothing was executed.
    """
    if not found:
        return "not executed"
    equal = found["bit_equal"] if "bit_equal" in found else found["near"]
    return f"{equal} of {certificate['rows']}"


def _said(found: Mapping[str, Any] | None, known: str, measured: str) -> str:
    """Returns ``-3`` where the closed form said 3 less than what was found."""
    if not found or "said" not in found:
        return ""
    return f"{found['said'][known] - found[measured]:+,}"
