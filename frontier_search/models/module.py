"""One user's own module: how it is made, called and counted."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from frontier_search.errors import SpecError
from frontier_search.models.architectures.own_module import OwnModule
from frontier_search.models.family import Size
from frontier_search.models.own import make


def build(
    architecture: OwnModule, n_inputs: int, n_outputs: int, seed: int = 0, device: str = "cpu"
) -> nn.Module:
    """Returns the user's module, whose first weights a seed decides, ready to be trained.

    A batch norm without running statistics gets them.

    Raises:
        SpecError: as ``as_written``.
    """
    made = as_written(architecture, n_inputs, n_outputs, seed, device)
    for module in made.modules():
        if lacks_statistics(module):
            _keep_statistics(module)
    return made


def as_written(
    architecture: OwnModule, n_inputs: int, n_outputs: int, seed: int = 0, device: str = "cpu"
) -> nn.Module:
    """Returns the user's module, whose first weights a seed decides.

    Raises:
        SpecError: the callable raises or returns something else, or a tensor cannot be trained.
    """
    path = architecture.path
    with torch.random.fork_rng(devices=[]), torch.device(device):
        torch.manual_seed(seed)
        try:
            made = make(path, dict(architecture.arguments), n_inputs, n_outputs)
        except SpecError:
            raise
        except Exception as error:  # the user's code may raise anything
            values = ", ".join(f"{name}={value}" for name, value in architecture.arguments)
            raise SpecError(
                f"family {path!r}: its model cannot be made with {values}: {in_words(error)}."
            ) from error
    if not isinstance(made, nn.Module):
        raise SpecError(
            f"family {path!r}: it returns a {type(made).__name__}; a torch.nn.Module is needed."
        )
    for name, tensor in made.named_parameters():
        if tensor.requires_grad and tensor.dtype != torch.float32:
            raise SpecError(
                f"family {path!r}: parameter {name} is {tensor.dtype}; float32 is needed."
            )
    return made


def lacks_statistics(module: nn.Module) -> bool:
    """Returns whether a module is a batch norm that knows only the rows it is given."""
    return isinstance(module, nn.modules.batchnorm._BatchNorm) and module.running_mean is None


def _keep_statistics(module: nn.Module) -> None:
    """Gives a batch norm running statistics. Without them a row's output depends on the others."""
    if not isinstance(module, nn.modules.batchnorm._BatchNorm):
        return
    module.track_running_stats = True
    module.register_buffer("running_mean", torch.zeros(module.num_features))
    module.register_buffer("running_var", torch.ones(module.num_features))
    module.register_buffer("num_batches_tracked", torch.tensor(0))


def as_outputs(found: object, n_rows: int, n_outputs: int) -> Tensor:
    """Returns outputs (n, o), given what a module has returned.

    Of a tuple or a list the first item counts, and (n,) is one output.

    Raises:
        TypeError: it is something else.
    """
    first = found[0] if isinstance(found, tuple | list) and found else found
    if not isinstance(first, Tensor):
        raise TypeError(f"forward returns a {type(first).__name__}, and not a tensor")
    if first.shape == (n_rows,) and n_outputs == 1:
        first = first[:, None]
    if first.shape != (n_rows, n_outputs):
        raise TypeError(
            f"forward returns the shape {tuple(first.shape)} for {n_rows} rows; "
            f"({n_rows}, {n_outputs}) is needed"
        )
    return first


class Outputs(nn.Module):
    """A user's module whose outputs are always (n, o), see ``as_outputs``."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: Tensor) -> Tensor:
        found = self.module(x)
        first: Tensor = found[0] if isinstance(found, tuple | list) else found
        return first[:, None] if first.dim() == 1 else first


def in_words(error: BaseException) -> str:
    """Returns one line that says what a user's module raised."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:200]}".rstrip(".: ")


def size(architecture: OwnModule, n_inputs: int, n_outputs: int) -> Size:
    """Counts a module, on a device without values where it can be made there.

    Shared parameters count once, and frozen ones only as bytes. The flops are those of PyTorch's
    own counter: products and convolutions, and nothing that works element by element.

    Raises:
        SpecError: the module cannot be made, or cannot be called with rows.
    """
    try:
        made, flops = _counted(architecture, n_inputs, n_outputs, "meta")
    except Exception:  # it reads values, which has no meaning there
        try:
            made, flops = _counted(architecture, n_inputs, n_outputs, "cpu")
        except SpecError:
            raise
        except Exception as error:
            raise SpecError(cannot_be_called(architecture, n_inputs, error)) from error
    learned = sum(each.numel() for each in made.parameters() if each.requires_grad)
    fixed = [each for each in made.parameters() if not each.requires_grad]
    held = sum(each.numel() * each.element_size() for each in (*fixed, *made.buffers()))
    return Size(raw=learned, effective=learned, flops=flops, bytes=4 * learned + held)


def cannot_be_called(architecture: OwnModule, n_inputs: int, error: Exception) -> str:
    """Returns the sentence for a module that does not take rows."""
    return (
        f"family {architecture.path!r}: its forward is given one tensor of rows, "
        f"(n, {n_inputs}), and fails: {in_words(error)}."
    )


def _counted(
    architecture: OwnModule, n_inputs: int, n_outputs: int, device: str
) -> tuple[nn.Module, int]:
    made = build(architecture, n_inputs, n_outputs, device=device).eval()
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        as_outputs(made(torch.zeros(1, n_inputs, device=device)), 1, n_outputs)
    return made, counter.get_total_flops()
