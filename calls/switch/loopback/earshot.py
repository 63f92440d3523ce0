"""What a caller has heard, for scripts that wait for a prompt."""

from __future__ import annotations

import asyncio


class Earshot:
    """The prompts of one call as they began and ended. One listener at a time: the caller."""

    def __init__(self) -> None:
        self._heard: list[tuple[str, bool]] = []
        self._listened_to = 0
        self._news = asyncio.Event()

    def tell(self, prompt: str, ended: bool) -> None:
        """A prompt begins, or has ended whole."""
        self._heard.append((prompt, ended))
        self._news.set()

    async def wait(self, prompt: str, ended: bool) -> None:
        """Return when this was told; each thing told is heard once, and nothing before it is heard any more."""
        while True:
            self._news.clear()
            if (prompt, ended) in self._heard[self._listened_to :]:
                self._listened_to = self._heard.index((prompt, ended), self._listened_to) + 1
                return
            await self._news.wait()
