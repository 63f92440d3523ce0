"""The page of the messages that callers left: who waits to be heard, heard in the page, and deleted."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from fastapi import Depends, Query, Request, Response
from fastapi.responses import HTMLResponse
from starlette.datastructures import FormData

from calls.errors import UserError
from calls.ids import is_safe_id
from calls.records import voicemail
from console.accounts.roles import Right
from console.accounts.store import Known
from console.reads import callbacks
from console.web.guard import Refused, posted, require
from console.web.navigation import Entry, Group
from console.web.reads import Reads
from console.web.recordings import Recordings
from console.web.site import Site

ENTRIES = (Entry("/messages", "nav.messages", Right.RECORDINGS, Group.PEOPLE, "messages"),)

SHOWN = 200
"""The newest; who has more of them unheard hears these first."""

NONE = "there is no such message"

Hears = Annotated[Known, Depends(require(Right.RECORDINGS))]
Sent = Annotated[FormData, Depends(posted)]
Mailbox = Annotated[str, Query(max_length=64)]


def add(site: Site) -> None:
    """Add the page, its recordings and orders."""
    reads = Reads(site.settings, site.engine, site.now)
    heard = Recordings(reads)

    @site.app.get("/messages", response_class=HTMLResponse)
    async def messages(request: Request, known: Hears, mailbox: Mailbox = "") -> Response:
        numbers = Right.PEOPLE in known.rights
        found = await reads.read(lambda db: callbacks.messages(db, None, numbers=numbers))
        boxes = sorted({each.mailbox for each in found})
        rows = [each for each in reversed(found) if mailbox in ("", each.mailbox)]
        return site.pages.show(
            request,
            "messages.html",
            messages=rows[:SHOWN],
            left_out=len(rows) - len(rows[:SHOWN]),
            mailbox=mailbox,
            mailboxes=[("", site.pages.words_of(request)("messages.all")), *((each, each) for each in boxes)],
            numbers=numbers,
        )

    @site.app.get("/messages/{message_id}/recording")
    async def recording(message_id: str, known: Hears) -> Response:
        found = await reads.read(lambda db: voicemail.message(db, message_id))
        if found is None or not is_safe_id(message_id):
            raise UserError(NONE)
        return await heard.message(found.call_id, message_id, known)

    @site.app.post("/messages/{message_id}/{order}")
    async def change(request: Request, message_id: str, order: str, known: Hears, form: Sent) -> Response:
        path = f"/v1/voicemail/{quote(message_id, safe='')}"
        ways = {"heard": ("POST", f"{path}/heard"), "delete": ("DELETE", path)}
        if order not in ways:
            raise Refused(404, f"there is no order {order!a} for a message")
        words = site.pages.words_of(request)
        back = f"/messages?mailbox={quote(str(form.get('mailbox', '')), safe='')}"
        try:
            await site.engine.tell(*ways[order], who=known.account.name)
        except UserError as problem:
            return site.pages.go(back, words.told(str(problem)), "bad")
        return site.pages.go(back, words(f"messages.was_{'heard' if order == 'heard' else 'deleted'}"))
