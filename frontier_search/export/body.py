"""What a model's own function is made of, from which ``export.costs`` tells its bytes.

Its bytes are measured for each *shape*: the statements without their numbers. Families write few
shapes, a hundred in float32, and the numbers change a body of a shape by a few bytes only
(``numbers``). A shape that was not measured, such as a user's own, is told by what it is made of
(``features``).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any

from frontier_search.export.devices import DEVICES
from frontier_search.export.integer.plan import IntegerPlan
from frontier_search.export.operation import Names
from frontier_search.export.plan import Plan

# A float32, and a whole number, of an argument. How often a loop turns is a part of the shape if it
# is once or twice, because the compiler may write that without a loop.
A_FLOAT = r"-?0x1?[^,;) ]*f\b"
A_NUMBER = r"(?<=[ (])(?<!i < )-?\d+\b|(?<=i < )(?![12];)\d+"
# the largest numbers that cores have in a shorter instruction, and of the bytes on the stack
LARGEST = (31, 255, 2047)
LARGEST_STACK = (62, 124, 508, 1020, 2047)


def _text(made: Plan | IntegerPlan) -> str:
    return re.sub(A_FLOAT, "F", "\n".join(made.statements(Names("f"))))


def shape(made: Plan | IntegerPlan) -> str:
    """Returns the digest of a plan's statements without their numbers."""
    return hashlib.sha256(re.sub(A_NUMBER, "N", _text(made)).encode()).hexdigest()[:12]


def numbers(made: Plan | IntegerPlan) -> dict[str, float]:
    """Returns what changes the bytes of a body of one shape, by name."""
    text, on_stack = _text(made), sum(made.block_bytes)
    every = [int(each) for each in re.findall(A_NUMBER, text)]
    calls = [re.findall(r"(?<=[ (])-?\d+\b", inner) for inner in re.findall(r"\((.*?)\);", text)]
    found = {f"above {most}": sum(abs(each) > most for each in every) for most in LARGEST}
    found |= {f"stack above {most}": int(on_stack > most) for most in LARGEST_STACK}
    found |= {
        "distinct": len(set(every)),
        "distinct above 31": len({each for each in every if each > 31}),
        "distinct above 255": len({each for each in every if each > 255}),
        "equal in a call": sum(len(each) - len(set(each)) for each in calls),
        "zeros": every.count(0),
        "negative": sum(each < 0 for each in every),
    }
    return {name: float(count) for name, count in found.items() if count}


def body_bytes(made: Plan | IntegerPlan, core: str, known: Mapping[str, Any]) -> float:
    """Returns the bytes of a plan's own function.

    Args:
        known: the coefficients of the core. Those of earlier editions have no shapes.
    """
    measured = known["shapes"].get(shape(made)) if "shapes" in known else None
    if measured is None:
        return weighed(features(made, core), known["body"])
    without, fewest, most = measured
    return float(min(max(without + weighed(numbers(made), known["numbers"]), fewest), most))


def weighed(counts: Mapping[str, float], coefficients: Mapping[str, float]) -> float:
    """Returns the sum of counts, each times its coefficient."""
    return sum(coefficients.get(name, 0) * count for name, count in counts.items())


def features(made: Plan | IntegerPlan, core: str) -> dict[str, float]:
    """Returns what the model's own function is made of, by name."""
    text = "\n".join(made.statements(Names("f")))
    calls = re.findall(r"\bf_(\w+)\(", text)
    floats = re.findall(r"0x1?[^,;)]*f\b", text)
    integers = [int(n) for n in re.findall(r"\b\d+\b", re.sub(r"0x[^,;)]*", "", text))]
    found: dict[str, float] = {
        "": 1.0,
        "loops": text.count("for ("),
        "floats": len(set(floats)),
        "wide": sum(n > 255 for n in integers),
        "blocks": len(made.block_bytes),
        "deep": float(sum(made.block_bytes) > 508),
        "views": text.count("float *row"),
        "tables": len(made.tables()),
    }
    if isinstance(made, IntegerPlan):  # float32 keeps what defined searches were counted with
        turns = re.findall(r"for \(int i = 0; i < (\d+);", text)
        # the compiler writes one or two turns without a loop
        found |= {"one turn": turns.count("1"), "two turns": turns.count("2")}
    if DEVICES[core].machine == "avr":  # which addresses 64 bytes of a frame in one instruction
        on_stack = sum(made.block_bytes)
        found |= {"frame": float(on_stack > 0), "far frame": float(on_stack > 63)}
    for name in calls:
        found[f"call {name}"] = found.get(f"call {name}", 0.0) + 1
    return found
