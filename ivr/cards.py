"""A payment card while a caller pays with it: sent once, and wiped. Nothing here can be shown or kept."""

from __future__ import annotations

from dataclasses import dataclass


class Digits:
    """Digits that are never shown: not by ``str``, ``repr``, a format or a pickle. :meth:`wipe` forgets them."""

    __slots__ = ("_digits",)

    def __init__(self, digits: str) -> None:
        self._digits = bytearray(digits.encode("ascii"))

    def reveal(self) -> str:
        """The digits, for the one request that needs them; "" once they are wiped."""
        return self._digits.decode("ascii")

    def wipe(self) -> None:
        """Write zeros over them, and forget how many they were."""
        self._digits[:] = bytes(len(self._digits))
        self._digits.clear()

    def __repr__(self) -> str:
        return "***"

    def __reduce__(self) -> str | tuple[object, ...]:
        raise TypeError("a card's digits are not pickled")


@dataclass(frozen=True, slots=True)
class Card:
    """One card. ``expiry`` is MMYY; ``code`` is None where it was not asked for."""

    number: Digits
    expiry: Digits
    code: Digits | None = None

    @property
    def last4(self) -> str:
        """What may be told of it."""
        return self.number.reveal()[-4:]

    def wipe(self) -> None:
        """Forget it."""
        for each in (self.number, self.expiry, self.code):
            if each is not None:
                each.wipe()
