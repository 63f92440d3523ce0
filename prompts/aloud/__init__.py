"""Written texts as somebody reads them aloud: ``12.5%`` is twelve point five percent. Pure."""

from prompts.aloud.pronunciation import Pronunciation
from prompts.aloud.reading import read_aloud

__all__ = ["Pronunciation", "read_aloud"]
