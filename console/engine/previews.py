"""Leads that agents look at before they are dialled: who is ready is shown the next one, and dials or skips it.

::

    place --agent reserved, leg up--> shown --dial--> being dialled --the attempt is over--> free
                                        |--skip, withdrawn, agent gone--> free, and the lead is back on the roll

A lead that is shown is held here and nowhere else: it stands on the roll as before, so that a run of ours that ends
gives it back without a word, and the next run shows it to somebody.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from typing import assert_never

from calls import log
from calls.agents.actions import ReachPerson, WaitExpired
from calls.agents.states import AgentState
from calls.agents.view import FloorView
from calls.clock import Clock
from calls.errors import RecordError, UserError
from calls.ids import AgentId, CallId, CampaignId, LeadId
from calls.records.store import add_audit
from calls.records.writer import Writer
from console.agent_dials import PreviewShown
from console.engine.agent_dials import AgentDial, AgentDials
from console.engine.dialled import DialledCalls
from console.engine.floor import FloorRunner, Offer
from console.engine.tasks import Tasks
from console.operations import Done
from dialer import requested
from dialer.campaign import Campaign
from dialer.compliance import Refused
from dialer.events import BegunAttempt
from dialer.preview import LONGEST_S, Preview
from dialer.requested import Shown

LOOK_S = 1.0
"""Campaigns, agents and due leads are looked at this often though nobody told of anything (invariant I11)."""

AGAIN_S = 5.0
"""The same after the store failed."""

TIME_IS_OVER = "the time to look at it was over"
"""The reason of a lead that was skipped by itself."""


@dataclass(frozen=True, slots=True)
class Dial:
    """The agent, or the clock, wants the lead dialled."""


@dataclass(frozen=True, slots=True)
class Skip:
    """The agent, or the clock, does not."""

    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class Withdraw:
    """The lead is not to be shown any more: its campaign stopped, or the agent left."""


Answer = Dial | Skip | Withdraw
Problem = UserError | RecordError


@dataclass(slots=True)
class Showing:
    """One lead in front of one agent."""

    campaign: Campaign
    agent_id: AgentId
    lead: Shown
    until_s: float | None
    """When ``auto`` says what happens, on the engine's clock."""
    answer: asyncio.Future[Answer]
    told: asyncio.Future[str | Problem] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    """What came of it, for who answered."""

    def say(self, answer: Answer) -> None:
        """The first answer counts."""
        if not self.answer.done():
            self.answer.set_result(answer)


