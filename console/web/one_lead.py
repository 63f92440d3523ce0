"""The page of one lead of a list: found by a number, mended, and taken out of its list."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse
from starlette.datastructures import FormData

from calls.errors import CallwrightError
from console import one_lead
from console.accounts.roles import Right
from console.accounts.store import Known
from console.one_lead import OneLead
from console.reads.names import Names
from console.web.guard import posted, require
from console.web.navigation import Entry
from console.web.reads import Reads
from console.web.site import Site
from dialer.order import Kind

ENTRIES: tuple[Entry, ...] = ()

FIELD = "field:"
"""What the name of an input begins with that is a field of the lead."""

BLANK_ROWS = 1
"""Numbers that may be added at a time."""

Manages = Annotated[Known, Depends(require(Right.LEADS))]
Sees = Annotated[Known, Depends(require(Right.PEOPLE))]
Sent = Annotated[FormData, Depends(posted)]


class BadForm(Exception):
    """What was typed can be nothing; ``word`` says so."""

    def __init__(self, word: str) -> None:
        self.word = word
        super().__init__(word)


def add(site: Site) -> None:
    """Add the pages."""
    reads = Reads(site.settings, site.engine, site.now)
    _add_shown(site, reads)
    _add_orders(site, reads)


def _add_shown(site: Site, reads: Reads) -> None:
    @site.app.get("/lists/{name}/find")
    async def find(request: Request, name: str, known: Manages, sees: Sees, number: str = "") -> Response:
        try:
            found = await reads.read(lambda db: one_lead.show(db, site.settings, name, number.strip()[:40]))
        except CallwrightError as problem:
            return site.pages.go(_list(name), site.pages.words_of(request).told(str(problem)), "bad")
        return site.pages.go(_path(name, found.numbers[0].number))

    @site.app.get("/lists/{name}/leads/{number}", response_class=HTMLResponse)
    async def one(request: Request, name: str, number: str, known: Manages, sees: Sees) -> Response:
        return await _shown(site, reads, request, name, number)


async def _shown(
    site: Site,
    reads: Reads,
    request: Request,
    name: str,
    number: str,
    problem: str = "",
    given: Mapping[str, str] | None = None,
) -> Response:
    """``given``: what was typed, and could not be done for ``problem``."""
    found = await reads.read(lambda db: one_lead.show(db, site.settings, name, number))
    campaigns = await reads.read(lambda db: Names(db, site.settings).campaigns)
    words = site.pages.words_of(request)
    return site.pages.show(
        request,
        "one_lead.html",
        409 if problem else 200,
        found=found,
        seen=json.dumps(_inputs(found)),
        inputs=_inputs(found) | dict(given or {}),
        rows=range(len(found.numbers) + BLANK_ROWS),
        kinds=[(each.value, words(f"lead.kind_{each.value}")) for each in Kind],
        fields={f"{FIELD}{key}": key for key in found.fields},
        zones=sorted({zone for each in found.numbers for zone in each.time_zones}),
        campaigns=campaigns,
        problem=problem,
    )


def _inputs(found: OneLead) -> dict[str, str]:
    """What stands in the form's inputs, by their names."""
    texts = {f"{FIELD}{key}": text for key, text in found.fields.items()}
    texts |= {"name": found.name, "priority": str(found.priority), "time_zone": found.given_zone}
    for place, each in enumerate(found.numbers):
        texts |= {f"number.{place}": each.number, f"kind.{place}": each.kind.value}
    return texts


def _add_orders(site: Site, reads: Reads) -> None:
    @site.app.post("/lists/{name}/leads/{number}/edit", response_class=HTMLResponse)
    async def edit(request: Request, name: str, number: str, known: Manages, sees: Sees, form: Sent) -> Response:
        words = site.pages.words_of(request)
        given = {key: str(value).strip() for key, value in form.items() if key not in ("csrf", "seen")}
        try:
            order = _order(given, dict(json.loads(str(form.get("seen", "{}")))), site.settings.engine.region)
            content = json.dumps(order).encode()
            answer = await site.engine.ask("PATCH", _api(name, number), content, known.account.name)
        except BadForm as problem:
            return await _shown(site, reads, request, name, number, words(problem.word), given)
        except (CallwrightError, ValueError) as problem:
            return await _shown(site, reads, request, name, number, words.told(str(problem)), given)
        said = [words.sentence(line) for line in str(answer.json()["said"]).splitlines()]
        first = next((each for each, _ in _numbers(given)), number)
        return site.pages.go(f"{_list(name)}/find?{urlencode({'number': first})}", "\n".join(said))

    @site.app.post("/lists/{name}/leads/{number}/remove")
    async def remove(request: Request, name: str, number: str, known: Manages, form: Sent) -> Response:
        words = site.pages.words_of(request)
        try:
            done = await site.engine.tell("DELETE", _api(name, number), who=known.account.name)
        except CallwrightError as problem:
            return site.pages.go(_path(name, number), words.told(str(problem)), "bad")
        return site.pages.go(_list(name), words.sentence(done.said))


def _order(given: Mapping[str, str], seen: Mapping[str, str], region: str | None) -> dict[str, object]:
    """What is to be asked of the engine: what was typed where something else stood.

    Raises:
        BadForm: the priority is none.
    """
    order: dict[str, object] = {}
    changed = {key: text for key, text in given.items() if text != seen.get(key, "")}
    if (wanted := _numbers(given)) != _numbers(seen):
        order["numbers"] = [{"number": number, "kind": kind} for number, kind in wanted]
        order["was"] = [number for number, _ in _numbers(seen)]
        if region:
            order["region"] = region
    order |= {key: changed[key] for key in ("name", "time_zone") if key in changed}
    if "priority" in changed:
        try:
            order["priority"] = int(changed["priority"] or "0")
        except ValueError as problem:
            raise BadForm("lists.bad_priority") from problem
    fields = {key.removeprefix(FIELD): text for key, text in changed.items() if key.startswith(FIELD)}
    if given.get("new_field"):
        fields[given["new_field"]] = given.get("new_text", "")
    return order | ({"fields": fields} if fields else {})


def _numbers(inputs: Mapping[str, str]) -> list[tuple[str, str]]:
    """The numbers in the inputs, each with its kind, in their order."""
    places = sorted(int(key.removeprefix("number.")) for key in inputs if re.fullmatch(r"number\.[0-9]{1,2}", key))
    found = [(inputs[f"number.{place}"], inputs.get(f"kind.{place}", Kind.OTHER.value)) for place in places]
    return [(number, kind) for number, kind in found if number]


def _list(name: str) -> str:
    return f"/lists/{quote(name, safe='')}"


def _path(name: str, number: str) -> str:
    return f"{_list(name)}/leads/{quote(number, safe='')}"


def _api(name: str, number: str) -> str:
    return f"/v1{_path(name, number)}"
