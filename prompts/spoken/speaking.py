"""From a value to the pieces that say it."""

from __future__ import annotations

from typing import assert_never

from prompts.spoken import amounts, characters, numbers, values
from prompts.spoken.kinds import Kind, SpokenError, Value
from prompts.spoken.languages import language_of


def spoken(value: Value, kind: Kind, language: str, currency: str | None = None) -> tuple[str, ...]:
    """The keys of the pieces that say ``value``, in the order in which they are played.

    ``language`` is a tag; ``currency`` an ISO 4217 code, for :attr:`Kind.MONEY`.

    Raises:
        SpokenError: the value is not of this kind, or the language or the currency is not known.
    """
    known = language_of(language)
    match kind:
        case Kind.NUMBER:
            return tuple(numbers.number_keys(known, values.number_of(value)))
        case Kind.ORDINAL:
            return tuple(numbers.ordinal_keys(known, values.whole_of(value)))
        case Kind.DIGITS:
            return tuple(characters.digits_keys(values.text_of(value)))
        case Kind.SPELLED:
            return tuple(characters.spelled_keys(known, values.text_of(value)))
        case Kind.PHONE:
            return tuple(characters.phone_keys(known, values.text_of(value)))
        case Kind.DATE:
            return tuple(known.date_keys(known, values.date_of(value)))
        case Kind.TIME:
            return tuple(known.time_keys(values.time_of(value)))
        case Kind.MONEY:
            if currency is None:
                raise SpokenError("an amount of money needs its currency, such as EUR")
            return tuple(amounts.money_keys(known, values.number_of(value), currency))
        case Kind.DURATION:
            return tuple(amounts.duration_keys(known, values.seconds_of(value)))
        case Kind.TEXT:
            raise SpokenError("a text is not composed of pieces: it is synthesised when it is needed")
        case _:
            assert_never(kind)
