"""G.711 by table, against libsndfile's."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from calls.wire.g711 import Law, decode

EVERY = bytes(range(256))


@pytest.mark.parametrize(("law", "subtype"), [(Law.MU, "ULAW"), (Law.A, "ALAW")])
def test_every_code_is_as_others_decode_it(law: Law, subtype: str) -> None:
    theirs, _ = soundfile.read(
        io.BytesIO(EVERY), dtype="int16", samplerate=8_000, channels=1, format="RAW", subtype=subtype
    )
    ours = np.frombuffer(decode(EVERY, law), dtype="<i2")
    assert ours.tolist() == theirs.tolist()


def test_nothing_is_nothing() -> None:
    assert decode(b"", Law.MU) == b""
