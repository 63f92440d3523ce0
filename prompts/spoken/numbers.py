"""Numbers: hundreds and 0 to 99 are whole pieces, thousand and the rest are counted."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from prompts.spoken import words
from prompts.spoken.kinds import SpokenError
from prompts.spoken.language import PREFIX, Form, Language

MAX = 999_999_999_999
"""The greatest number, either side of zero: what money and counts need; beyond it scales have no common names."""

MAX_ORDINAL = 999

MINUS = PREFIX + "minus"
POINT = PREFIX + "point"


def number_keys(language: Language, value: Decimal) -> Iterator[str]:
    """A number that counts nothing, its decimal digits one by one."""
    if value < 0:
        yield MINUS
    whole, _, decimals = f"{abs(value):f}".partition(".")
    yield from cardinal_keys(language, int(whole))
    if decimals:
        yield POINT
        yield from (PREFIX + digit for digit in decimals)


def cardinal_keys(language: Language, number: int, form: Form = Form.ALONE) -> Iterator[str]:
    """A whole number from 0 to :data:`MAX` before what it counts."""
    for scale in language.scales:
        if number < scale.value:
            continue
        count, rest = divmod(number, scale.value)
        if count == 1 and scale.one is not None:
            yield f"{PREFIX}{scale.name}.one"
        else:
            yield from cardinal_keys(language, count, _counting(scale.form, form))
            yield f"{PREFIX}{scale.name}"
        if rest:
            yield from cardinal_keys(language, rest, form)
        return
    hundreds, rest = number - number % 100, number % 100
    if hundreds and rest:
        yield _hundreds_key(language, hundreds, form)
        yield _key(language, rest, form)
    else:
        yield _key(language, number, form)


def ordinal_keys(language: Language, number: int) -> Iterator[str]:
    """A place from 1 to :data:`MAX_ORDINAL`.

    Raises:
        SpokenError: another number.
    """
    if not 1 <= number <= MAX_ORDINAL:
        raise SpokenError(f"{number} is not a place between 1 and {MAX_ORDINAL}")
    hundreds, rest = number - number % 100, number % 100
    if not hundreds or not rest:
        yield f"{PREFIX}ordinal-{number}"
        return
    yield (
        f"{PREFIX}ordinal-{hundreds}" if language.ordinal_hundreds else _hundreds_key(language, hundreds, Form.ALONE)
    )
    yield f"{PREFIX}ordinal-{rest}" + ("-after" if rest in language.ordinals_after else "")


def number_texts(language: Language) -> dict[str, str]:
    """Every piece of :func:`number_keys`, :func:`cardinal_keys` and :func:`ordinal_keys`."""
    alone = (*range(100), *range(100, 1_000, 100))
    texts = {f"{PREFIX}{number}": words.cardinal(language.code, number) for number in alone}
    for form, changed in language.forms.items():
        texts |= {f"{PREFIX}{number}{form.value}": text for number, text in changed.items()}
    texts |= {f"{PREFIX}{number}-before": text for number, text in language.before.items()}
    for scale in language.scales:
        texts[f"{PREFIX}{scale.name}"] = scale.other
        if scale.one is not None:
            texts[f"{PREFIX}{scale.name}.one"] = scale.one
    texts |= {MINUS: language.minus, POINT: language.point}
    for number in (*range(1, 100), *range(100, 1_000, 100)):
        known = language.ordinals.get(number) or words.ordinal(language.code, number)
        texts[f"{PREFIX}ordinal-{number}"] = known
    return texts | {f"{PREFIX}ordinal-{number}-after": text for number, text in language.ordinals_after.items()}


def _counting(scale: Form | None, outer: Form) -> Form:
    """The form of the number before a scale; Spanish thousands agree with what is counted (doscientas mil libras)."""
    if scale is not None:
        return scale
    return Form.MASCULINE if outer is Form.ALONE else outer


def _hundreds_key(language: Language, hundreds: int, form: Form) -> str:
    return f"{PREFIX}{hundreds}-before" if hundreds in language.before else _key(language, hundreds, form)


def _key(language: Language, number: int, form: Form) -> str:
    return f"{PREFIX}{number}{form.value if number in language.forms.get(form, {}) else ''}"
