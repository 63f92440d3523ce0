"""Parts of a campaign's page that come later: what it does now, a forecast, and what a change would bring.

Each is a page of its own as well, for browsers without scripts; ``campaign.js`` takes the part of it.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import Depends, Query, Request, Response
from fastapi.responses import HTMLResponse, JSONResponse

from calls.errors import UserError
from console.accounts.roles import Right
from console.accounts.store import Known
from console.campaign_show import CampaignDetail
from console.reads.campaigns import waiting
from console.reads.names import Names
from console.web.engine import EngineWay
from console.web.guard import require
from console.web.house_time import HouseTime
from console.web.reads import Reads
from console.web.site import Site
from console.web.words import Words

ENTRIES = ()

Manages = Annotated[Known, Depends(require(Right.CAMPAIGNS))]
Sets = Annotated[list[str], Query(alias="set", max_length=8)]


def add(site: Site) -> None:
    """Add the pages."""
    reads = Reads(site.settings, site.engine, site.now)

    @site.app.get("/campaigns/{campaign_id}/now")
    async def now(request: Request, campaign_id: str, known: Manages) -> Response:
        """What the page of a campaign shows of this moment, by the names of its places."""
        answer = await site.engine.ask("GET", path_of(campaign_id))
        found = CampaignDetail.model_validate_json(answer.content)
        clocks = await clocks_of(reads, found, reads.now())
        words, local = site.pages.words_of(request), site.pages.local_of(request)
        return JSONResponse({"state": found.state, "texts": texts(found, clocks, words, local)})

    @site.app.get("/campaigns/{campaign_id}/forecast", response_class=HTMLResponse)
    async def forecast(request: Request, campaign_id: str, known: Manages) -> Response:
        """The figures with one agent more or fewer, one line more, one point of cap."""
        path, query = f"{path_of(campaign_id)}/forecast", urlencode({"replications": 3})
        found = await simulated(site.engine, path, query, known.account.name)
        gains = [float(each["gain_per_hour"]["mean"]) for each in found["variants"]]  # type: ignore[attr-defined]
        best = gains.index(max(gains)) if gains and max(gains) > 0 else None
        return site.pages.show(
            request,
            "campaign_forecast.html",
            id=campaign_id,
            name=await reads.read(lambda db: Names(db, site.settings).campaign(campaign_id)),
            forecast=found,
            best=best,
        )

    @site.app.get("/campaigns/{campaign_id}/what-if", response_class=HTMLResponse)
    async def what_if(request: Request, campaign_id: str, known: Manages, sets: Sets) -> Response:
        """The figures as they are, and as they would be with what is ``set``."""
        path, query = f"{path_of(campaign_id)}/what-if", urlencode([("set", each) for each in sets])
        found = await simulated(site.engine, path, query, known.account.name)
        gain: dict[str, float | None] = found["then"]["gain_per_hour"]  # type: ignore[index]
        mean, half = gain["mean"] or 0.0, gain["half_width_95"]
        return site.pages.show(
            request,
            "campaign_what_if.html",
            id=campaign_id,
            name=await reads.read(lambda db: Names(db, site.settings).campaign(campaign_id)),
            found=found,
            gain=gain,
            sure=half is not None and abs(mean) > half,
        )


def path_of(campaign_id: str) -> str:
    """The campaign in the engine's API."""
    return f"/v1/campaigns/{quote(campaign_id, safe='')}"


async def simulated(engine: EngineWay, path: str, query: str, who: str) -> dict[str, object]:
    """What the simulator found.

    Raises:
        UserError: the campaign's records do not say enough yet, or the change does not fit.
    """
    answer = await engine.pass_on("GET", path, query.encode(), {}, b"", who)
    try:
        content = await answer.aread()
    finally:
        await answer.aclose()
    found: dict[str, object] = json.loads(content)
    if answer.is_error:
        raise UserError(str(found.get("problem", "there is no forecast")))
    return found


async def clocks_of(reads: Reads, found: CampaignDetail, now: datetime) -> str:
    """Why no lead is dialled now by the clocks of its people; "" where one is due, or it does not run."""
    return await reads.read(lambda db: waiting(db, found.id, now)) if found.state == "running" else ""


def texts(found: CampaignDetail, clocks: str, words: Words, local: HouseTime) -> dict[str, str]:
    """What the page says of this moment, by the names of its places."""
    n, share = words.formats.number, words.formats.share
    agents, lost = found.agents, found.abandonment
    total = sum(found.leads.values())
    tried = total - found.leads.get("new", 0) - found.leads.get("excluded", 0)
    opens = "" if found.opens_at is None else words("campaigns.opens", at=local(found.opens_at), zone=local.zone)
    return {
        "reason": words.told(found.reason or f"it is {found.state}"),
        "waiting": words.sentence(clocks) if clocks else "",
        "opens": opens,
        "lines": n(found.lines.in_use),
        "lines_of": words("campaigns.of", count=n(found.lines.most)),
        "ready": n(agents.ready if agents else None),
        "busy": words("campaigns.busy", talking=n(agents.talking), wrapping=n(agents.wrapping))
        if agents
        else words("campaigns.nobody_runs"),
        "answer": share(found.answer_rate),
        "abandoned": share(lost.share, 2),
        "abandoned_of": words(
            "campaigns.abandoned_of",
            abandoned=n(lost.abandoned),
            answered=n(lost.answered),
            cap=f"{words.formats.plain(round(100 * lost.cap, 6))}{words.formats.before}%",
        ),
        "left": n(found.leads_left),
        "tried": words("campaigns.tried_of", tried=n(tried), total=n(total)),
    }
