"""URLs of storages and of tracking servers, as they are compared and shown."""

from __future__ import annotations

import re
from pathlib import Path

SQLITE_FILE = "sqlite:///"


def absolute(url: str) -> str:
    """Returns the URL with the absolute path of an SQLite file.

    It then names the same file in every current directory.
    """
    if not url.startswith(SQLITE_FILE):
        return url
    path, mark, options = url.removeprefix(SQLITE_FILE).partition("?")
    return f"{SQLITE_FILE}{Path(path).absolute()}{mark}{options}"


def sqlite_path(url: str) -> Path | None:
    """Returns the path of an SQLite file, or None for any other URL."""
    if not url.startswith(SQLITE_FILE):
        return None
    return Path(url.removeprefix(SQLITE_FILE).partition("?")[0])


def without_password(url: str) -> str:
    """Returns the URL as it may be shown."""
    return re.sub(r"://([^:/@]*):[^@]*@", r"://\1:***@", url)
