"""Weights as whole numbers of few bits, and such numbers laid down in bytes.

A matrix takes a scale for each column. An embedding takes one scale for the whole table, so that
sums of products with its rows can be computed in whole numbers: its numbers go from -127 to 127,
and those of a row are multiples of the row's step, which need fewer bits.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]

LARGEST = 127
_CLIPS = (1.0, 0.95, 0.9, 0.85, 0.8, 0.7, 0.6)
_LEAST_SCALE = np.float32(1e-12)
_BYTE = 8
# How a number's bits are laid down, the lowest first: each part fills bytes without a rest.
_PARTS = {8: (8,), 6: (2, 4), 5: (1, 4)}


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of an embedding: ``(levels - 2 ** (bits - 1)) * steps`` are its whole numbers.

    Args:
        levels: [rows, width], from 0 on.
        steps: [rows], from 1 on.
        bits: Of a level.
    """

    levels: Bytes
    steps: Bytes
    bits: int


@dataclass(frozen=True, slots=True)
class Part:
    """Some bits of many numbers.

    Args:
        packed: [rows, 1, width * bits / 8]; the first numbers of a row are in the lowest bits.
        bits: Of a number.
        below: How many bits of the numbers are below these.
    """

    packed: Bytes
    bits: int
    below: int

    @property
    def shifts(self) -> Bytes:
        """[8 / bits, 1] how far each number in a byte is from its lowest bit."""
        return np.arange(0, _BYTE, self.bits, dtype=np.uint8)[:, None]


def matrix(weights: Floats, bits: int) -> tuple[NDArray[np.int8], Floats]:
    """A matrix as whole numbers, and the scale of each column.

    A scale is the one, of some, with which its column is rounded best.

    Args:
        weights: [rows, columns].
        bits: Of a number with its sign, 8 at most.

    Returns:
        [rows, columns] and [1, columns].
    """
    most = 2 ** (bits - 1) - 1
    widest = np.maximum(np.abs(weights).max(axis=0, keepdims=True), _LEAST_SCALE)
    numbers, scales = np.zeros(weights.shape, dtype=np.int8), widest
    error = np.full(widest.shape, np.inf, dtype=np.float32)
    for clip in _CLIPS:
        tried = widest * np.float32(clip / most)
        found = np.clip(np.rint(weights / tried), -most, most)
        missed = ((found * tried - weights) ** 2).sum(axis=0, keepdims=True)
        better = missed < error
        numbers = np.where(better, found, numbers).astype(np.int8)
        scales, error = np.where(better, tried, scales), np.minimum(missed, error)
    return numbers, scales


def table_scale(table: Floats) -> np.float32:
    """What one whole number of an embedding is worth."""
    return np.float32(max(np.abs(table).max(), _LEAST_SCALE) / LARGEST)


def table_rows(rows: Floats, scale: np.float32, bits: int) -> Rows:
    """Rows of an embedding in so many bits a number; in eight where fewer would not fill bytes.

    Args:
        rows: [rows, width].
        scale: Of the whole table.
        bits: 5, 6 or 8.
    """
    if rows.shape[1] % _BYTE:
        bits = _BYTE
    middle = 2 ** (bits - 1)
    wanted = rows / scale
    levels = np.zeros(rows.shape, dtype=np.uint8)
    steps = np.ones((len(rows), 1), dtype=np.uint8)
    error = np.full(steps.shape, np.inf, dtype=np.float32)
    for step in range(1, LARGEST // middle + 2):
        # The lowest level but one may be below -127 already; a byte holds -128 at least.
        least, most = -min(middle, (LARGEST + 1) // step), min(middle - 1, LARGEST // step)
        found = np.clip(np.rint(wanted / step), least, most)
        missed = ((found * step - wanted) ** 2).sum(axis=1, keepdims=True)
        better = missed < error
        levels = np.where(better, found + middle, levels).astype(np.uint8)
        steps = np.where(better, step, steps).astype(np.uint8)
        error = np.minimum(missed, error)
    return Rows(levels, steps[:, 0], bits)


def parts(rows: Rows) -> list[Part]:
    """The levels' bits in bytes, the lowest first."""
    found, below = [], 0
    for bits in _PARTS[rows.bits]:
        part = Part(rows.levels, bits, below)
        apart = (rows.levels >> below) & (2**bits - 1)
        apart = apart.reshape(len(apart), len(part.shifts), -1) << part.shifts
        packed = np.bitwise_or.reduce(apart, axis=1, keepdims=True)
        found.append(Part(packed.astype(np.uint8), bits, below))
        below += bits
    return found
