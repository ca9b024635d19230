"""Pictures with fewer bytes, which look the same: a report has dozens of them."""

from __future__ import annotations

import io
import re

PNG_COLOURS = 128  # enough for every shade of a figure that an eye tells apart
DIGITS = 2  # of a coordinate after the point: 0.01 of a point is less than a pixel of any screen

_METADATA = re.compile(r"\s*<metadata>.*?</metadata>", re.DOTALL)
_COORDINATES = re.compile(r' (?:(?:d|x|y)="|transform="translate\()[^"]*"')
_FRACTION = re.compile(r"-?\d+\.\d{3,}")
_MOVED = re.compile(r'(<use [^>]*?)transform="translate\((\S+) (\S+)\)"')
_ID = re.compile(r'(?<= id=")[^"]+(?=")')
_REFERENCE = re.compile(r'(?<=href="#)[^"]+(?=")|(?<=url\(#)[^)]+(?=\))')
_STYLE = re.compile(r'(?<= style=")[^"]+(?=")')


def with_few_colours(png: bytes) -> bytes:
    """Returns a picture as a PNG with a palette: a third of the bytes, and the same to the eye."""
    from PIL import Image  # matplotlib needs it too, so it is there

    picture = Image.open(io.BytesIO(png)).convert("RGB")
    buffer = io.BytesIO()
    # the palette that covers all colours, and not those of most pixels: a legend has few
    kept = picture.quantize(PNG_COLOURS, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    kept.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def with_short_numbers(svg: bytes) -> bytes:
    """Returns a picture of matplotlib's as a shorter SVG.

    Coordinates have fewer digits, names are short, and names that nothing refers to are left out.
    """
    text = _METADATA.sub("", svg.decode())
    text = _COORDINATES.sub(lambda found: _FRACTION.sub(_rounded, found[0]), text)
    text = _MOVED.sub(_at, text)
    text = _STYLE.sub(lambda found: found[0].replace(": ", ":").replace("; ", ";"), text)
    short = {name: f"i{i}" for i, name in enumerate(_names(text))}
    text = re.sub(r' id="([^"]+)"', lambda found: _named(short.get(found[1])), text)
    text = _REFERENCE.sub(lambda found: short[found[0]], text)
    return re.sub(r"\s*\n\s*", "\n", text).encode()


def _names(text: str) -> list[str]:
    """Returns the names that something refers to, each once, in their order."""
    present = set(_ID.findall(text))
    return [name for name in dict.fromkeys(_REFERENCE.findall(text)) if name in present]


def _named(name: str | None) -> str:
    return "" if name is None else f' id="{name}"'


def _rounded(found: re.Match[str]) -> str:
    return f"{round(float(found[0]), DIGITS):g}"


def _at(found: re.Match[str]) -> str:
    """Moves a copy of a letter or marker by x and y, which takes fewer letters."""
    x, y = found[2], found[3]
    return f'{found[1]}x="{x}"' + ("" if y == "0" else f' y="{y}"')
