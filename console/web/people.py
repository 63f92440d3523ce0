"""The pages of people: looked for, everything that happened with one, consents, given out whole, and erased."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Request, Response
from fastapi.responses import HTMLResponse
from starlette.datastructures import FormData

from calls.errors import UserError
from calls.people.consents import ConsentKind
from console import people as persons
from console.accounts.roles import Right
from console.accounts.store import Known
from console.consenting import ConsentOrder, WithdrawOrder
from console.downloads import DownloadOrder, Held
from console.people import EraseOrder
from console.reads import people, rules
from console.reads.names import Names
from console.web.guard import posted, require
from console.web.navigation import Entry, Group
from console.web.person_facts import PersonFacts, Told
from console.web.reads import Reads
from console.web.site import Site

ENTRIES = (Entry("/people", "nav.people", Right.PEOPLE, Group.PEOPLE, "people"),)

Sees = Annotated[Known, Depends(require(Right.PEOPLE))]
Rules = Annotated[Known, Depends(require(Right.RULES))]
Erases = Annotated[Known, Depends(require(Right.ERASE))]
Sent = Annotated[FormData, Depends(posted)]


def add(site: Site) -> None:
    """Add the pages."""
    reads = Reads(site.settings, site.engine, site.now)
    _add_shown(site, reads)
    _add_orders(site, reads)


def _add_shown(site: Site, reads: Reads) -> None:
    region = site.settings.engine.region

    @site.app.get("/people", response_class=HTMLResponse)
    async def search(request: Request, known: Sees, q: str = "") -> Response:
        found, problem = None, ""
        if q.strip():
            try:
                found = await reads.read(lambda db: people.search(db, q[:100], region))
            except UserError as refusal:
                problem = site.pages.words_of(request).told(str(refusal))
        return site.pages.show(request, "people.html", q=q, found=found, problem=problem)

    @site.app.get("/people/{person}", response_class=HTMLResponse)
    async def one(request: Request, person: str, known: Sees) -> Response:
        return await _shown(site, reads, request, known, person)

    @site.app.get("/people/{person}/export")
    async def export(request: Request, person: str, known: Sees) -> Response:
        found = await reads.read(lambda db: persons.export(db, site.settings, person))
        order = DownloadOrder(held=Held.PERSON, way="page", person=found.numbers[0])
        await site.engine.tell("POST", "/v1/downloads", order, known.account.name)
        name = "".join(letter for letter in found.numbers[0] if letter.isalnum())
        return Response(
            found.model_dump_json(indent=1),
            media_type="application/json",
            headers={"Content-Disposition": f'attachment; filename="person-{name}.json"'},
        )


async def _shown(
    site: Site,
    reads: Reads,
    request: Request,
    known: Known,
    person: str,
    problem: str = "",
    given: dict[str, str] | None = None,
) -> Response:
    words, local = site.pages.words_of(request), site.pages.local_of(request)
    found = await reads.read(lambda db: persons.show(db, site.settings, person))
    consents = await reads.read(
        lambda db: [(number, each) for number in found.numbers for each in rules.consents_of(db, number)]
    )
    forbidden = await reads.read(
        lambda db: [each for number in found.numbers for each in rules.forbidden(db, number).entries]
    )
    lists = {each.lead_id: each.list for each in found.leads}

    def tell(db: sqlite3.Connection) -> tuple[list[Told], dict[str, str]]:
        names = Names(db, site.settings, words.told)
        facts = PersonFacts(names, words, local, known.rights, lists)
        return [facts.told(each) for each in found.history], names.campaigns

    history, campaigns = await reads.read(tell)
    return site.pages.show(
        request,
        "person.html",
        409 if problem else 200,
        person=person,
        found=found,
        history=history,
        campaigns=campaigns,
        consents=consents,
        forbidden=[each for each in forbidden if each.number in found.numbers],
        kinds=[(each.value, words(f"people.kind_{each.value}")) for each in ConsentKind],
        problem=problem,
        given=given or {},
        numbers=[(each, each) for each in found.numbers],
    )


def _add_orders(site: Site, reads: Reads) -> None:
    def path(person: str) -> str:
        return f"/people/{quote(person, safe='')}"

    @site.app.post("/people/{person}/consent")
    async def give(request: Request, person: str, sees: Sees, known: Rules, form: Sent) -> Response:
        given, words = _given(form, "number", "kind", "source", "proof", "given_at"), site.pages.words_of(request)
        try:
            at = datetime.fromisoformat(given["given_at"]).replace(tzinfo=UTC) if given["given_at"] else site.now()
            order = ConsentOrder.model_validate({**given, "given_at": at})
            done = await site.engine.tell("POST", "/v1/consents", order, known.account.name)
        except (UserError, ValueError) as problem:
            why = words.told(str(problem)) if isinstance(problem, UserError) else words("people.bad_consent")
            told = words("people.not_kept", why=why)
            return await _shown(site, reads, request, known, person, told, given)
        return site.pages.go(path(person), words.sentence(done.said))

    @site.app.post("/people/{person}/withdraw")
    async def withdraw(request: Request, person: str, sees: Sees, known: Rules, form: Sent) -> Response:
        given, words = _given(form, "number", "kind", "reason"), site.pages.words_of(request)
        try:
            order = WithdrawOrder.model_validate(given)
            done = await site.engine.tell("POST", "/v1/consents/withdraw", order, known.account.name)
        except (UserError, ValueError) as problem:
            why = words.told(str(problem)) if isinstance(problem, UserError) else words("people.bad_consent")
            return site.pages.go(path(person), why, "bad")
        return site.pages.go(path(person), words.sentence(done.said))

    @site.app.post("/people/{person}/erase")
    async def erase(request: Request, person: str, sees: Sees, known: Erases, form: Sent) -> Response:
        given, words = _given(form, "reason", "sure"), site.pages.words_of(request)
        if given["sure"] != "on":
            return await _shown(site, reads, request, known, person, words("people.say_sure"), given)
        try:
            order = EraseOrder(reason=given["reason"])
            done = await site.engine.tell("POST", f"/v1{path(person)}/erase", order, known.account.name)
        except (UserError, ValueError) as problem:
            told = words.told(str(problem)) if isinstance(problem, UserError) else words("people.say_why")
            return await _shown(site, reads, request, known, person, told, given)
        return site.pages.go("/people", words.sentence(done.said))


def _given(form: FormData, *names: str) -> dict[str, str]:
    return {name: str(form.get(name, "")).strip() for name in names}
