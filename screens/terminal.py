"""Records what a command shows in a terminal of its own, picture by picture."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyte

COLUMNS, LINES = 100, 30
EVERY_S = 0.5  # between two pictures


@dataclass(frozen=True)
class Piece:
    """Neighbouring letters of one look.

    Attributes:
        column: of the first letter.
        colour: a name of pyte's, or six hexadecimal digits; ``default`` for ink.
    """

    column: int
    text: str
    colour: str
    bold: bool


Picture = tuple[tuple[Piece, ...], ...]  # lines of pieces


@dataclass(frozen=True)
class Recording:
    """A command and what it showed.

    Attributes:
        command: as a person types it.
        pictures: (seconds since the start, what stood on the screen), the last one at the end.
        status: of the command's exit.
    """

    command: str
    pictures: tuple[tuple[float, Picture], ...]
    status: int


def record(
    command: Sequence[str],
    shown: str,
    environment: Mapping[str, str] | None = None,
    columns: int = COLUMNS,
    lines: int = LINES,
    limit_s: float = 600,
) -> Recording:
    """Runs a command in a terminal and keeps a picture of it every half second.

    Args:
        command: the program and its arguments.
        shown: the command as a person types it.
        environment: further variables.
        columns, lines: of the terminal.
        limit_s: after so many seconds the command is ended.
    """
    screen = pyte.Screen(columns, lines)
    stream = pyte.ByteStream(screen)
    main, other = pty.openpty()
    fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
    process = subprocess.Popen(
        command,
        stdin=other,
        stdout=other,
        stderr=other,
        env=os.environ | {"TERM": "xterm-256color", "COLORTERM": "truecolor"} | (environment or {}),
        start_new_session=True,
    )
    os.close(other)
    start, pictures = time.monotonic(), []
    while True:
        now = time.monotonic() - start
        if not pictures or now - pictures[-1][0] >= EVERY_S:
            pictures.append((now, _picture(screen)))
        if now > limit_s:
            process.terminate()
            break
        if select.select([main], [], [], EVERY_S / 2)[0]:
            try:
                data = os.read(main, 65536)
            except OSError:  # Linux says so where the terminal's other end is closed
                break
            if not data:
                break
            stream.feed(data)
    status = process.wait()
    os.close(main)
    pictures.append((time.monotonic() - start, _picture(screen)))
    return Recording(shown, tuple(pictures), status)


def _picture(screen: pyte.Screen) -> Picture:
    lines = []
    for row in range(screen.lines):
        pieces: list[Piece] = []
        for column in range(screen.columns):
            letter = screen.buffer[row][column]
            last = pieces[-1] if pieces else None
            if last and (last.colour, last.bold) == (letter.fg, letter.bold):
                pieces[-1] = Piece(last.column, last.text + letter.data, last.colour, last.bold)
            else:
                pieces.append(Piece(column, letter.data, letter.fg, letter.bold))
        lines.append(tuple(piece for piece in pieces if piece.text.strip()))
    return tuple(lines)


def text(picture: Picture) -> str:
    """Returns the words of a picture, without empty lines at its end."""
    lines = []
    for pieces in picture:
        line = ""
        for piece in pieces:
            line = line.ljust(piece.column) + piece.text
        lines.append(line.rstrip())
    return "\n".join(lines).rstrip()
