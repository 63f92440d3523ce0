"""Workers that break their word, each in one way: ``python -I bad_worker.py WAY``."""

from __future__ import annotations

import os
import sys
import threading
import time

from ivr.speech.frames import Decoder, Finish, Loaded, Ping, Pong, Told, encode
from ivr.speech.recognizer import Final, Partial

THINKS_S = {"thinks": 2.5, "broods": 15.0}


def main(way: str) -> None:
    os.read(0, 65_536)
    match way:
        case "dies":
            os._exit(1)
        case "never-loads":
            threading.Event().wait()
        case "nonsense-at-once":
            os.write(1, b"HTTP/1.1 200 OK\r\n\r\n" * 10)
        case "speaks-out-of-turn":
            os.write(1, encode(Pong()))
    os.write(1, encode(Loaded()))
    if way in THINKS_S:
        think(THINKS_S[way])
    while os.read(0, 65_536):
        match way:
            case "nonsense":
                os.write(1, b"\xff" * 100)
            case "loads-again":
                os.write(1, encode(Loaded()))
            case "goes-on":
                os.write(1, b"".join(encode(Told(each, Partial("told to nobody, and to you"))) for each in (1, 2)))
            case _:
                os.write(1, encode(Pong()))
    if way == "stays":
        threading.Event().wait()


def think(for_s: float) -> None:
    """Live, and take so many seconds for every answer."""
    decoder = Decoder()
    while data := os.read(0, 65_536):
        for message in decoder.feed(data):
            if isinstance(message, Ping):
                os.write(1, encode(Pong()))
            elif isinstance(message, Finish):
                time.sleep(for_s)
                os.write(1, encode(Told(message.session, Final("a thought"))))


if __name__ == "__main__":
    main(sys.argv[1])
