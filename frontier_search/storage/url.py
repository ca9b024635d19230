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


def without_password(url: str) -> str:
    """Returns the URL as it may be shown."""
    return re.sub(r"://([^:/@]*):[^@]*@", r"://\1:***@", url)
