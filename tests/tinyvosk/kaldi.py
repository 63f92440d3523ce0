"""Writes Kaldi's binary format: tokens, numbers, vectors and matrices after the two bytes that announce it."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Self

import numpy as np
import numpy.typing as npt

BINARY = b"\0B"
_FOUR_BYTES = b"\x04"
"""Before a number: how many bytes it has."""


class KaldiWriter:
    """Gathers the bytes of one file. Every method gives the writer back."""

    def __init__(self) -> None:
        self.data = bytearray(BINARY)

    def tokens(self, *names: str) -> Self:
        """Names such as ``<Topology>``, each followed by a space."""
        for name in names:
            self.data += name.encode() + b" "
        return self

    def text(self, text: str) -> Self:
        """Lines of text, as the network's configuration is written."""
        self.data += text.encode()
        return self

    def integers(self, *values: int) -> Self:
        """Whole numbers, 32 bits each."""
        for value in values:
            self.data += _FOUR_BYTES + struct.pack("<i", value)
        return self

    def real(self, value: float) -> Self:
        """A number of 32 bits."""
        self.data += _FOUR_BYTES + struct.pack("<f", value)
        return self

    def integer_vector(self, values: Iterable[int]) -> Self:
        """A list of whole numbers with its length."""
        packed = np.asarray(list(values), "<i4")
        self.data += _FOUR_BYTES + struct.pack("<i", len(packed)) + packed.tobytes()
        return self

    def vector(self, values: npt.ArrayLike) -> Self:
        """A vector of 32-bit numbers."""
        packed = np.asarray(values, "<f4")
        self.tokens("FV").integers(len(packed))
        self.data += packed.tobytes()
        return self

    def matrix(self, values: npt.ArrayLike) -> Self:
        """A matrix of 32-bit numbers, row by row."""
        packed = np.ascontiguousarray(values, "<f4")
        self.tokens("FM").integers(*packed.shape)
        self.data += packed.tobytes()
        return self
