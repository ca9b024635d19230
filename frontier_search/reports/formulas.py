"""The equations of a reservoir, for a page and for Markdown."""

from __future__ import annotations

from frontier_search.reports.blocks import Formula


def _id(name: str) -> str:
    return f"<mi>{name}</mi>"


def _op(sign: str) -> str:
    return f"<mo>{sign}</mo>"


def _sub(name: str, *index: str, plain: bool = False) -> str:
    """Returns a symbol with an index; a plain one is a word, and set upright."""
    style = ' mathvariant="normal"' if plain else ""
    below = "".join(
        _op(part) if part == "+" else f"<mi{style}>{part}</mi>" if part.isalpha() else _number(part)
        for part in index
    )
    return f"<msub><mi>{name}</mi><mrow>{below}</mrow></msub>"


def _number(text: str) -> str:
    return f"<mn>{text}</mn>"


def _tanh(*inside: str) -> str:
    return f"<mi>tanh</mi><mo>&#8289;</mo><mrow>{_op('(')}{''.join(inside)}{_op(')')}</mrow>"


_W_IN, _W_OUT = _sub("W", "in", plain=True), _sub("W", "out", plain=True)
_B_IN, _B_OUT = _sub("b", "in", plain=True), _sub("b", "out", plain=True)
_GRAPH = "<msup><mi>G</mi><mo>&#8868;</mo></msup>"

RESERVOIR = Formula(
    mathml=(
        _sub("h", "0") + _op("=") + _tanh(_W_IN, _id("x"), _op("+"), _B_IN),
        _sub("h", "t", "+", "1")
        + _op("=")
        + _tanh(_sub("h", "t"), _op("+"), _tanh(_sub("h", "t"), _GRAPH)),
        _id("y")
        + _op("=")
        + _W_OUT
        + f"<mrow>{_op('[')}{_id('x')}{_op(',')}{_sub('h', 'T')}{_op(']')}</mrow>"
        + _op("+")
        + _B_OUT,
    ),
    latex=(
        r"h_0 = \tanh(W_\mathrm{in}\, x + b_\mathrm{in})",
        r"h_{t+1} = \tanh(h_t + \tanh(h_t G^\top))",
        r"y = W_\mathrm{out}\, [x, h_T] + b_\mathrm{out}",
    ),
)
