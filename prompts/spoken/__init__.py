"""Values said by pieces that are rendered ahead: 234 is ``two hundred`` and ``thirty-four``. Pure."""

from prompts.spoken.kinds import Kind, SpokenError, Value
from prompts.spoken.language import PAUSE, PREFIX, SILENCE
from prompts.spoken.speaking import spoken
from prompts.spoken.vocabulary import vocabulary

__all__ = ["PAUSE", "PREFIX", "SILENCE", "Kind", "SpokenError", "Value", "spoken", "vocabulary"]
