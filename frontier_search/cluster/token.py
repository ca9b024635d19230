"""The token of a cluster: 64 hexadecimal digits in a file that only its owner may read.

Ray's own command makes a token that every user of the machine may read.
"""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path

from frontier_search.errors import SpecError


def make(path: Path) -> bool:
    """Makes the token and returns True, or keeps the existing one and returns False.

    Raises:
        SpecError: the folder cannot be written, or others may read the existing token.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.parent.chmod(0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        read(path)
        return False
    except OSError as error:
        raise SpecError(f"cannot write the token {path}: {error.strerror}.") from error
    with os.fdopen(descriptor, "w") as file:
        file.write(secrets.token_hex(32))
    return True


def read(path: Path) -> str:
    """Returns the token.

    Raises:
        SpecError: the file is missing or empty, or others may read it.
    """
    try:
        mode, token = stat.S_IMODE(path.stat().st_mode), path.read_text().strip()
    except OSError as error:
        raise SpecError(
            f"there is no token {path}; make one with `frontier-search cluster init FILE`."
        ) from error
    if mode & 0o077:
        raise SpecError(
            f"others may read the token {path} (mode {mode:04o}); "
            "`chmod 600` it, or remove it and make another."
        )
    if not token:
        raise SpecError(
            f"the token {path} is empty; "
            "remove it and make another with `frontier-search cluster init FILE`."
        )
    return token
