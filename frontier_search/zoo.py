"""A zoo: a named table of members, each loaded from its own file when it is first asked for.

A name may also be an import path, ``module:ATTRIBUTE``, so that a user's own family, dataset or
sampler needs no change here.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from frontier_search.errors import SpecError, unknown

Member = TypeVar("Member")

# Where the members of an earlier version are now. A search that was defined then may name one by
# its old import path, which is part of the fingerprint and must not change.
MOVED = {
    "frontier_search.families.": "frontier_search.models.families.",
    "frontier_search.datasets.": "frontier_search.data.datasets.",
    "frontier_search.samplers.": "frontier_search.sampling.samplers.",
}


def is_import_path(name: str) -> bool:
    """Returns whether a name is ``module:ATTRIBUTE`` and not one of a table."""
    return ":" in name


def load(path: str) -> object:
    """Returns the object behind an import path.

    Args:
        path: ``package.module:ATTRIBUTE``. The current folder is searched too, and a path of an
            earlier version of this package leads to where the member is now.

    Raises:
        SpecError: the module or the attribute does not exist, or the module raises.
    """
    module, _, attribute = _current(path).partition(":")
    search_last([str(Path.cwd())])  # a console script has only its own folder on the path
    try:
        return getattr(importlib.import_module(module), attribute)
    except (Exception, SystemExit) as error:  # the module may be the user's, and raise anything
        raise SpecError(
            f"cannot load {path!r}: {_reason(error, module)}. "
            "Give package.module:ATTRIBUTE, importable from this folder."
        ) from error


def import_folders() -> list[str]:
    """Returns where this process looks for modules; the current folder is among them."""
    here = str(Path.cwd())
    return list(dict.fromkeys([*(folder or here for folder in sys.path), here]))


def search_last(folders: Iterable[str]) -> None:
    """Lets this process look for modules in more folders, after those where it looks already.

    A file ``random.py`` in the user's folder then never stands in for Python's own module.
    """
    sys.path += [folder for folder in folders if folder not in sys.path]


def _current(path: str) -> str:
    for old, new in MOVED.items():
        if path.startswith(old):
            return new + path.removeprefix(old)
    return path


def _reason(error: BaseException, module: str) -> str:
    """Returns why a module cannot be loaded, as a clause without its full stop."""
    if not isinstance(error, ImportError | AttributeError):
        return f"{type(error).__name__}: {error}"
    inner = isinstance(error, ImportError) and str(error.name).startswith("frontier_search.")
    if inner and not module.startswith("frontier_search."):
        return (
            f"{error}. Modules inside frontier_search have moved: import it from "
            "`frontier_search`, as in `from frontier_search import Family, Graph, Dataset`"
        )
    return str(error)


class Zoo(Mapping[str, Member]):
    """Members by name, in the order in which they are shown.

    Args:
        kind: what a member is called in messages, e.g. ``"family"``.
        paths: name -> ``package.module:ATTRIBUTE``.
        adopt: makes a member of what an import path of the user leads to: (path, object) -> member.
    """

    def __init__(
        self,
        kind: str,
        paths: Mapping[str, str],
        adopt: Callable[[str, object], object] = lambda path, found: found,
    ) -> None:
        self.kind, self._adopt = kind, adopt
        self._paths = dict(paths)
        self._members: dict[str, Member] = {}

    def __getitem__(self, name: str) -> Member:
        # a contract test holds the types
        if is_import_path(name):  # not kept, because another version may be loaded later
            return self._adopt(name, load(name))  # type: ignore[return-value]
        if name not in self._members:
            if name not in self._paths:
                raise SpecError(unknown(self.kind, name, self._paths))
            self._members[name] = load(self._paths[name])  # type: ignore[assignment]
        return self._members[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and (name in self._paths or is_import_path(name))