class Previews:
    """The one owner of the leads that are shown."""

    def __init__(
        self, dials: AgentDials, floor: FloorRunner, dialled: DialledCalls, writer: Writer, tasks: Tasks, clock: Clock
    ) -> None:
        self._dials = dials
        self._floor = floor
        self._dialled = dialled
        self._writer = writer
        self._tasks = tasks
        self._clock = clock
        self._shown: dict[AgentId, Showing] = {}
        self._taken: Counter[LeadId] = Counter()
        self._placing: set[CampaignId] = set()
        self._rest_until_s: dict[CampaignId, float] = {}
        """No lead of the campaign is due before this."""
        self._news = asyncio.Event()

    def start(self) -> None:
        """Show leads from now on."""
        self._tasks.start(self._run(), "previews")

    def wake(self) -> None:
        """The floor, a campaign or the roll has changed: look, where leads are shown at all."""
        if self._shown or any(map(_shows, self._dialled.core.running())):
            self._news.set()

    def leads_changed(self) -> None:
        """Leads may be due that were not."""
        self._rest_until_s.clear()
        self.wake()

    def lead_changed(self, lead_id: LeadId) -> None:
        """A lead is not what it was: it is taken back from the agent who looks at it, who sees it anew where its turn
        still is."""
        for showing in self._shown.values():
            if showing.lead.lead_id == lead_id:
                showing.say(Withdraw())

    # --- for the agents ---------------------------------------------------------------------------------------

    def shown(self, agent_id: AgentId) -> PreviewShown:
        """What the agent looks at.

        Raises:
            UserError: nothing is shown.
        """
        showing = self._showing(agent_id)
        lead, now_s = showing.lead, self._clock.monotonic_s()
        return PreviewShown(
            campaign=showing.campaign.id,
            lead=lead.lead_id,
            number=lead.number,
            others=lead.others,
            name=lead.facts.name,
            fields=lead.facts.fields,
            tries=lead.tries,
            last_outcome=lead.last_outcome,
            left_s=None if showing.until_s is None else max(0.0, round(showing.until_s - now_s, 1)),
            auto=_preview(showing.campaign).auto,
        )

    def view(self) -> dict[AgentId, LeadId]:
        """The lead that each agent looks at who has not said yet what is to become of it."""
        return {agent: each.lead.lead_id for agent, each in self._shown.items() if not each.answer.done()}

    async def dial(self, agent_id: AgentId) -> Done:
        """Dial the lead that the agent looks at.

        Raises:
            UserError: nothing is shown, or a rule refuses; says until when.
        """
        return await self._answered(self._showing(agent_id), Dial())

    async def skip(self, agent_id: AgentId, reason: str) -> Done:
        """Do not dial the lead that the agent looks at.

        Raises:
            UserError: nothing is shown.
        """
        return await self._answered(self._showing(agent_id), Skip(reason, agent_id))

    def _showing(self, agent_id: AgentId) -> Showing:
        self._floor.queues_of(agent_id)  # raises where there is no such agent
        showing = self._shown.get(agent_id)
        if showing is None or showing.answer.done():
            raise UserError(f"agent {agent_id} looks at no lead")
        return showing

    async def _answered(self, showing: Showing, answer: Answer) -> Done:
        showing.say(answer)
        told = await asyncio.shield(showing.told)
        if isinstance(told, Problem):
            raise told
        return Done(said=f"agent {showing.agent_id}: {told}")

    # --- places -----------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            self._news.clear()
            core = self._dialled.core
            running = {each.campaign_id: each for each in core.running() if not core.waits_for(each)}
            showing = [each for each in running.values() if _shows(each)]
            wait_s = LOOK_S
            try:
                if self._shown or showing:  # a look at the whole floor is dear
                    view = self._floor.view()
                    self._withdraw(view, running)
                    for campaign in showing:
                        await self._look(campaign, view)
            except RecordError as problem:
                log.get().error("leads cannot be read", problem=str(problem))
                wait_s = AGAIN_S
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait_s):
                    await self._news.wait()

    def _withdraw(self, view: FloorView, running: dict[CampaignId, Campaign]) -> None:
        """Take leads back of campaigns that do not run any more, from agents who leave, and from as many agents as
        callers wait for: who looks for the shortest time first."""
        stays = {each.agent_id for each in view.agents if each.wanted is AgentState.READY}
        served: set[CallId] = set()
        for agent_id, showing in reversed(self._shown.items()):
            caller = next((each for each in self._floor.waits_for(agent_id) if each not in served), None)
            if agent_id not in stays or running.get(showing.campaign.campaign_id) != showing.campaign:
                showing.say(Withdraw())
            elif caller is not None:
                served.add(caller)
                showing.say(Withdraw())

    async def _look(self, campaign: Campaign, view: FloorView) -> None:
        """Have an agent for the next lead, where there are both."""
        campaign_id, now_s = campaign.campaign_id, self._clock.monotonic_s()
        free = sum(each.free for each in view.queues if each.name == campaign.queue)
        if not free or campaign_id in self._placing or now_s < self._rest_until_s.get(campaign_id, 0.0):
            return
        now = self._clock.now()
        due_in_s = await self._writer.run(lambda db: requested.next_due_in_s(db, campaign, now))
        if due_in_s == 0.0:
            self._placing.add(campaign_id)
            self._tasks.start(self._serve(campaign), f"preview of {campaign_id}")
        else:
            self._rest_until_s[campaign_id] = now_s + min(LOOK_S if due_in_s is None else due_in_s, LOOK_S)

    async def _serve(self, campaign: Campaign) -> None:
        """One agent and one lead, until the agent is free again."""
        try:
            with self._dials.place(campaign, _preview(campaign).keep_s) as dial:
                agent_id = await dial.agent()
                if agent_id is None:  # whoever is free may not serve the campaign, or a caller was faster
                    self._rest(campaign)
                self._placing.discard(campaign.campaign_id)
                while agent_id is not None:
                    self.wake()  # the next agent may be there too
                    agent_id = await self._show(campaign, dial, agent_id)
        except (RecordError, UserError) as problem:
            log.get().warning("a lead was not shown to its end", campaign=campaign.id, problem=str(problem))
            self._rest(campaign, AGAIN_S)
        finally:
            self._placing.discard(campaign.campaign_id)
            self.wake()

    def _rest(self, campaign: Campaign, for_s: float = LOOK_S) -> None:
        """Look for no lead of the campaign for a while."""
        self._rest_until_s[campaign.campaign_id] = self._clock.monotonic_s() + for_s

    async def _show(self, campaign: Campaign, dial: AgentDial, agent_id: AgentId) -> AgentId | None:
        """Show the agent the next lead and do what comes of it; who has the place then, None: it is over."""
        now, place = self._clock.now(), self._dialled.place(campaign, self._floor.home_of(agent_id))
        taken = frozenset(self._taken)
        lead = await self._writer.run(lambda db: requested.next_lead(db, campaign, now, taken, place))
        if lead is None:
            self._rest(campaign)
            return None
        if self._taken[lead.lead_id]:
            return agent_id  # another place was faster
        preview = _preview(campaign)
        until_s = None if preview.auto == "wait" else self._clock.monotonic_s() + preview.seconds
        showing = Showing(campaign, agent_id, lead, until_s, asyncio.get_running_loop().create_future())
        self._taken[lead.lead_id] += 1
        self._shown[agent_id] = showing
        log.get().info("a lead is shown", agent=agent_id, campaign=campaign.id, lead=lead.lead_id)
        try:
            next_agent = await self._decided(showing, dial, preview)
            if next_agent is None:
                await self._do(showing, dial)
            return next_agent
        finally:
            if self._shown.get(agent_id) is showing:
                del self._shown[agent_id]
            self._taken[lead.lead_id] -= 1
            self._taken += Counter()
            if not showing.told.done():
                showing.told.set_result("the lead was taken back")

    async def _decided(self, showing: Showing, dial: AgentDial, preview: Preview) -> AgentId | None:
        """Wait for an answer; the next agent, where this one was lost first."""
        lost = asyncio.ensure_future(dial.offers.get())
        try:
            either: list[asyncio.Future[Answer] | asyncio.Future[Offer]] = [showing.answer, lost]
            await asyncio.wait(either, timeout=_left_s(showing, self._clock), return_when=asyncio.FIRST_COMPLETED)
            if showing.answer.done():
                return None
            if not lost.done():
                showing.say(_when_over(preview))
                return None
            showing.say(Withdraw())
            match lost.result():
                case ReachPerson(_, agent_id):
                    return agent_id
                case WaitExpired():
                    return None
                case _:
                    raise AssertionError("nobody is on the line yet")
        finally:
            lost.cancel()

    async def _do(self, showing: Showing, dial: AgentDial) -> None:
        answer = showing.answer.result()
        match answer:
            case Dial():
                await self._dial(showing, dial)
            case Skip(reason, by):
                await self._skip(showing, reason, by)
            case Withdraw():
                log.get().info("a lead is taken back", agent=showing.agent_id, lead=showing.lead.lead_id)
            case _:
                assert_never(answer)

    async def _dial(self, showing: Showing, dial: AgentDial) -> None:
        lead = showing.lead
        try:
            begun = await self._dials.begin(dial, showing.campaign, lead.lead_id, lead.number, showing.agent_id)
        except (RecordError, UserError) as problem:
            showing.told.set_result(problem)
            raise
        if isinstance(begun, Refused):
            log.get().warning("a lead is not dialled", agent=showing.agent_id, lead=lead.lead_id, rule=begun.rule)
            showing.told.set_result(UserError(requested.in_words(begun)))
            return
        assert isinstance(begun, BegunAttempt)
        showing.told.set_result(f"{begun.number} is dialled in call {begun.attempt_id}")
        del self._shown[showing.agent_id]
        await dial.over.wait()

    async def _skip(self, showing: Showing, reason: str, by: str) -> None:
        campaign, lead, now = showing.campaign, showing.lead, self._clock.now()
        until = now + timedelta(seconds=_preview(campaign).skipped_rest_s)

        def write(connection: sqlite3.Connection) -> None:
            requested.skip(connection, campaign, lead.lead_id, until)
            told = {"campaign": campaign.id, "lead": lead.lead_id, "agent": showing.agent_id, "reason": reason}
            add_audit(connection, now, by, "preview.skip", told)

        await self._writer.run(write)
        showing.told.set_result(f"lead {lead.lead_id} is skipped")


def _preview(campaign: Campaign) -> Preview:
    return campaign.file.preview or Preview()


def _left_s(showing: Showing, clock: Clock) -> float:
    return LONGEST_S if showing.until_s is None else max(0.0, showing.until_s - clock.monotonic_s())


def _when_over(preview: Preview) -> Answer:
    """What follows when the time to look is over. Who may look on has the lead anew, unless a caller is faster."""
    match preview.auto:
        case "dial":
            return Dial()
        case "skip":
            return Skip(TIME_IS_OVER, "clock")
        case "wait":
            return Withdraw()


def _shows(campaign: Campaign) -> bool:
    """Whether agents look at the campaign's leads before they are dialled."""
    return campaign.file.pacing.mode == "preview"
