"""A zoo: a named table of members, each loaded from its own file when it is first asked for.

A name may also be an import path, ``module:ATTRIBUTE``, so that a user's own family, dataset or sampler needs no change here.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from frontier_search.errors import SpecError, unknown

Member = TypeVar("Member")


def is_import_path(name: str) -> bool:
    """Whether a name is ``module:ATTRIBUTE`` and not one of a table."""
    return ":" in name


def load(path: str) -> object:
    """The object behind an import path.

    Args:
        path: ``package.module:ATTRIBUTE``; the current folder is searched too.

    Raises:
        SpecError: the module or the attribute does not exist, or the module raises.
    """
    module_name, _, attribute = path.partition(":")
    here = str(Path.cwd())
    if (
        here not in sys.path
    ):  # a console script starts with its own folder on the path, not the user's
        sys.path.append(here)
    try:
        return getattr(importlib.import_module(module_name), attribute)
    except (
        Exception,
        SystemExit,
    ) as error:  # the module may be the user's: whatever it raises, there is no such member
        reason = (
            error
            if isinstance(error, ImportError | AttributeError)
            else f"{type(error).__name__}: {error}"
        )
        raise SpecError(
            f"cannot load {path!r}: {reason}. Give package.module:ATTRIBUTE, importable from this folder."
        ) from error


class Zoo(Mapping[str, Member]):
    """Members by name, in the order in which they are shown.

    Args:
        kind: what a member is called in messages, e.g. ``"family"``.
        paths: name -> ``package.module:ATTRIBUTE``.
    """

    def __init__(self, kind: str, paths: Mapping[str, str]) -> None:
        self.kind = kind
        self._paths = dict(paths)
        self._members: dict[str, Member] = {}

    def __getitem__(self, name: str) -> Member:
        if name not in self._members:
            path = name if is_import_path(name) else self._paths.get(name)
            if path is None:
                raise SpecError(unknown(self.kind, name, self._paths))
            self._members[name] = load(path)  # type: ignore[assignment]  # the contract test holds the type
        return self._members[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and (name in self._paths or is_import_path(name))
