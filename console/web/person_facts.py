"""What the page of a person tells of each thing that happened: names instead of ids, and where they lead to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from calls.records.times import as_time
from console.accounts.roles import Right
from console.people import EntryShown
from console.reads.names import Names
from console.web.house_time import HouseTime
from console.web.words import Words

IDS = ("call_id", "recording", "callback", "message")
"""Nothing for people: they stand in the entry's title."""

CODES = ("outcome", "direction", "state", "what", "consent")
"""Words of ours, and none of people; see ``words/LANGUAGE/history.toml``."""

TIMES = ("due_at", "expires_at", "withdrawn_at", "until")
BESIDE = ("sale_currency",)
"""Told with another."""

Value = str | int | float


@dataclass(frozen=True, slots=True)
class Fact:
    """``label`` is the key of its word, "" for one that needs none; ``path``: the page of it, "" where there is none;
    ``title``: its id."""

    label: str
    text: str
    path: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Told:
    """An entry. ``call``: the page of its call, ``hear``: of its recorded talk, "" where there is none for who looks;
    ``ids``: of it, for who looks for them elsewhere."""

    at: datetime
    kind: str
    facts: tuple[Fact, ...]
    call: str
    hear: str
    ids: str


class PersonFacts:
    """Tells entries in one language to somebody with ``rights``. ``lists``: of each lead of the person."""

    def __init__(
        self, names: Names, words: Words, local: HouseTime, rights: Iterable[Right], lists: Mapping[str, str]
    ) -> None:
        self._names = names
        self._words = words
        self._local = local
        self._rights = frozenset(rights)
        self._lists = lists

    def told(self, entry: EntryShown) -> Told:
        """The entry for people."""
        detail = entry.detail
        call, agent = str(detail.get("call_id", "")), str(detail.get("agent", ""))
        is_over = entry.kind in ("call", "said", "answer")
        heard = entry.kind == "call" and detail.get("recording") and agent and Right.RECORDINGS in self._rights
        ids = "; ".join(
            f"{self._words(f'people.d_{name}')} {detail[name]}" for name in IDS if detail.get(name) is not None
        )
        return Told(
            at=entry.at,
            kind=entry.kind,
            facts=tuple(self._facts(detail)),
            call=f"/calls/{quote(call, safe='')}" if is_over and call and Right.REPORTS in self._rights else "",
            hear=f"/quality/{quote(call, safe='')}?agent={quote(agent, safe='')}" if heard else "",
            ids=ids,
        )

    def _facts(self, detail: Mapping[str, Value]) -> Iterator[Fact]:
        for name, value in detail.items():
            if name not in IDS and name not in BESIDE:
                yield self._fact(name, value, detail)

    def _fact(self, name: str, value: Value, detail: Mapping[str, Value]) -> Fact:
        words, text, label = self._words, str(value), f"people.d_{name}"
        match name:
            case "agent" | "booked_by" | "by":
                return Fact(label, self._names.agent(text))
            case "campaign":
                path = f"/campaigns/{quote(text, safe='')}" if Right.CAMPAIGNS in self._rights else ""
                return Fact(label, self._names.campaign(text), path, text)
            case "lead":
                return Fact("people.list", self._lists.get(text, text), f"/people/{quote(text, safe='')}", text)
            case "disposition":
                said = self._names.disposition(text, _text(detail.get("campaign")), _text(detail.get("queue")))
                return Fact(label, said, title=text)
            case "sale_value":
                return Fact(label, f"{words.formats.inside(text)} {detail.get('sale_currency', '')}".rstrip())
            case _ if name in CODES:
                return Fact("" if name == "direction" else label, words.named("history.v_", text))
            case _ if name in TIMES:
                return Fact(label, self._time(text))
            case _ if name.endswith("_s") and isinstance(value, int | float):
                return Fact(label, words.formats.seconds(value, 1))
            case "reason" | "answer":
                return Fact(label, words.told(words.named("history.v_", text)))
            case _:
                return Fact(label, words.formats.plain(value) if isinstance(value, float) else text)

    def _time(self, text: str) -> str:
        try:
            return self._local(as_time(text))
        except ValueError:
            return self._words.formats.inside(text)


def _text(value: Value | None) -> str | None:
    return None if value is None else str(value)
