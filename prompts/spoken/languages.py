"""The languages that values are spoken in. Another one is a module beside these and a line here."""

from __future__ import annotations

from collections.abc import Mapping

from prompts.spoken.english import ENGLISH
from prompts.spoken.french import FRENCH
from prompts.spoken.german import GERMAN
from prompts.spoken.kinds import SpokenError
from prompts.spoken.language import Language
from prompts.spoken.spanish import SPANISH

LANGUAGES: Mapping[str, Language] = {each.code: each for each in (GERMAN, ENGLISH, SPANISH, FRENCH)}


def language_of(tag: str) -> Language:
    """The language of a tag; one with a region falls back to its language, ``de-AT`` to ``de``.

    Raises:
        SpokenError: values are not spoken in it.
    """
    found = LANGUAGES.get(tag.split("-", 1)[0])
    if found is None:
        raise SpokenError(
            f"no values are spoken in {tag!r}; expected one of {', '.join(LANGUAGES)}, or a region of it"
        )
    return found
