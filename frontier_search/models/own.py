"""A family of the user's own: whatever makes a ``torch.nn.Module``, as it was written.

    net(n_inputs, n_outputs, *, hidden, depth=2) -> torch.nn.Module

is any callable or class. What its space names is given by name. Of its other parameters without a
default, those with a usual name, such as ``in_features`` or ``n_classes``, get the numbers of
inputs and outputs, and otherwise they get them in this order. Nothing here loads torch.

The space is ``SPACE`` of the class, or ``SPACE`` of its module: a mapping from parameters to lists
of values or to the forms of ``space``. Or it is a YAML file with the module's name, or it is in the
annotations: ``Literal[8, 16]``, ``bool`` or ``Annotated[int, {"int": [4, 64]}]``.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, cast, get_args, get_origin, get_type_hints

from frontier_search.errors import SpecError
from frontier_search.models.architectures.own_module import OwnModule
from frontier_search.models.family import FROM_DATASET, Family
from frontier_search.models.trainable import Trainable, fitting
from frontier_search.space import Value
from frontier_search.spec import load_yaml
from frontier_search.zoo import load

OPTIMISER = ("learning_rate", "weight_decay")  # of training, and not of the model
INPUTS = (
    "n_inputs", "inputs", "n_in", "in_features", "n_features", "input_size", "input_dim", "in_dim",
    "dim_in", "d_in", "d", "in_channels", "in_size",
)  # fmt: skip
OUTPUTS = (
    "n_outputs", "outputs", "n_out", "out_features", "n_classes", "num_classes", "output_size",
    "output_dim", "out_dim", "dim_out", "d_out", "o", "out_channels", "out_size",
)  # fmt: skip

Builder = Callable[..., Any]


def adopt(path: str, found: object) -> object:
    """Returns a family, made of whatever an import path leads to.

    A ``Family`` stays what it is. What cannot be a family is returned as it is, and the caller says
    so.

    Raises:
        SpecError: the parameters of a callable cannot be understood.
    """
    if isinstance(found, Trainable):
        return _fitted_family(path, found)
    if isinstance(found, Family) or not callable(found):
        return found
    builder: Builder = found
    text = inspect.getdoc(builder) or "a model of your own"
    file = Path(inspect.getfile(sys.modules[builder.__module__]))
    space = _space(path, builder, file)
    bind(path, builder, dict.fromkeys(space, 0), 1, 1)  # raises if it cannot be called so
    return Family(
        name=path,
        summary=text.splitlines()[0].rstrip("."),
        source=file.name,
        space_file=file,
        space=space,
        build=lambda hyperparameters: OwnModule(path, _arguments(hyperparameters)),
    )


def _fitted_family(path: str, found: Trainable) -> Family:
    if not found.space:
        raise SpecError(
            f"family {path!r}: this Trainable has no space; give space={{'depth': [1, 2, 4]}}."
        )
    return Family(
        name=path,
        summary="what you fit yourself",
        source=path.partition(":")[0],
        space_file=Path(),
        space={str(name): _form(value) for name, value in found.space.items()},
        build=fitting(found),
        fitted=True,
    )


def make(path: str, arguments: Mapping[str, Value], n_inputs: int, n_outputs: int) -> Any:
    """Calls the user's callable and returns its module.

    Raises:
        SpecError: it cannot be called with these parameters.
    """
    builder = cast(Builder, load(path))
    given = {name: _value(value) for name, value in arguments.items()}
    return builder(**bind(path, builder, given, n_inputs, n_outputs))


def bind(
    path: str, builder: Builder, given: Mapping[str, Any], n_inputs: int, n_outputs: int
) -> dict[str, Any]:
    """Returns the keyword arguments of a callable.

    Args:
        given: the values of the parameters in its space.

    Raises:
        SpecError: a parameter is unknown, or it cannot be told which one means inputs or outputs.
    """
    parameters = _parameters(path, builder)
    kinds = [parameter.kind for parameter in parameters.values()]
    takes_any = inspect.Parameter.VAR_KEYWORD in kinds
    variable = (inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL)
    named = {name: each for name, each in parameters.items() if each.kind not in variable}
    strange = [name for name in given if name not in named and name not in OPTIMISER]
    if strange and not takes_any:
        raise SpecError(
            f"family {path!r}: its space has {_listed(strange)}, and "
            f"{path.partition(':')[2]}{inspect.signature(builder)} does not take it."
        )
    bound = {name: value for name, value in given.items() if name in named or name in strange}
    rest = [name for name in named if name not in bound]
    needed = [name for name in rest if named[name].default is inspect.Parameter.empty]
    for names, value in ((INPUTS, n_inputs), (OUTPUTS, n_outputs)):
        usual = [name for name in names if name in rest]
        if usual:
            bound[usual[0]] = value
        elif takes_any:
            bound[names[0]] = value
    unnamed = [name for name in needed if name not in bound]
    if len(unnamed) == len(needed) == 2:
        bound |= dict(zip(unnamed, (n_inputs, n_outputs), strict=True))
    elif unnamed:
        raise SpecError(
            f"family {path!r}: nothing gives {_listed(unnamed)} a value. Give the parameter in "
            "SPACE, give it a default, or call it n_inputs or n_outputs if that is what it is."
        )
    return bound


def _parameters(path: str, builder: Builder) -> Mapping[str, inspect.Parameter]:
    try:
        return inspect.signature(builder).parameters
    except (TypeError, ValueError) as error:
        raise SpecError(f"family {path!r}: its parameters cannot be read: {error}.") from error


def _arguments(hyperparameters: Mapping[str, Value]) -> tuple[tuple[str, Value], ...]:
    return tuple((name, each) for name, each in hyperparameters.items() if name not in OPTIMISER)


# ---- the space -----------------------------------------------------------------------------------


def _space(path: str, builder: Builder, file: Path) -> dict[str, Any]:
    """Returns the default space in YAML form."""
    beside = file.with_suffix(".yaml")
    given = getattr(builder, "SPACE", None) or getattr(
        sys.modules[builder.__module__], "SPACE", None
    )
    if given is None and beside.is_file():
        given = load_yaml(beside)
    if given is None:
        given = _annotated(builder)
    if not isinstance(given, Mapping):
        raise SpecError(
            f"family {path!r}: its SPACE is {given!r}; give a mapping such as "
            "{'hidden': [8, 16, 32]}."
        )
    if not given and not _defaults(builder):
        raise SpecError(
            f"family {path!r} has no space. Write SPACE = {{'hidden': [8, 16, 32]}} beside it, or "
            f"a file {beside.name}."
        )
    space = {str(name): _form(value) for name, value in given.items()}
    return {**space, "learning_rate": space.get("learning_rate", FROM_DATASET)}


def _defaults(builder: Builder) -> bool:
    """Returns whether a callable can be called with nothing but inputs and outputs."""
    parameters = inspect.signature(builder).parameters.values()
    return sum(each.default is inspect.Parameter.empty for each in parameters) <= 2


def _annotated(builder: Builder) -> dict[str, Any]:
    """Returns the space that the annotations of a callable give."""
    function = builder.__init__ if inspect.isclass(builder) else builder
    try:
        hints = get_type_hints(function, include_extras=True)
    except (NameError, TypeError):  # an annotation that cannot be read says nothing
        return {}
    space: dict[str, Any] = {}
    for name, hint in hints.items():
        if get_origin(hint) is Literal:
            space[name] = list(get_args(hint))
        elif get_origin(hint) is Annotated and isinstance(hint.__metadata__[0], Mapping | list):
            space[name] = hint.__metadata__[0]
        elif hint is bool:
            space[name] = [False, True]
    return space


def _form(given: Any) -> Any:
    """Returns a parameter in YAML form: a list is a choice, and what is no scalar gets a label."""
    if isinstance(given, Mapping):
        choice = given.get("choice")
        return {**given, "choice": _labels(choice)} if choice is not None else dict(given)
    if isinstance(given, list | tuple | range | set | frozenset):
        return {"choice": _labels(given)}
    return _label(given)


def _labels(values: Any) -> list[Value]:
    listed = sorted(values) if isinstance(values, set | frozenset) else list(values)
    return [_label(value) for value in listed]


def _label(value: Any) -> Any:
    """Returns a scalar, or for None, a tuple or a list the text that ``_value`` reads."""
    return repr(value) if value is None or isinstance(value, tuple | list) else value


def _value(label: Value) -> Any:
    if isinstance(label, str) and (label == "None" or label[:1] in ("(", "[")):
        try:
            return ast.literal_eval(label)
        except (SyntaxError, ValueError):
            return label
    return label


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
