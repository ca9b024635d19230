"""Excel workbooks: the first sheet, or the one that ``--sheet`` names."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

from frontier_search.errors import SpecError, unknown
from frontier_search.table.options import TableOptions
from frontier_search.table.raw import RawTable, Written, checked_frame

if TYPE_CHECKING:
    import pandas as pd

MAX_ABOVE = 30  # rows above the header


def read(data: bytes, source: str, options: TableOptions) -> RawTable:
    """Reads an .xlsx file; raises SpecError if it is none, or has no such sheet."""
    import pandas as pd

    try:
        with pd.ExcelFile(io.BytesIO(data), engine="openpyxl") as book:
            sheets = [str(name) for name in book.sheet_names]
            sheet = options.sheet if options.sheet is not None else sheets[0]
            if sheet not in sheets:
                raise SpecError(f"--sheet: {unknown('sheet', sheet, sheets)}")
            # what stands for a missing value is decided for all formats alike, by ``cells``
            cells = pd.read_excel(
                book, sheet_name=sheet, header=None, keep_default_na=False, na_values=[""]
            )
    except (KeyError, ValueError, OSError, zipfile.BadZipFile) as error:
        if isinstance(error, SpecError):
            raise
        raise SpecError(f"cannot read {source} as an Excel workbook: {error}.") from error
    notes = [f"sheet {sheet!r}"]
    if options.sheet is None and len(sheets) > 1:
        notes = [f"sheet {sheet!r}, the first of {len(sheets)}; --sheet names another"]
    frame, above = _table(cells)
    if above:
        notes.append(f"{above} row{'s' * (above > 1)} above the header skipped")
    if frame.shape[1] < 2 and len(sheets) > 1:
        others = ", ".join(repr(name) for name in sheets if name != sheet)
        raise SpecError(
            f"sheet {sheet!r} of {source} holds no table of two columns or more; name another with "
            f"--sheet: {others}."
        )
    written = Written("excel", first_row=above + 2, notes=tuple(notes))
    return RawTable(checked_frame(frame, source), written, source=source)


def _is_above_header(first: pd.Series, second: pd.Series) -> bool:
    """Returns whether a row heads several columns each, and the one below it names all of them."""
    return bool(first.isna().any()) and all(isinstance(name, str) for name in second)


def _table(cells: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Returns the table in a sheet, and how many rows stand above its header.

    Empty rows and columns around it are left out, and rows of one cell above it, such as a title.
    """
    import pandas as pd

    given = cells.notna()
    above = 0
    usual = int(given.sum(axis=1).median()) if len(cells) else 0
    while above < min(MAX_ABOVE, len(cells)) and given.iloc[above].sum() < min(2, usual):
        above += 1
    below = cells.iloc[above:].dropna(how="all")
    below = below.dropna(axis=1, how="all")
    if len(below) > 2 and _is_above_header(below.iloc[0], below.iloc[1]):
        above, below = above + 1, below.iloc[1:]
    if not len(below):
        return pd.DataFrame(), above
    header = below.iloc[0].tolist()
    frame = below.iloc[1:].infer_objects().reset_index(drop=True)
    frame.columns = pd.Index(["" if pd.isna(name) else str(name) for name in header])
    return frame, above
