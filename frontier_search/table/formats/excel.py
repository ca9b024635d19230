"""Excel workbooks: the first sheet, or the one that ``--sheet`` names."""

from __future__ import annotations

import io
import zipfile

from frontier_search.errors import SpecError, unknown
from frontier_search.table.options import TableOptions
from frontier_search.table.raw import RawTable, Written, checked_frame


def read(data: bytes, source: str, options: TableOptions) -> RawTable:
    """Reads an .xlsx file; raises SpecError if it is none, or has no such sheet."""
    import pandas as pd

    try:
        with pd.ExcelFile(io.BytesIO(data), engine="openpyxl") as book:
            sheets = [str(name) for name in book.sheet_names]
            sheet = options.sheet if options.sheet is not None else sheets[0]
            if sheet not in sheets:
                raise SpecError(f"--sheet: {unknown('sheet', sheet, sheets)}")
            names = pd.read_excel(book, sheet_name=sheet, header=None, nrows=1)
            frame = pd.read_excel(book, sheet_name=sheet)
    except (KeyError, ValueError, OSError, zipfile.BadZipFile) as error:
        if isinstance(error, SpecError):
            raise
        raise SpecError(f"cannot read {source} as an Excel workbook: {error}.") from error
    notes = [f"sheet {sheet!r}"]
    if options.sheet is None and len(sheets) > 1:
        notes = [f"sheet {sheet!r}, the first of {len(sheets)}; --sheet names another"]
    if len(names):  # pandas renames empty and repeated names
        frame.columns = pd.Index(
            ["" if pd.isna(name) else str(name) for name in names.iloc[0].tolist()]
        )
    written = Written("excel", first_row=2, notes=tuple(notes))
    return RawTable(checked_frame(frame, source), written, source=source)
