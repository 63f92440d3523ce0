"""After a start: what a run of ours before this one had up is found again, kept, or ended as lost."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from calls import log
from calls.agents.agent import ENGAGED, LEG_LOST
from calls.agents.events import Pause, Restored, TalkOver
from calls.agents.states import AgentState
from calls.causes import Outcome
from calls.clock import Clock
from calls.errors import CampaignError
from calls.ids import AgentId, CallId, CampaignId, LegId
from calls.records import left_calls, left_states, store
from calls.records.agent_time import AGENTS
from calls.records.durations import Phase
from calls.records.store import Direction, LastState, LiveCall
from calls.records.times import as_time
from calls.records.writer import Writer
from calls.settings import Settings
from calls.switch.events import SwitchUp
from calls.switch.port import EndedBy
from calls.switch.several import Switches
from console.engine.announced import AnnouncedPauses
from console.engine.books import Books
from console.engine.consults import lead_home
from console.engine.dialled import DialledCalls
from console.engine.floor import FloorRunner
from console.engine.phone_lines import PhoneLines
from console.engine.recorder import CallRecorder
from console.engine.third_parties import ThirdParties
from console.engine.untold import UntoldRecordings
from dialer import control, pacing_states, recovery, roll, windows
from dialer import events as ev
from dialer.campaign import Campaign


@dataclass(frozen=True, slots=True)
class Before:
    """How the run before this one ended."""

    agents: list[LastState]
    """The states that it left open."""
    seen_at: datetime
    """The last moment at which it is known to have lived."""


@dataclass(frozen=True, slots=True)
class Found:
    """What the store said at the start."""

    agents: list[LastState]
    seen_at: datetime
    legs: Mapping[AgentId, LegId]
    ringing: set[LegId]
    """Those of them that were not answered yet, as far as the store knows."""
    calls: list[LiveCall]
    """Calls without a final record whose attempts, where they have one, are still up."""
    talks: Mapping[CallId, datetime]
    """Since when the agents of these calls talk; a call that is not here has no talk, though it may have had one."""
    talks_over: Mapping[CallId, list[tuple[datetime, datetime]]]
    """From when to when agents talked in the others."""
    held: Mapping[CallId, datetime]
    """Since when callers are on hold, by their agents: what held them has ended with the run before this one."""
    kept: Mapping[CallId, int]
    """How many events of each call are written down."""
    recovery: recovery.Recovery
    campaigns: list[tuple[ev.CampaignStarted, ev.CampaignState]]


class Restart:
    """Runs once for each switch when that is first up, and then knows the calls that were taken over."""

    def __init__(
        self,
        settings: Settings,
        switches: Switches,
        writer: Writer,
        books: Books,
        floor: FloorRunner,
        dialled: DialledCalls,
        clock: Clock,
        third_parties: ThirdParties,
        phones: PhoneLines,
        untold: UntoldRecordings,
    ) -> None:
        self._phones = phones
        self._untold = untold
        self.announced = AnnouncedPauses(floor, writer, third_parties.tasks, clock)
        self._third_parties = third_parties
        self._settings = settings
        self._homes = {AgentId(agent.id): agent.switch for agent in settings.agents}
        self._switches = switches
        self._writer = writer
        self._books = books
        self._floor = floor
        self._dialled = dialled
        self._clock = clock
        self._adopted: dict[CallId, CallRecorder] = {}
        self._left: frozenset[CallId] = frozenset()
        self._before: Before | None = None
        """Of the run before this one, once the first switch was settled."""
        self._turn = asyncio.Lock()

    async def look(self) -> None:
        """Remember the calls that the run before this one left open. To be called before a call can come to us.

        Raises:
            RecordError: the store cannot be read.
        """
        left = await self._writer.run_alone(store.live_calls)
        self._left = frozenset(live.call_id for live in left)
        await self.announced.load()
        await self._third_parties.tolls.recover()
        tolls = self._third_parties.tolls
        for call_id in (tolls.left | tolls.lines.left) - self._left:
            self._third_parties.call_ended(call_id)

    def is_adopted(self, call_id: CallId) -> bool:
        """True for a call of the run before, which goes on without a session of ours."""
        return call_id in self._adopted

    def talk_of(self, agent_id: AgentId) -> LegId | None:
        """The leg of the customer of the run before whom the agent talks to."""
        talks = (each for each in self._adopted.values() if each.phase is Phase.TALK)
        found = (each.live.channel for each in talks if each.agent_id == agent_id)
        return next((LegId(channel) for channel in found), None)

    async def recover(self, name: str, up: SwitchUp) -> None:
        """Settle everything that was open on a switch; with the first of them the campaigns are started too.

        Raises:
            RecordError: the store refused; nothing has changed, and it may be tried again.
        """
        async with self._turn:
            await self._recover(name, up)

    async def _recover(self, name: str, up: SwitchUp) -> None:
        now, others = self._clock.now(), [each for each in self._switches.names if each != name]
        before = self._before
        spared = frozenset(agent_id for agent_id, home in self._homes.items() if home in others)
        found = await self._writer.run_alone(
            lambda connection: _look(connection, name, others, up, now, before, spared)
        )
        self._before = Before(found.agents, found.seen_at)
        left = [live for live in found.calls if live.call_id in self._left]  # what came since then is ours already
        for lost in found.recovery.lost:
            log.get().warning("attempt lost", call_id=lost)
            self._third_parties.call_ended(CallId(lost))
        legs = {agent: leg for agent, leg in found.legs.items() if leg in up.live}
        still_up = {str(each.begun.attempt_id) for each in found.recovery.still_up}
        kept = [
            live for live in left if live.switch == name and (live.channel in up.live or live.call_id in still_up)
        ]
        self._switches.adopt(
            name,
            frozenset(legs.values()) | {LegId(each) for each in still_up} | self._phones.settle(name, up.live),
            {live.call_id: live.channel for live in kept if live.direction is Direction.INBOUND},
        )
        for live in left:
            if live not in kept:
                may_be_run = live.switch != name or live.boot_id == up.boot
                self._third_parties.call_ended(live.call_id)
                self._books.finish_lost(live, Outcome.LOST if may_be_run else Outcome.PBX_LOST)
        for live in kept:
            self._adopt(live, found)
        up_untold = (each.begun for each in found.recovery.still_up)
        self._untold.settle(
            (CallId(each) for each in found.recovery.untold),
            (CallId(each.attempt_id) for each in up_untold if each.untold and each.told_on_recording),
        )
        for attempt in found.recovery.still_up:
            self._dialled.adopt(attempt, self._adopted.get(CallId(attempt.begun.attempt_id)))
        handed_on = {live.call_id for live in kept if _handed_on(live, found.agents)}
        strays = self._restore_agents(name, found, legs, [live for live in kept if live.call_id not in handed_on])
        self._third_parties.recover(up.live, handed_on)
        self._dialled.tell(ev.Recovered(up.boot, found.recovery.still_up, name))
        self._start_campaigns(found)
        await asyncio.gather(*(lead_home(self._switches, leg_id) for leg_id in strays.values()))

    def call_ended(self, call_id: CallId, cause: int | None, outcome: Outcome = Outcome.ANSWERED) -> None:
        """An adopted call has ended. One that is not adopted changes nothing."""
        self._third_parties.call_ended(call_id)
        self._untold.call_ended(call_id)
        recorder = self._adopted.pop(call_id, None)
        if recorder is None:
            return
        if recorder.agent_id is not None:
            self._floor.tell(TalkOver(call_id, recorder.agent_id))
        elif outcome is Outcome.ANSWERED:
            outcome = Outcome.LOST
        if recorder.live.direction is Direction.INBOUND:
            self._books.finish(recorder, outcome, cause, EndedBy.SWITCH if outcome is Outcome.PBX_LOST else None)

    def switch_back(self, name: str, up: SwitchUp) -> None:
        """A switch was away: adopted calls that it does not know any more have ended."""
        mine = [each for each in self._adopted.items() if each[1].live.switch == name]
        for call_id, recorder in mine:
            if recorder.live.channel not in up.live and call_id not in up.live:
                same_run = recorder.live.boot_id == up.boot
                self.call_ended(call_id, None, Outcome.LOST if same_run else Outcome.PBX_LOST)

    def _adopt(self, live: LiveCall, found: Found) -> None:
        """What came before is counted by the wall clock. When the call was answered nobody noted: a caller who talks
        or has talked was so from the first; somebody who was dialled, when the talk began; all others now."""
        is_dialled = live.direction is Direction.OUTBOUND
        kept, phase = found.kept.get(live.call_id, 0), Phase.RING if is_dialled else Phase.MENU
        recorder = CallRecorder(live, self._clock, phase, adopted=True, kept=kept)
        recorder.agent_id = live.agent_id
        since = found.talks.get(live.call_id)
        over = found.talks_over.get(live.call_id, []) if since is None else []
        held = found.held.get(live.call_id)
        begins = [begin for begin, _ in over] if since is None else [since]
        recorder.note_answer(begins[0] if begins and is_dialled else live.started_at if begins else None)
        for begin, end in over:
            recorder.enter(Phase.TALK, begin)
            recorder.enter(Phase.MENU, end if held is None else min(end, held))
        if since is not None:
            recorder.enter(Phase.TALK, since)
        elif not over:
            recorder.enter(Phase.WAIT if is_dialled else Phase.MENU)
        if held is not None:
            recorder.enter(Phase.HOLD, held)
        recorder.note_adopted({"agent": live.agent_id})
        self._adopted[live.call_id] = recorder
        self._books.show(recorder)

    def _restore_agents(
        self, name: str, found: Found, legs: Mapping[AgentId, LegId], calls: list[LiveCall]
    ) -> dict[AgentId, LegId]:
        """Of those who are at home on the switch log in again who was logged in, or whose phone rings for that, with
        the leg and the talk that are still up.

        A phone that rings is heard of when it is answered, which may have been while no engine ran.

        Gives the legs of those who talked, and to no customer who is left, or were about to: one who was asked by
        another agent may still sit in that one's room, and a caller may have come to the other before it was noted.
        One whose caller was on hold talks to nobody: the switch has led the caller on, as any whose engine is away.
        """
        strays: dict[AgentId, LegId] = {}
        serving: list[AgentId] = []
        talking = found.talks.keys() - found.held.keys()
        talks = {live.agent_id: live.call_id for live in calls if live.agent_id and live.call_id in talking}
        last = {each.agent_id: each for each in found.agents if each.state is not AgentState.LOGGED_OUT}
        logging_in = {agent_id for agent_id, leg_id in legs.items() if leg_id in found.ringing}
        at_home = {agent_id for agent_id, home in self._homes.items() if home == name}
        for agent_id in sorted(at_home & (last.keys() | logging_in)):
            leg_id = legs.get(agent_id)
            call_id = talks.get(agent_id) if leg_id is not None else None
            self._floor.restore(Restored(agent_id, leg_id, call_id, ringing=leg_id in found.ringing))
            before = last.get(agent_id)
            if before is not None and before.state in ENGAGED and leg_id is not None and call_id is None:
                strays[agent_id] = leg_id
            if before is not None and before.state is AgentState.PAUSED and before.reason != LEG_LOST:
                self._floor.tell(Pause(agent_id, before.reason))
            elif before is not None:
                serving.append(agent_id)
        self.announced.settle(at_home, serving)
        return strays

    def _start_campaigns(self, found: Found) -> None:
        """One that does not fit the settings any more keeps its state in the store, and the others are started."""
        for started, state in found.campaigns:
            try:
                control.require_fit(started.campaign, self._settings)
                self._dialled.tell(started)
            except CampaignError as problem:
                log.get().error("a campaign does not fit and is not started", problem=str(problem))
                continue
            if state is ev.CampaignState.PAUSED:
                self._dialled.tell(ev.CampaignPaused(started.campaign.campaign_id))


def _handed_on(live: LiveCall, agents: list[LastState]) -> bool:
    """True for a call whose agent has given it to somebody outside: the agent has done with it, and it goes on."""
    last = next((each for each in agents if each.agent_id == live.agent_id), None)
    if last is None:
        return False
    return last.state not in (AgentState.RESERVED, AgentState.TALKING) or last.call_id != live.call_id


def _look(
    connection: sqlite3.Connection,
    switch: str,
    others: list[str],
    up: SwitchUp,
    now: datetime,
    before: Before | None,
    spared: frozenset[AgentId],
) -> Found:
    """Everything that was open on a switch, read and settled in one transaction.

    ``before``: what was found of the agents with the first switch; None: this is it. ``spared``: agents who are
    at home on other switches. Their open states are of this run, or wait for their own switch, before which another
    start may come.
    """
    first = before is None
    before = before or Before(store.last_states(connection), _last_seen(connection, now))
    talks, talks_over = left_calls.talks_since(connection), left_calls.talks_over(connection)
    kept, held = left_calls.events_kept(connection), left_calls.held_since(connection)
    legs, ringing = store.agent_legs(connection, switch, up.boot), store.ringing_legs(connection)
    store.keep_agent_legs(connection, switch, [leg for leg in legs.values() if leg in up.live])
    if first:
        left_states.leave_agent_states(connection, before.seen_at)
    left_states.end_agent_states(connection, before.seen_at, spared)
    recovered = recovery.recover(connection, switch, up.boot, up.live, now, others)
    calls = [live for live in store.live_calls(connection) if live.switch not in others]
    campaigns = _open_campaigns(connection, now) if first else []
    return Found(
        *(before.agents, before.seen_at, legs, ringing, calls, talks, talks_over, held, kept, recovered, campaigns)
    )


def _last_seen(connection: sqlite3.Connection, now: datetime) -> datetime:
    """The last moment at which the run before this one is known to have lived. Of calls those are looked at that
    began in the last days: to look at each of millions takes seconds, callers wait, and no call lasts for days."""
    row = connection.execute(
        "SELECT max(at) FROM (SELECT max((SELECT max(since_at) FROM agent_states AS own"
        f" WHERE own.agent_id = known.agent_id)) AS at FROM ({AGENTS}) AS known"
        " UNION ALL SELECT max(ended_at) FROM calls"
        " WHERE started_at >= (SELECT strftime('%Y-%m-%dT%H:%M:%S', max(started_at), '-2 days') FROM calls)"
        " UNION ALL SELECT max(intended_at) FROM attempts UNION ALL SELECT max(started_at) FROM live_calls)"
    ).fetchone()
    return now if row[0] is None else min(now, as_time(row[0]))


def _open_campaigns(
    connection: sqlite3.Connection, now: datetime
) -> list[tuple[ev.CampaignStarted, ev.CampaignState]]:
    found: list[tuple[ev.CampaignStarted, ev.CampaignState]] = []
    for campaign_id, state in roll.states(connection).items():
        if state is ev.CampaignState.DRAINING:
            roll.set_state(connection, CampaignId(campaign_id), ev.CampaignState.STOPPED, now)
        if state in (ev.CampaignState.RUNNING, ev.CampaignState.PAUSED):
            campaign = roll.stored(connection, campaign_id)
            if campaign is None:
                log.get().error("a campaign cannot be read and is not started", campaign=campaign_id)
                continue
            found.append((_as_it_ran(connection, campaign, now), state))
    return found


def _as_it_ran(connection: sqlite3.Connection, campaign: Campaign, now: datetime) -> ev.CampaignStarted:
    """With what people had changed of it, and what its pacing had learnt."""
    try:
        campaign = control.effective(connection, campaign)
    except CampaignError as problem:
        log.get().error("a change of a campaign does not hold any more", campaign=campaign.id, problem=str(problem))
    answered, abandoned = roll.abandonment(connection, campaign, now)
    resets_s = windows.resets_s(campaign.preset.cap_window, now)
    learnt = pacing_states.kept(connection, campaign.campaign_id)
    return ev.CampaignStarted(campaign, answered, abandoned, resets_s, learnt)
