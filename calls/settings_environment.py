"""Single settings by variables of the environment: ``CALLWRIGHT_<SECTION>__<KEY>`` before the file's value."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, get_args, get_origin

from pydantic import TypeAdapter, ValidationError

from calls.errors import Location, SettingsError
from calls.parts import Part
from calls.toml_file import Document, Place

PREFIX = "CALLWRIGHT_"


def with_environment(model: type[Part], file: Document, env: Mapping[str, str]) -> Document:
    """The document with the environment's values in it, and which variable gave which; ``model``: what it is read as.

    Raises:
        SettingsError: names a variable that stands for no setting, and what was expected.
    """
    data: dict[str, object] = {
        key: dict(value) if isinstance(value, dict) else value for key, value in file.data.items()
    }
    variables: dict[Place, str] = {}
    for variable in sorted(env):
        place = _place_of(variable)
        if place is None:
            continue
        annotation = _annotation(model, place, variable)
        *sections, key = place
        table = data
        for section in sections:
            inner = table.setdefault(section, {})
            if not isinstance(inner, dict):
                raise SettingsError("expected a table", file.where((section,)))
            table = inner
        table[key] = _parsed(env[variable], annotation)
        variables[place] = variable
    return Document(data, file.path, file.lines, variables)


def _place_of(variable: str) -> tuple[str, ...] | None:
    """Which setting a variable stands for; None for one that is no setting's."""
    if not variable.startswith(PREFIX):
        return None
    place = tuple(variable.removeprefix(PREFIX).lower().split("__"))
    return place if len(place) > 1 or place[0] in ("flows", "campaigns") else None


def _annotation(whole: type[Part], place: tuple[str, ...], variable: str) -> object:
    model = whole
    for section in place[:-1]:
        inner = model.model_fields[section].annotation if section in model.model_fields else None
        if not (isinstance(inner, type) and issubclass(inner, Part)):
            raise SettingsError(
                f"no section of single values: expected {PREFIX}<SECTION>__<KEY> with one of"
                f" {', '.join(_sections(whole))}; lists of tables stand in the file",
                Location(key=variable),
            )
        model = inner
    if place[-1] not in model.model_fields:
        raise SettingsError(
            f"no such setting: expected one of {', '.join(sorted(model.model_fields)).upper()}",
            Location(key=variable),
        )
    return model.model_fields[place[-1]].annotation


def _sections(model: type[Part]) -> list[str]:
    found = ((name, each.annotation) for name, each in model.model_fields.items())
    return [name.upper() for name, kind in found if isinstance(kind, type) and issubclass(kind, Part)]


def _parsed(text: str, annotation: object) -> object:
    """The variable's text as the file would have it; what does not fit is left to the check of the model."""
    if get_origin(annotation) is tuple:
        member = get_args(annotation)[0]
        kind = get_args(member)[0] if get_origin(member) is Annotated else member
        return [_parsed(part.strip(), kind) for part in text.split(",") if part.strip()]
    if annotation not in (int, float, bool):
        return text
    try:
        return TypeAdapter(annotation).validate_python(text)
    except ValidationError:
        return text
