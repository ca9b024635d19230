"""What lies in the flash of a linked program: functions, constants, and what has no name."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

PADDING = 16  # fewer bytes between two symbols are a gap that the linker left


def symbols(elf: Path, sized: bool = True) -> Iterator[tuple[str, int]]:
    """Yields (name, size) of each function and constant, one an address.

    Args:
        sized: whether to trust the sizes that are written; else a symbol of a linked program ends
            where the next one or its section does.
    """
    found: dict[tuple[int, int], tuple[str, int]] = {}
    with elf.open("rb") as stream:
        file, table = _opened(stream)
        for symbol in table.iter_symbols():
            if symbol["st_size"] and symbol["st_shndx"] != "SHN_UNDEF":
                address = (symbol["st_shndx"], symbol["st_value"] & ~1)
                found[address] = min((symbol.name, symbol["st_size"]), found.get(address, ("~", 0)))
        if sized:
            yield from found.values()
            return
        for section, group in itertools.groupby(sorted(found), key=lambda address: address[0]):
            header = file.get_section(section).header
            starts = [start for _, start in group]
            ends = [*starts[1:], header["sh_addr"] + header["sh_size"]]
            for start, end in zip(starts, ends, strict=True):
                yield found[section, start][0], end - start


def unnamed(elf: Path) -> Iterator[tuple[str, int]]:
    """Yields (name, size) of the constants that have no symbol.

    The name is made of the content, because a linker stores equal constants once. On RISC-V there
    is one, the table of 32 bytes by which the library counts the leading zeros of an integer that
    becomes a float.
    """
    with elf.open("rb") as stream:
        file, table = _opened(stream)
        number = file.get_section_index(".text")
        section = file.get_section(number)
        starts = [
            ((symbol["st_value"] & ~1) - section["sh_addr"], symbol["st_size"])
            for symbol in table.iter_symbols()
            if symbol["st_size"] and symbol["st_shndx"] == number
        ]
        at = 0
        for start, size in sorted([*starts, (section["sh_size"], 0)]):
            if start - at >= PADDING:
                content = section.data()[at:start]
                yield f"constant {hashlib.sha256(content).hexdigest()[:8]}", len(content)
            at = max(at, start + size)


def _opened(stream: Any) -> tuple[Any, Any]:
    from elftools.elf.elffile import ELFFile  # of the extra

    file = ELFFile(stream)
    return file, file.get_section_by_name(".symtab")
