"""Operations on images: convolution, averaging over a grid, patches."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from frontier_search.export.operation import Memory, Names, Numbers, Work


@dataclass(frozen=True)
class Convolve:
    """y = b + K * x, with zeros around the image.

    Attributes:
        source, target: blocks of maps, (c, side_in, side_in) and (C, side_out, side_out).
        kernels: K, (C, c, k, k).
        bias: b, (C,).
        side_in, side_out, stride: pixels.
    """

    source: str
    target: str
    kernels: Numbers
    bias: Numbers
    side_in: int
    side_out: int
    stride: int

    @property
    def functions(self) -> tuple[str, ...]:
        return ("convolve",)

    def scalars(self) -> Iterator[Numbers]:
        yield np.concatenate([self.bias[:, None], self.kernels.reshape(len(self.bias), -1)], axis=1)

    def tables(self) -> Iterator[bytes]:
        yield from ()

    def work(self) -> Work:
        maps, before, k, _ = self.kernels.shape
        pixels = maps * self.side_out**2
        return {"convolve": (1, maps, pixels, pixels * before * k * k)}

    def lines(self, names: Names) -> list[str]:
        maps, before, k, _ = self.kernels.shape
        sizes = f"{maps}, {before}, {self.side_in}, {self.side_out}, {k}, {self.stride}"
        return [f"w = {names.function('convolve')}(w, {self.source}, {self.target}, {sizes});"]

    def apply(self, memory: Memory) -> None:
        maps, before, k, _ = self.kernels.shape
        out, n_rows = self.side_out, len(memory[self.source])
        reach = (out - 1) * self.stride + k
        margin = max(0, reach - k // 2 - self.side_in)
        x = memory[self.source].reshape(n_rows, before, self.side_in, self.side_in)
        x = np.pad(x, ((0, 0), (0, 0), (k // 2, margin), (k // 2, margin)))
        inside = np.pad(np.ones((self.side_in, self.side_in), bool), ((k // 2, margin),) * 2)
        y = memory[self.target].reshape(n_rows, maps, out, out)
        y[:] = self.bias[:, None, None]
        end = out * self.stride
        for c in range(before):
            for i in range(k):
                for j in range(k):
                    at = np.s_[i : i + end : self.stride, j : j + end : self.stride]
                    pixels = x[:, c, at[0], at[1]][:, None]
                    added = y + pixels * self.kernels[:, c, i, j, None, None]
                    y[:] = np.where(inside[at], added, y)


@dataclass(frozen=True)
class Pool:
    """The mean of each map over a grid of windows."""

    source: str
    target: str
    maps: int
    side_in: int
    side_out: int

    @property
    def functions(self) -> tuple[str, ...]:
        return ("pool",)

    def scalars(self) -> Iterator[Numbers]:
        yield from ()

    def tables(self) -> Iterator[bytes]:
        yield from ()

    def work(self) -> Work:
        return {"pool": (1, self.maps * self.side_out**2, self.maps * self.side_in**2)}

    def lines(self, names: Names) -> list[str]:
        sizes = f"{self.maps}, {self.side_in}, {self.side_out}"
        return [f"{names.function('pool')}({self.source}, {self.target}, {sizes});"]

    def apply(self, memory: Memory) -> None:
        side, out, n_rows = self.side_in, self.side_out, len(memory[self.source])
        x = memory[self.source].reshape(n_rows, self.maps, side, side)
        y = memory[self.target].reshape(n_rows, self.maps, out, out)
        windows = [(i * side // out, -(-(i + 1) * side // out)) for i in range(out)]
        for row, (top, bottom) in enumerate(windows):
            for column, (left, right) in enumerate(windows):
                s = np.zeros((n_rows, self.maps), np.float32)
                for i in range(top, bottom):
                    for j in range(left, right):
                        s = s + x[:, :, i, j]
                y[:, :, row, column] = s / np.float32((bottom - top) * (right - left))


@dataclass(frozen=True)
class Patches:
    """Z_s = phi(W p_s + b) of every patch p_s, a product after a cut; phi comes afterwards.

    Attributes:
        source, target: the image (side, side) and the patches (grid^2, C).
        cut: a block of k^2 numbers.
        weights: W, (C, k^2).
        bias: b, (C,).
    """

    source: str
    target: str
    cut: str
    weights: Numbers
    bias: Numbers
    side: int
    grid: int

    @property
    def _patch(self) -> tuple[int, int]:
        """Pixels of an edge of a patch, and of zeros before the image."""
        k = -(-self.side // self.grid)
        return k, (self.grid * k - self.side) // 2

    @property
    def functions(self) -> tuple[str, ...]:
        return ("patch", "affine")

    def scalars(self) -> Iterator[Numbers]:
        yield np.concatenate([self.bias[:, None], self.weights], axis=1)

    def tables(self) -> Iterator[bytes]:
        yield from ()

    def work(self) -> Work:
        (k, _), patches, channels = self._patch, self.grid**2, len(self.bias)
        rows = patches * channels
        return {"patch": (patches, patches * k * k), "affine": (patches, rows, rows * k * k)}

    def lines(self, names: Names) -> list[str]:
        (k, before), channels = self._patch, len(self.bias)
        at = f"i / {self.grid} * {k} - {before}, i % {self.grid} * {k} - {before}"
        patch, affine = names.function("patch"), names.function("affine")
        product = f"{self.cut}, {self.target} + i * {channels}, {channels}, {k * k}"
        return [
            "{",
            f"    {names.constant('float')} *first = w;",
            f"    for (int i = 0; i < {self.grid**2}; i++) {{",
            f"        {patch}({self.source}, {self.cut}, {self.side}, {k}, {at});",
            f"        w = {affine}(first, {product});",
            "    }",
            "}",
        ]

    def apply(self, memory: Memory) -> None:
        (k, before), grid, n_rows = self._patch, self.grid, len(memory[self.source])
        image = memory[self.source].reshape(n_rows, self.side, self.side)
        after = grid * k - self.side - before
        image = np.pad(image, ((0, 0), (before, after), (before, after)))
        tiles = image.reshape(n_rows, grid, k, grid, k).transpose(0, 1, 3, 2, 4)
        patches = tiles.reshape(n_rows, grid**2, k * k)
        z = memory[self.target].reshape(n_rows, grid**2, len(self.bias))
        z[:] = self.bias
        for j in range(k * k):
            z += patches[:, :, j, None] * self.weights[:, j]


@dataclass(frozen=True)
class Mean:
    """y = the mean over the rows of a block (rows, n)."""

    source: str
    target: str
    rows: int
    size: int

    @property
    def functions(self) -> tuple[str, ...]:
        return ("mean",)

    def scalars(self) -> Iterator[Numbers]:
        yield from ()

    def tables(self) -> Iterator[bytes]:
        yield from ()

    def work(self) -> Work:
        return {"mean": (1, self.size, self.size * self.rows)}

    def lines(self, names: Names) -> list[str]:
        sizes = f"{self.rows}, {self.size}"
        return [f"{names.function('mean')}({self.source}, {self.target}, {sizes});"]

    def apply(self, memory: Memory) -> None:
        x = memory[self.source].reshape(-1, self.rows, self.size)
        s = np.zeros((len(x), self.size), np.float32)
        for row in range(self.rows):
            s = s + x[:, row]
        memory[self.target][:] = s / np.float32(self.rows)
