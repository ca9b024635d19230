"""A still picture in the dark: the same SVG, with other colours where a reader's screen is dark.

The style sheet in the picture maps each of its colours. Greys are turned over, so that ink is light
on a dark paper, and so are colours that would not be seen on it. Other colours keep their hue, and
are made lighter until they stand out.
"""

from __future__ import annotations

import colorsys
import re

INK, PAPER = "#e8e8e8", "#16181c"  # those of document.css and page.css in the dark
LEAST_CONTRAST = 3.0  # of a graphical object, WCAG 2.2, success criterion 1.4.11
HIDDEN = 2.0  # a colour with less contrast is turned over as a grey is
GREY = 0.03  # the least difference between red, green and blue of what counts as a colour

_PAINTED = re.compile(r'\b(fill|stroke)(?::|=")(#[0-9a-f]{6})\b')
_RGB = tuple[float, float, float]


def with_dark_style(svg: bytes) -> bytes:
    """Returns a picture whose colours change where the reader's screen is dark."""
    text = svg.decode()
    rules = [f"svg{{fill:{INK}}}image{{filter:invert(1)}}"]
    for kind, colour in sorted(set(_PAINTED.findall(text))):
        where = f'[style*="{kind}:{colour}"],[{kind}="{colour}"]'
        rules.append(f"{where}{{{kind}:{in_the_dark(colour)}!important}}")
    style = f"<style>@media screen and (prefers-color-scheme:dark){{{''.join(rules)}}}</style>"
    return re.sub(r"(<svg\b[^>]*>)", lambda found: found[1] + style, text, count=1).encode()


def in_the_dark(colour: str) -> str:
    """Returns the counterpart of a colour, ``#rrggbb``, on dark paper."""
    given = _rgb(colour)
    hue, lightness, saturation = colorsys.rgb_to_hls(*given)
    if max(given) - min(given) < GREY:
        dark, light = _rgb(PAPER), _rgb(INK)
        turned = tuple(
            ink + lightness * (paper - ink) for ink, paper in zip(light, dark, strict=True)
        )
        return _hex(turned)
    found = given
    if contrast(colour, PAPER) < HIDDEN:
        lightness = 1 - lightness
        found = colorsys.hls_to_rgb(hue, lightness, saturation)
    while contrast(_hex(found), PAPER) < LEAST_CONTRAST:
        lightness += 0.01
        found = colorsys.hls_to_rgb(hue, lightness, saturation)
    return _hex(found)


def contrast(one: str, other: str) -> float:
    """Returns the contrast of two colours, 1 to 21, as WCAG 2.2 defines it."""
    low, high = sorted((_luminance(_rgb(one)), _luminance(_rgb(other))))
    return (high + 0.05) / (low + 0.05)


def _luminance(rgb: _RGB) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgb]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _rgb(colour: str) -> _RGB:
    red, green, blue = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue


def _hex(rgb: tuple[float, ...]) -> str:
    return "#" + "".join(f"{round(255 * min(max(c, 0.0), 1.0)):02x}" for c in rgb)
