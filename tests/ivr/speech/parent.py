"""A process with one worker, for tests that kill it: prints the worker's process id once it is up."""

from __future__ import annotations

import asyncio
import sys

from calls import log
from ivr.speech.events import SpeechBegan
from ivr.speech.expected import Expected, SpokenKind
from ivr.speech.service import SpeechService
from tests.ivr.speech.services import SCRIPTED, feed, utterance


async def main(words: str) -> None:
    async with SpeechService(SCRIPTED, 1) as service:
        await service.ready()
        (worker,) = service.workers
        async with service.open(Expected(SpokenKind.FREE, "en")) as hearing:
            feed(hearing, utterance(words))
            assert isinstance(await hearing.next_event(), SpeechBegan)
            sys.stdout.write(f"{worker.pid}\n")
            sys.stdout.flush()
            await asyncio.Event().wait()


if __name__ == "__main__":
    log.configure(sys.stderr, "error")
    asyncio.run(main(sys.argv[1]))
