"""Written texts as somebody reads them aloud: ``12.5%`` is twelve point five percent. Pure."""

from prompts.aloud.pronunciation import Pronunciation
from prompts.aloud.reading import left_unread, read_aloud

__all__ = ["Pronunciation", "left_unread", "read_aloud"]
