"""The user's own modules that a search trains: which files they are, and which version is loaded.

A search keeps the files of its families and their digests, so that it can be trained on, read and
exported in any folder, and after the files have changed. A process loads the version that belongs
to the search it works on.
"""

from __future__ import annotations

import ast
import hashlib
import importlib
import importlib.util
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from frontier_search.errors import SpecError
from frontier_search.files import read_whole, write_whole
from frontier_search.zoo import is_import_path

if TYPE_CHECKING:
    from frontier_search.files import AnyPath

FOLDER = "code"  # of a search's files
OURS = "frontier_search"  # is never kept: a search goes on with a later version of it

Digests = tuple[tuple[str, str], ...]  # (file, SHA-256) of each file, sorted

_held: dict[Digests, AnyPath | Mapping[str, bytes]] = {}  # the files of searches of this process
_on_path: list[str] = []  # the folder of the version that is loaded, or none


def collect(names: Iterable[str]) -> Digests:
    """Returns the files of the modules that import paths name, and of those that they import.

    Modules of installed packages and of the standard library are left out. The modules must have
    been loaded. What is found is held for ``use`` and ``write``.
    """
    found: dict[str, bytes] = {}
    for name in names:
        module = name.partition(":")[0]
        if is_import_path(name) and module.partition(".")[0] != OURS:
            found |= _files(module, _root(module))
    digests = tuple(sorted((file, _digest(content)) for file, content in found.items()))
    if digests:
        _held[digests] = found
    return digests


def hold(digests: Mapping[str, str], folder: AnyPath) -> None:
    """Says in which folder the files of a search are."""
    _held[tuple(sorted(digests.items()))] = folder


def write(digests: Digests, folder: AnyPath) -> None:
    """Writes the files of a search into its folder.

    Raises:
        SpecError: they are not held, see ``use``.
    """
    for file, content in contents(digests).items():
        write_whole(folder / file, content)
    if digests and isinstance(folder, Path):  # a bucket may be gone when the next search asks
        _held[digests] = folder


def use(digests: Digests) -> None:
    """Makes this process load the user's modules from the files of one search, from now on.

    Raises:
        SpecError: the files are missing or are not those that the search was defined with.
    """
    modules = {file: digest for file, digest in digests if file.endswith(".py")}
    loaded = {file: _loaded_digest(file) for file in modules}
    stale = [file for file, digest in modules.items() if loaded[file] not in (None, digest)]
    if not stale and all(loaded.values()):
        return
    folder = str(_folder(digests, contents(digests)))
    for other in _on_path:
        sys.path.remove(other)
    _on_path[:] = [folder]
    sys.path.insert(0, folder)
    importlib.invalidate_caches()
    if stale:  # what imports a stale module has to be loaded again too
        for file in loaded:
            sys.modules.pop(_module(file), None)


def changed(digests: Digests, folders: Iterable[Path]) -> list[str]:
    """Returns the files whose first copy in some folders has another content."""
    different = []
    for file, digest in digests:
        copies = (folder / file for folder in folders)
        found = next((copy.read_bytes() for copy in copies if copy.is_file()), None)
        if found is not None and _digest(found) != digest:
            different.append(file)
    return different


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def contents(digests: Digests) -> Mapping[str, bytes]:
    """Returns the files of a search.

    Raises:
        SpecError: they are not held, see ``use``.
    """
    held = _held.get(digests, Path.cwd())
    found: dict[str, bytes] = {}
    for file, digest in digests:
        content = held.get(file) if isinstance(held, Mapping) else read_whole(held / file)
        if content is None or _digest(content) != digest:
            raise SpecError(
                f"the search was defined with another {file}, or its copy has gone; put the file "
                "back, or start a new search."
            )
        found[file] = content
    return found


def _folder(digests: Digests, contents: Mapping[str, bytes]) -> Path:
    """Returns a folder on this machine with the files of a search and nothing else."""
    held = _held.get(digests)
    if isinstance(held, Path):
        return held.resolve()
    folder = Path(tempfile.mkdtemp(prefix="frontier-search-code-"))
    write(digests, folder)
    return folder


def _module(file: str) -> str:
    """Returns the name of the module in a file: ``a.b`` for ``a/b.py`` and ``a/b/__init__.py``."""
    parts = PurePosixPath(file).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _loaded_digest(file: str) -> str | None:
    """Returns the digest of the file of the loaded module of this name; None if none is loaded."""
    path = getattr(sys.modules.get(_module(file)), "__file__", None)
    try:
        return _digest(Path(path).read_bytes()) if path else None
    except OSError:
        return "gone"


def _root(module: str) -> Path:
    """Returns the folder that a loaded module was found in."""
    file = Path(str(sys.modules[module].__file__)).resolve()
    above = module.count(".") + (file.name == "__init__.py")
    return file.parents[above]


def _installed(root: Path) -> bool:
    kinds = ("stdlib", "platstdlib", "purelib", "platlib")
    paths = {Path(sysconfig.get_path(kind)).resolve() for kind in kinds}
    return any(root == path or path in root.parents for path in paths)


def _files(module: str, root: Path) -> dict[str, bytes]:
    """Returns the file of a module and those of the modules beside it that it imports."""
    if _installed(root):
        return {}
    found: dict[str, bytes] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        file = _beside(name, root)
        if file is None or file.relative_to(root).as_posix() in found:
            continue
        found[file.relative_to(root).as_posix()] = file.read_bytes()
        space = file.with_suffix(".yaml")
        if space.is_file():
            found[space.relative_to(root).as_posix()] = space.read_bytes()
        waiting += _imports(file, name)
    return found


def _beside(name: str, root: Path) -> Path | None:
    """Returns the file of a module in a folder; None for ours, and where Python takes another."""
    top = name.partition(".")[0]
    if top in sys.stdlib_module_names or top == OURS:
        return None
    base = root.joinpath(*name.split("."))
    files = (base / "__init__.py", base.with_name(f"{base.name}.py"))
    return next((file for file in files if file.is_file()), None)


def _imports(file: Path, name: str) -> Iterator[str]:
    """Yields the names that may be modules in the imports of a file, and the packages around it."""
    parents = name.split(".")[:-1]
    package = name.split(".") if file.name == "__init__.py" else parents
    yield from (".".join(parents[: i + 1]) for i in range(len(parents)))
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            start = ".".join([*above, *([node.module] if node.module else [])])
            names = [start, *(f"{start}.{alias.name}" for alias in node.names)]
        else:
            continue
        for each in names:
            parts = each.split(".")
            yield from (".".join(parts[: i + 1]) for i in range(len(parts)))
