"""The law on recording telephone talks, by state of the United States, as data. Pure.

In the states below all who talk must agree to a recording, or at least know of it; elsewhere in the United States one
of them is enough (18 USC 2511(2)(d)). Those of which that is contested are among them, for who is told cannot
complain. Each row says where it was read and how: **confirm each with counsel before the first call.**
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType

COUNSEL = "confirm with counsel before the first call"
READ_ON = date(2026, 11, 30)
"""When the rows below were read last."""

UNITED_STATES = "US"


class Reading(StrEnum):
    """How a statute was read. None of the states' own pages of today could be read whole: they were not reachable."""

    COPY = "the section in a copy of the code"
    ACT = "the section in an act of the state, as its archives have it"
    QUOTED = "its words as others quote them"


@dataclass(frozen=True, slots=True)
class RecordingLaw:
    """The rule of one state. ``asks``: of whom records, in our words; ``read_in``: where exactly."""

    statute: str
    asks: str
    reading: Reading
    read_in: str
    on_recording: bool = False
    """What tells of the recording must itself be on it: it begins before the announcement does."""
    contested: str = ""
    """What speaks for one who talks being enough."""
    read_on: date = READ_ON
    note: str = COUNSEL


_TABLE = "a table of these laws in a public source repository, which names the state's own page and 2026-07-28"
"""Where the words of many were seen beside a second place; the repository's name was not shown with it."""

ALL_AGREE: Mapping[str, RecordingLaw] = MappingProxyType(
    {
        "CA": RecordingLaw(
            "Cal. Penal Code 632(a)",
            "the consent of all to the recording of a confidential communication",
            Reading.COPY,
            "self-law.org",
        ),
        "CT": RecordingLaw(
            "Conn. Gen. Stat. 52-570d(a)",
            "consent of all in writing or at the start of the recording, or a spoken notice recorded at its "
            "beginning, or a tone each fifteen seconds",
            Reading.COPY,
            f"lawserver.com; {_TABLE}",
            on_recording=True,
        ),
        "DE": RecordingLaw(
            "11 Del. C. 1335(a)(4)",
            "the consent of all to the interception of a message by telephone",
            Reading.COPY,
            f"lawserver.com; {_TABLE}",
            contested="11 Del. C. 2402(c)(4), where the consent of one is enough (as rcfp.org has it, 2012)",
        ),
        "FL": RecordingLaw(
            "Fla. Stat. 934.03(2)(d)",
            "the prior consent of all",
            Reading.QUOTED,
            f"{_TABLE}; the analysis of House Bill 1281 (2024) by the House's staff, app.legiplex.com; of the "
            "Legislature's page (leg.state.fl.us, statutes of 2024) only subsection (1) was seen",
        ),
        "IL": RecordingLaw(
            "720 ILCS 5/14-2(a)",
            "the consent of all others to the surreptitious recording of a private conversation",
            Reading.QUOTED,
            f"payonklaw.com; {_TABLE}; of the General Assembly's page and of the act that made it so (Public Act "
            "98-1142, ilga.gov) only the definitions were seen; a copy of 2006 of the section that this one replaced "
            "(kirschenbaumesq.com) asks for the consent of all as well",
        ),
        "MD": RecordingLaw(
            "Md. Code, Cts. & Jud. Proc. 10-402(c)(3)",
            "being one who talks, and the prior consent of all",
            Reading.ACT,
            f"Laws of Maryland 2006, chapter 300, msa.maryland.gov; as of today by {_TABLE}",
        ),
        "MA": RecordingLaw(
            "Mass. Gen. Laws ch. 272, 99(B)(4), (C)",
            "no secret recording by anybody without prior authority of all",
            Reading.QUOTED,
            f"malawforum.com; alumni.media.mit.edu, after rtnda.org; a training bulletin of Boston's police on "
            f"scribd.com; {_TABLE}; the General Court's own page was not reached",
        ),
        "MI": RecordingLaw(
            "Mich. Comp. Laws 750.539c",
            "the consent of all to eavesdropping upon a private conversation by a device",
            Reading.QUOTED,
            f"dmlp.org; monroecountylawyers.com (2020); {_TABLE}",
            contested="750.539a(2), as House Bills 5805 (2004) and 5352 (2005) give it (legislature.mi.gov): "
            "eavesdropping is upon the discourse of others, as Sullivan v. Gray (1982) reads it; the case itself was "
            "not read",
        ),
        "MT": RecordingLaw(
            "Mont. Code 45-8-213(1)(c), (2)(a)",
            "that all know of the recording by a hidden device; who was warned does",
            Reading.QUOTED,
            f"rmcattorneys.com; the exceptions by rcfp.org (2020); {_TABLE}; of the Legislature's pages (leg.mt.gov) "
            "other sections were seen, and not this one",
        ),
        "NV": RecordingLaw(
            "Nev. Rev. Stat. 200.620(1)",
            "the consent of one, and an emergency which a court ratifies: otherwise that of all, as Lane v. Allstate "
            "(1998) is said to read it; the case itself was not read",
            Reading.COPY,
            "getpocketlaw.com; shouselaw.com",
        ),
        "NH": RecordingLaw(
            "N.H. Rev. Stat. 570-A:2", "the consent of all", Reading.COPY, "law.justia.com, the code of 2017"
        ),
        "PA": RecordingLaw(
            "18 Pa. C.S. 5703, 5704(4)",
            "the prior consent of all",
            Reading.QUOTED,
            f"5703 in sites.law.duq.edu (2019); 5704(4) in {_TABLE}; of 5704 in a copy of 2010 (law.justia.com) only "
            "(1) and (2) were seen",
        ),
        "WA": RecordingLaw(
            "Wash. Rev. Code 9.73.030(1), (3)",
            "the consent of all, which an announcement to all stands for where it is recorded too",
            Reading.COPY,
            f"wa-law.org; {_TABLE}",
            on_recording=True,
        ),
    }
)
"""States of the United States by their postal code. That there are no others is by recordphonecall.com, "One-Party
vs. All-Party Consent", metaverse.law, "Two-Party Consent Requirements for Recording Calls", and callsphere.ai, "State
Call Recording Laws", which do not agree on all of these; read on 2026-11-30."""


def on_recording(region: str) -> bool:
    """Whether somebody in ``region`` (``US-WA``) must be told on the recording itself. Who is in the United States,
    and nobody knows where, may be in such a state."""
    country, _, state = region.partition("-")
    if country != UNITED_STATES:
        return False
    return not state or (state in ALL_AGREE and ALL_AGREE[state].on_recording)


def in_words(state: str, law: RecordingLaw) -> str:
    """A row in a line: what it asks, where it was read and how."""
    contested = f"; contested: {law.contested}" if law.contested else ""
    on_it = "; **on the recording itself**" if law.on_recording else ""
    return (
        f"{state}: {law.asks}{on_it} ({law.statute}; {law.reading.value}: {law.read_in}; {law.read_on}{contested};"
        f" {law.note})"
    )
