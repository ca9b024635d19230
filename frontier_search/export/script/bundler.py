"""Takes definitions out of this package, with all that they need, into one file of Python.

It starts from some classes and the names of methods. Of a class it keeps the fields and those
methods whose names something else reads, so that what writes C, or needs pandas, is left out.
Annotations are dropped. What is not of this package is imported.
"""

from __future__ import annotations

import ast
import copy
import functools
import importlib
import inspect
from collections.abc import Iterable, Iterator
from types import ModuleType

OURS = "frontier_search"
Where = tuple[str, str]  # module, name
Definition = ast.ClassDef | ast.FunctionDef | ast.Assign


class Bundle:
    """The definitions that some roots need.

    Args:
        roots: (module, name) of classes and functions.
        methods: that are called from outside.
    """

    def __init__(self, roots: Iterable[Where], methods: Iterable[str]) -> None:
        self._wanted = set(methods)
        self._found: dict[Where, Definition] = {}
        self._needs: dict[Where, list[Where]] = {}
        self._imports: set[str] = set()
        before = -1
        pending = list(roots)
        while before != (before := len(self._found) + len(self._wanted)):
            for where in (*pending, *list(self._found)):
                self._include(where)

    @property
    def imports(self) -> set[str]:
        """The statements that import what is not of this package."""
        return set(self._imports)

    def text(self) -> str:
        """Returns the definitions, each after those that it needs."""
        order: dict[Where, None] = {}

        def visit(where: Where, above: frozenset[Where]) -> None:
            for need in self._needs[where]:
                if need not in above and need not in order:
                    visit(need, above | {where})
            order[where] = None

        for where in sorted(self._found):
            if where not in order:
                visit(where, frozenset({where}))
        bodies = [ast.unparse(ast.fix_missing_locations(self._kept(where))) for where in order]
        return "\n\n\n".join(dict.fromkeys(bodies)) + "\n"  # equal ones have one name

    def _include(self, where: Where) -> None:
        module = importlib.import_module(where[0])
        if where not in self._found:
            found = _definition(module, where[1])
            for other, known in self._found.items():
                if other[1] == where[1] and ast.unparse(known) != ast.unparse(found):
                    raise ValueError(f"{other} and {where} have one name.")
            self._found[where] = found
        kept = self._kept(where)
        self._wanted |= {node.attr for node in ast.walk(kept) if isinstance(node, ast.Attribute)}
        names = {node.id for node in ast.walk(kept) if isinstance(node, ast.Name)} - {where[1]}
        self._needs[where] = [
            need for name in sorted(names) if (need := self._resolved(module, name)) is not None
        ]
        for need in self._needs[where]:
            if need not in self._found:
                self._include(need)

    def _resolved(self, module: ModuleType, name: str) -> Where | None:
        """Returns where a global name is defined in this package; imports it if it is elsewhere."""
        if name not in vars(module):
            return None
        for node in _tree(module).body:
            if isinstance(node, ast.ImportFrom | ast.Import):
                for alias in node.names:
                    if (alias.asname or alias.name) == name:
                        return self._imported(node, alias)
        return module.__name__, _first_name(_definition(module, name))

    def _imported(self, node: ast.ImportFrom | ast.Import, alias: ast.alias) -> Where | None:
        source = node.module or "" if isinstance(node, ast.ImportFrom) else alias.name
        if source.partition(".")[0] == OURS:
            return self._resolved(importlib.import_module(source), alias.name)
        alone = (
            ast.ImportFrom(node.module, [alias], 0)
            if isinstance(node, ast.ImportFrom)
            else ast.Import([alias])
        )
        self._imports.add(ast.unparse(alone))
        return None

    def _kept(self, where: Where) -> Definition:
        """Returns a definition without the methods that nobody calls, and without annotations."""
        found = self._found[where]
        if isinstance(found, ast.ClassDef):
            kept = copy.copy(found)
            kept.body = list(_members(found, self._wanted))
            return kept
        return _plain(found) if isinstance(found, ast.FunctionDef) else found


def _members(found: ast.ClassDef, wanted: set[str]) -> Iterator[ast.stmt]:
    kept = False
    for node in found.body:
        if isinstance(node, ast.FunctionDef):
            if node.name in wanted or node.name in ("__init__", "__post_init__"):
                kept = True
                yield _plain(node)
        elif isinstance(node, ast.AnnAssign) and "ClassVar" in ast.unparse(node.annotation):
            kept = True
            assert node.value is not None
            yield ast.Assign([node.target], node.value)
        elif isinstance(node, ast.AnnAssign):
            kept = True
            # a text, so that nothing has to be imported for it
            yield ast.AnnAssign(node.target, ast.Constant("object"), node.value, node.simple)
        elif isinstance(node, ast.Assign) or _is_text(node):
            kept = True
            yield node
    if not kept:
        yield ast.Pass()


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


class _Unannotated(ast.NodeTransformer):
    """Drops annotations of arguments, results and local variables."""

    def visit_arg(self, node: ast.arg) -> ast.arg:
        return ast.arg(node.arg)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt:
        value = self.visit(node.value) if node.value else ast.Constant(None)
        return ast.Assign([node.target], value)

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        self.generic_visit(node)
        node.returns = None
        return node


def _plain(node: ast.FunctionDef) -> ast.FunctionDef:
    copy = ast.parse(ast.unparse(node)).body[0]
    assert isinstance(copy, ast.FunctionDef)
    plain: ast.FunctionDef = _Unannotated().visit(copy)
    return plain


def _first_name(node: Definition) -> str:
    if not isinstance(node, ast.Assign):
        return node.name
    return next(each.id for each in ast.walk(node.targets[0]) if isinstance(each, ast.Name))


@functools.lru_cache(maxsize=64)
def _tree(module: ModuleType) -> ast.Module:
    return ast.parse(inspect.getsource(module))


def _definition(module: ModuleType, name: str) -> Definition:
    """Returns the definition of a global name; raises ValueError if there is none."""
    for node in _tree(module).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name:
            return node
        if isinstance(node, ast.Assign) and any(
            isinstance(each, ast.Name) and each.id == name
            for target in node.targets
            for each in ast.walk(target)
        ):
            return node
        if isinstance(node, ast.AnnAssign) and getattr(node.target, "id", None) == name:
            assert node.value is not None
            return ast.Assign([node.target], node.value)
    raise ValueError(f"{module.__name__} does not define {name}.")
