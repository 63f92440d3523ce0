"""What an agent reads in a call: a campaign's script, its steps, and the answers to them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from calls import templates
from calls.parts import Language, Name, Part, Title
from calls.toml_file import Fault, Place

Text = Annotated[
    str,
    Field(min_length=1, max_length=20_000, description="a text of 1 to 20000 characters, in quotes"),
    AfterValidator(templates.checked),
]
Texts = Annotated[dict[Language, Text], Field(min_length=1, description='a text for each language: {en = "..."}')]

MAX_STEPS = 200

MAX_ANSWER = 2_000
"""Characters of an answer that is not one of a step's own."""


class Step(Part):
    """``[[script.steps]]``: something to ask. ``answers``: what may be answered; none: any text."""

    id: Name
    say: Texts
    answers: Annotated[tuple[Title, ...], Field(max_length=50, description='a list of texts: ["yes", "no"]')] = ()


class Script(Part):
    """``[script]``: what the agent reads, with the lead's fields in their places."""

    text: Texts
    steps: Annotated[tuple[Step, ...], Field(max_length=MAX_STEPS, description="tables, [[script.steps]]")] = ()

    @model_validator(mode="after")
    def _once(self) -> Self:
        """Refuse two steps of one name: an answer would be to both."""
        ids = [step.id for step in self.steps]
        if twice := sorted({each for each in ids if ids.count(each) > 1}):
            raise Fault(f"two steps are named {twice[0]}: expected another id for each")
        return self

    def texts(self) -> Iterator[tuple[Place, str]]:
        """Each text of it with its place in the campaign's file."""
        for language, text in self.text.items():
            yield ("script", "text", language), text
        for index, step in enumerate(self.steps):
            for language, text in step.say.items():
                yield ("script", "steps", index, "say", language), text

    def step(self, name: str) -> Step | None:
        """The step of that id."""
        return next((each for each in self.steps if each.id == name), None)


def in_language(texts: Mapping[str, str], *wanted: str | None) -> tuple[str, str]:
    """The language and the text of the first of ``wanted`` that there is, else of the first in the file."""
    found = next((each for each in wanted if each is not None and each in texts), next(iter(texts)))
    return found, texts[found]
