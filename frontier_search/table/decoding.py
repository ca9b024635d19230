"""The text that the bytes of a file stand for, and its encoding."""

from __future__ import annotations

import codecs
import re

from frontier_search.errors import SpecError

BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
CONTENTS = {  # how a file begins that is no text
    b"\x1f\x8b": ("a gzip file", ".csv.gz"),
    b"PK": ("an Excel workbook or a zip", ".xlsx or .zip"),
    b"PAR1": ("Parquet", ".parquet"),
    b"ARROW1": ("Feather", ".feather"),
    b"\xd0\xcf\x11\xe0": ("an old Excel workbook", ".xlsx, after Excel saved it as such"),
    b"\x93NUMPY": ("a numpy array", ".npy"),
}
REPLACED = "\ufffd"  # what stands for a byte that is no letter
RIGHT = 2  # letters beyond ASCII for each wrong byte, from which a text is UTF-8
DETECTED = 20  # bytes beyond ASCII that are enough to detect an encoding by its language


def decode(
    data: bytes, source: str, given: str | None, repair: bool = True
) -> tuple[str, str, tuple[str, ...]]:
    """Returns the text of a file, its encoding, and notes for people.

    Args:
        given: the encoding, if the user said it.
        repair: whether a text that is UTF-8 but for few bytes is read as such.

    Raises:
        SpecError: the given encoding does not fit, or the file is binary.
    """
    if given is not None:
        try:
            return data.decode(given), given, ()
        except LookupError:
            raise SpecError(
                f"--encoding {given} is unknown; give one such as utf-8, cp1252 or latin-1."
            ) from None
        except UnicodeDecodeError as error:
            raise SpecError(
                f"{source} is not in {given}: {_where(data, error.start)}. Give another --encoding."
            ) from None
    for mark, encoding in BOMS:
        if data.startswith(mark):
            return data.decode(encoding, "replace").lstrip("\ufeff"), encoding, ()
    if (wide := _utf16(data)) is not None:
        return data.decode(wide), wide, ()
    if b"\0" in data:
        if kind := next((kind for start, kind in CONTENTS.items() if data.startswith(start)), None):
            raise SpecError(
                f"{source} holds {kind[0]} and no text; give its name the end {kind[1]}."
            )
        line = data[: data.index(b"\0")].count(b"\n") + 1
        raise SpecError(
            f"line {line} of {source} holds NUL bytes, which no text does; remove them, or write "
            "the file again."
        )
    try:
        return data.decode("utf-8"), "utf-8", ()
    except UnicodeDecodeError as error:
        if repair and (text := _nearly_utf8(data)) is not None:
            note = (
                f"not all of it is UTF-8: {_where(data, error.start)} is read as {REPLACED!r}; "
                "--encoding overrules this"
            )
            return text, "utf-8", (note,)
        encoding = _guessed(data)
        note = (
            f"read as {encoding}, because it is not UTF-8 ({_where(data, error.start)}); "
            "--encoding overrules this"
        )
        return data.decode(encoding, "replace"), encoding, (note,)


def _nearly_utf8(data: bytes) -> str | None:
    """Returns the text with a mark for every wrong byte; None if it is hardly UTF-8.

    In other encodings hardly any letters beyond ASCII happen to be right in UTF-8.
    """
    text = data.decode("utf-8", "replace")
    wrong = text.count(REPLACED)
    right = sum(not letter.isascii() for letter in text) - wrong
    return text if right >= wrong * RIGHT else None


def _utf16(data: bytes) -> str | None:
    """Returns UTF-16, little or big end first, if every other byte is NUL and none else is."""
    sample = data[:2000]
    for place, encoding in ((1, "utf-16-le"), (0, "utf-16-be")):
        zeros, others = sample[place::2].count(0), sample[1 - place :: 2].count(0)
        if len(data) % 2 == 0 and others == 0 and zeros > 0.8 * len(sample[place::2]):
            return encoding
    return None


def _where(data: bytes, position: int) -> str:
    line = data[:position].count(b"\n") + 1
    return f"byte 0x{data[position]:02X} in line {line}"


def _guessed(data: bytes) -> str:
    """Returns the encoding of bytes that are not UTF-8.

    A detector decides where it knows the language, or where words have no Latin letter. In other
    texts it takes rare encodings, and Windows' Western one is by far the most frequent.
    """
    beyond = sum(1 for byte in data[:100_000] if byte > 127)
    try:
        data.decode("cp1252")
        western = "cp1252"
    except UnicodeDecodeError:
        western = "latin-1"
    if beyond >= DETECTED:
        from charset_normalizer import from_bytes

        matches = from_bytes(data[:100_000])
        best = matches.best()
        foreign = sum(map(len, re.findall(rb"[\x80-\xff]{4,}", data[:100_000]))) > beyond / 2
        known = best is not None and best.coherence > 0.0
        if best is not None and (
            foreign or (known and western not in {match.encoding for match in matches})
        ):
            return best.encoding
    return western
