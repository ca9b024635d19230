"""The location of ``--outcomes``, where a session and its workers exchange files: a folder that all
machines share, or a bucket."""

from __future__ import annotations

import os
import re
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from frontier_search.errors import SpecError
from frontier_search.files import names_in, raising_oserror, read_whole, remove, write_whole

if TYPE_CHECKING:
    from frontier_search.files import AnyPath

# Without a key or a password, which would be written down, and without a wildcard.
BUCKET = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[\w.=+-]+)*/?")
SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:/")  # s3:/BUCKET is a typing error, not a folder


def normal(outcomes: str) -> str:
    """Returns the form that is written down: an absolute path, or a URL without a final slash.

    Raises:
        SpecError: it is neither.
    """
    if BUCKET.fullmatch(outcomes):
        return outcomes.rstrip("/")
    if outcomes and not SCHEME.match(outcomes):
        return str(Path(outcomes).resolve())
    raise SpecError(
        f"--outcomes {outcomes!r}: give a folder's path, or s3://BUCKET/PATH of letters, digits and"
        " '-_.=+', without keys."
    )


def folder(outcomes: str) -> AnyPath:
    """Returns the folder that a path or a URL names, without connecting to a bucket.

    Raises:
        SpecError: the packages for a bucket are not installed.
    """
    if "://" not in outcomes:
        return Path(outcomes)
    try:
        import s3fs  # noqa: F401  # UPath imports it only at the first request
        from upath import UPath
    except ImportError as error:
        raise SpecError(
            f"--outcomes {outcomes}: {error.name} is not installed;"
            " pip install 'frontier-search[bucket]'."
        ) from error
    # No listing is cached, because other processes write there. With max_concurrency=1 a small file
    # is read in one request, without a request for its size.
    return UPath(outcomes, use_listings_cache=False, max_concurrency=1)


def reach(outcomes: str) -> None:
    """Writes, reads, lists and removes a file there, as a search will do.

    Raises:
        SpecError: a request is refused or fails.
    """
    shared = folder(outcomes)
    probe, content = shared / f".probe.{socket.gethostname()}.{os.getpid()}", b"probe"
    try:
        with raising_oserror(outcomes):
            write_whole(probe, content)
            if read_whole(probe) != content or probe.name not in names_in(shared):
                raise OSError("what was written is not there")
            remove(probe)
    except OSError as error:
        raise SpecError(refused(outcomes, error)) from error


def refused(outcomes: str, error: OSError) -> str:
    """Returns the message for a location that cannot be used."""
    words = " ".join(str(error.strerror or error).split()).rstrip(".")
    if "://" not in outcomes:
        return (
            f"--outcomes {outcomes} cannot be used: {words}."
            " Give a folder that you may write to and that all workers see."
        )
    return (
        f"--outcomes {outcomes} cannot be used: {words}. Give a bucket that exists, and credentials"
        " that may list, read, write and delete there, in AWS's own variables, profile or instance"
        " role."
    )
