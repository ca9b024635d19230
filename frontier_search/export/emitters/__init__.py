"""The table of emitters: how an architecture becomes a plan, by the network that trains it.

An emitter is one function, ``(architecture, scalars, seed, n_inputs, n_outputs) -> Plan``. It takes
the learned scalars in the order of the network's ``learned``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from frontier_search.errors import SpecError
from frontier_search.export.plan import Plan
from frontier_search.export.scalars import Scalars
from frontier_search.models.family import Architecture
from frontier_search.zoo import Zoo

Emitter = Callable[[Any, Scalars, int, int, int], Plan]

HERE = "frontier_search.export.emitters"
NETWORKS = "frontier_search.models.networks"

EMITTERS: Zoo[Emitter] = Zoo(
    "emitter",
    {
        f"{NETWORKS}.{network}".replace(":", "."): f"{HERE}.{path}"
        for network, path in {
            "feedforward:FeedForwardStack": "feedforward:emit",
            "low_rank:LowRankStack": "low_rank:emit",
            "reservoir:ReservoirStack": "reservoir:emit",
            "varpro:VarProStack": "reservoir:emit_core",
            "fixed_input:FixedInputStack": "fixed_input:emit",
            "factored:FactoredStack": "factored:emit",
            "spline:SplineStack": "spline:emit",
            "convolution:ConvolutionalStack": "convolution:emit",
            "convolution:ScaffoldStack": "convolution:emit_scaffold",
            "mixer:MixerStack": "mixer:emit",
            "echo_state:EchoStateStack": "sequence:emit_echo_state",
            "echo_state:SolvedEchoStateStack": "sequence:emit_echo_state",
            "gated:GruStack": "sequence:emit_gru",
            "gated:FastGrnnStack": "sequence:emit_fast_grnn",
            "convolution_1d:Convolution1dStack": "sequence:emit_convolution",
            "readout:LastValuesStack": "sequence:emit_last_values",
        }.items()
    },
)


def has_emitter(architecture: Architecture) -> bool:
    """Returns whether models of an architecture can be written as C."""
    # a zoo takes a colon for an import path
    known = architecture.network.replace(":", ".") in EMITTERS
    return known or hasattr(architecture, "emit")


def plan(
    architecture: Architecture, scalars: Scalars, seed: int, n_inputs: int, n_outputs: int
) -> Plan:
    """Returns the plan of one model.

    A network of a user's own brings its emitter along, as the attribute ``emit`` of the
    architecture.

    Raises:
        SpecError: the architecture has no emitter, or the scalars are not the model's.
    """
    emit: Callable[..., Plan] | None = getattr(architecture, "emit", None)
    network = architecture.network.replace(":", ".")
    if not has_emitter(architecture):
        raise SpecError(
            f"the network {architecture.network!r} has no emitter, so its models cannot be written "
            "as C; give its architecture a method `emit(scalars, seed, n_inputs, n_outputs)` that "
            "returns a Plan. An operation that is not in frontier_search.export.operations needs "
            "three functions: `lines` (its call in C), `apply` (the same in numpy) and `scalars` "
            "(the constants that it reads)."
        )
    if emit is not None:
        made = emit(scalars, seed, n_inputs, n_outputs)
    else:
        made = EMITTERS[network](architecture, scalars, seed, n_inputs, n_outputs)
    scalars.close()
    return made
