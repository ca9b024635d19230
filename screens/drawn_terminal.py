"""Draws a recording of a terminal as SVG: it plays by itself, and needs no script."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from screens.terminal import Picture, Piece, Recording, text

FRAME_S = 1.3  # how long a picture stays
LAST_S = 9.0  # how long the last one stays
FRAMES = 9  # at most
LETTER, LINE = 8.4, 18  # pixels of a letter and of a line, 14 pixels high
FONT = "ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace"
INK, PAPER = "#d8dee9", "#16181c"
COLOURS = {
    "black": "#5c6370", "red": "#e06c75", "green": "#98c379", "brown": "#e5c07b",
    "yellow": "#e5c07b", "blue": "#61afef", "magenta": "#c678dd", "cyan": "#56b6c2",
    "white": INK, "default": INK,
}  # fmt: skip


def draw(recording: Recording, frames: int = FRAMES) -> str:
    """Returns a recording as an SVG of a few pictures; the last one stays longest.

    Where a viewer plays no animation, and for readers who want no motion, the last one is shown.
    """
    shown = chosen(recording.pictures, frames)
    lines = 1 + max(len(text(picture).splitlines()) for picture in shown)
    columns = max(
        len(line) for picture in shown for line in [*text(picture).splitlines(), recording.command]
    )
    width, height = (columns + 4) * LETTER, (lines + 1.5) * LINE
    layers = "\n".join(
        f'<g class="f f{i}">{_lines(recording.command, picture)}</g>'
        for i, picture in enumerate(shown)
    )
    words = html.escape(f"{recording.command}\n{text(shown[-1])}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'width="{width:.0f}" height="{height:.0f}" role="img">\n'
        f"<title>{html.escape(recording.command)}</title><desc>{words}</desc>\n"
        f"<style>{_style(len(shown))}</style>\n"
        f'<rect width="100%" height="100%" rx="8" fill="{PAPER}"/>\n{layers}\n</svg>\n'
    )


def chosen(pictures: Sequence[tuple[float, Picture]], frames: int) -> list[Picture]:
    """Returns pictures at even times until the words stay the same, and the last one.

    Numbers and the signs that move are no words: what only counts on is shown once.
    """
    seen = [(seconds, picture) for seconds, picture in pictures if text(picture)]
    words = [re.sub(r"[\d.,\u2800-\u28ff\s]+", " ", text(picture)) for _, picture in seen]
    settled = max((i for i in range(1, len(seen)) if words[i] != words[i - 1]), default=0)
    begin, end = seen[0][0], seen[settled][0]
    times = [begin + i * (end - begin) / max(1, frames - 1) for i in range(frames)]
    nearest = [_at(seen, moment) for moment in times]
    found: list[Picture] = []
    for picture in (*nearest, seen[-1][1]):
        if not found or text(picture) != text(found[-1]):
            found.append(picture)
    return found


def _at(pictures: Sequence[tuple[float, Picture]], moment: float) -> Picture:
    return min(pictures, key=lambda one: abs(one[0] - moment))[1]


def _style(frames: int) -> str:
    """Returns the style sheet that shows one picture after the other."""
    whole = (frames - 1) * FRAME_S + LAST_S
    rules = [f"text{{font:14px {FONT};white-space:pre}}.b{{font-weight:700}}"]
    if frames == 1:
        return rules[0]
    rules.append(".f{visibility:hidden}" + f".f{frames - 1}{{visibility:visible}}")
    moving = []
    for i in range(frames):
        begin = 100 * i * FRAME_S / whole
        end = 100.0 if i == frames - 1 else 100 * (i + 1) * FRAME_S / whole
        before = "" if i == 0 else f"0%,{begin - 0.001:.3f}%{{visibility:hidden}}"
        after = "" if i == frames - 1 else f"{end:.3f}%,100%{{visibility:hidden}}"
        shown = f"{begin:.3f}%,{end - 0.001:.3f}%{{visibility:visible}}"
        moving.append(f"@keyframes k{i}{{{before}{shown}{after}}}")
        moving.append(f".f{i}{{animation:k{i} {whole:.1f}s step-end infinite}}")
    rules.append(f"@media(prefers-reduced-motion:no-preference){{{''.join(moving)}}}")
    return "".join(rules)


def _lines(command: str, picture: Picture) -> str:
    prompt = Piece(0, "$ ", "green", True), Piece(2, command, "default", True)
    found = [_line(0, prompt)]
    found += [_line(i, pieces) for i, pieces in enumerate(picture, 1) if pieces]
    return "".join(found)


def _line(row: int, pieces: Sequence[Piece]) -> str:
    return "".join(_piece(row, piece) for piece in pieces)


def _piece(row: int, piece: Piece) -> str:
    """Returns letters at their places, whatever the width of the viewer's font."""
    words = piece.text.rstrip()
    left = len(words) - len(words.lstrip())
    words, column = words.strip(), piece.column + left
    colour = COLOURS.get(piece.colour, f"#{piece.colour}")
    style = ' class="b"' if piece.bold else ""
    place = f'x="{(column + 2) * LETTER:.1f}" y="{(row + 1.4) * LINE:.1f}"'
    length = f'textLength="{len(words) * LETTER:.1f}"'
    return f'<text {place} fill="{colour}"{style} {length}>{html.escape(words)}</text>'
