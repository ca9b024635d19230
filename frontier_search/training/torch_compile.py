"""``--torch-compile``: a minibatch of a stack as one program, in place of many small operations.

Python starts each operation of a network that torch trains, and a device waits meanwhile where the
operations are short. ``torch.compile`` makes a few of them, and on a CUDA device one CUDA graph.
Compiling takes seconds to minutes for each shape of a stack, and again for the last batch of an
epoch, which is smaller. Results differ from the plain ones by rounding.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
import warnings
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from frontier_search.errors import SpecError

BACKEND = "inductor"
MAX_PROGRAMS = 4096  # of one process: a shape and a batch size each
OLDEST_GPU = (7, 0)  # compute capability, for which Triton still compiles

P = ParamSpec("P")
R = TypeVar("R")


def require(device: str) -> None:
    """Raises SpecError if this process cannot compile for a device, with the reason.

    Args:
        device: as torch names it. For "cpu" torch is not loaded.
    """
    problem = _problem(device)
    if problem is not None:
        raise SpecError(
            f"--torch-compile: {problem}; install that, or leave --torch-compile out: the same "
            "models are trained without it."
        )


def _problem(device: str) -> str | None:
    if device == "cpu":
        compiler = os.environ.get("CXX") or ("clang++" if sys.platform == "darwin" else "g++")
        found = shutil.which(compiler) is not None
        return None if found else f"torch needs a C++ compiler, and finds no {compiler}"
    if device == "cuda":
        import torch

        if importlib.util.find_spec("triton") is None:
            return "torch needs Triton for a GPU, and the package triton is not installed"
        has = torch.cuda.get_device_capability()
        if has < OLDEST_GPU:
            wanted = ".".join(map(str, OLDEST_GPU))
            return f"the GPU has compute capability {has[0]}.{has[1]}, and Triton needs {wanted}"
    return None


def compiled(function: Callable[P, R], device: str) -> Callable[P, R]:
    """Returns a function that does the same, compiled at its first call with arguments of a shape.

    Args:
        device: as torch names it; on "cuda" the program is recorded as a CUDA graph.
    """
    import torch
    import torch._dynamo
    import torch._inductor.config

    torch._inductor.config.compile_threads = 1  # others are processes, which outlive a worker
    # all stacks share a function's code, and torch gives up after eight shapes of it
    torch._dynamo.config.recompile_limit = MAX_PROGRAMS
    torch._dynamo.config.accumulated_recompile_limit = MAX_PROGRAMS
    # torch reads it where it continues after code that it cannot trace
    warnings.filterwarnings("ignore", "The .grad attribute of a Tensor", UserWarning)
    mode = "reduce-overhead" if device == "cuda" else None
    return torch.compile(function, backend=BACKEND, mode=mode, dynamic=False)
