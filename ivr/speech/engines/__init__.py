"""The engines that there are, and the recogniser of a language by the settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from calls.errors import SpeechError
from calls.settings import SpeechModel, SpeechSettings
from ivr.speech.recognizer import GROUP, Engine, Recognizer

OUR_OWN = {name: f"ivr.speech.engines.{name}:load" for name in ("vosk", "pocketsphinx", "scripted")}
"""There whether or not Callwright is installed as a package."""


@dataclass(frozen=True, slots=True)
class _Named:
    """An engine by its entry point, imported when it is first wanted: its library may not be installed."""

    point: EntryPoint

    def __call__(self, language: str, model: Path | None) -> Recognizer:
        try:
            load = self.point.load()
        except (ImportError, AttributeError) as error:
            raise SpeechError(
                f"the engine {self.point.name!r} cannot be loaded ({error}): install the extra speech of Callwright,"
                " or the package that the engine is from"
            ) from error
        recognizer: Recognizer = load(language, model)
        return recognizer


def engines() -> Mapping[str, Engine]:
    """Every engine by its name: our own three, and those of installed packages in the group of entry points.

    A package cannot take the name of one of ours. Nothing is imported before an engine is called.
    """
    others = {point.name: _Named(point) for point in entry_points(group=GROUP)}
    ours = {name: _Named(EntryPoint(name, value, GROUP)) for name, value in OUR_OWN.items()}
    return others | ours


def model_for(settings: SpeechSettings, language: str) -> SpeechModel | None:
    """The model of ``language``, else that of the language without its region (``en`` of ``en-GB``), else None."""
    by_language = {model.language: model for model in settings.served}
    return by_language.get(language) or by_language.get(language.partition("-")[0])


def recognizer_for(settings: SpeechSettings, language: str) -> Recognizer:
    """Load the engine and the model that serve ``language``. Seconds, with a large model.

    Raises:
        SpeechError: no model serves it, no engine has that name, or the model cannot be loaded.
    """
    model = model_for(settings, language)
    if model is None:
        raise SpeechError(
            f"no model understands {language}: get one and add it with callwright speech add {language} FOLDER"
        )
    return load(model)


def load(model: SpeechModel) -> Recognizer:
    """The recogniser of ``model``.

    Raises:
        SpeechError: no engine has that name, or the model cannot be loaded.
    """
    found = engines()
    if model.engine not in found:
        known = ", ".join(sorted(found))
        raise SpeechError(f"no engine of speech recognition is named {model.engine!r}: expected one of {known}")
    return found[model.engine](model.language, model.folder)
