"""The dialer's core: events and time in, actions out. It reads no clock, no store and no switch.

How it is wired
===============
``handle(event, now)`` for everything that happens, ``tick(now)`` whenever ``next_timer()`` has come; both give
actions, to be performed in their order. ``now`` is always the engine's monotonic clock.

==================  ================================================================================================
``BeginAttempts``   ``attempts.begin(writer, ...)``, one transaction; then exactly one ``AttemptsBegun``
                    or ``BeginFailed``
``ReserveAgent``    a virtual ``CallWaiting(DIALLED)`` to the floor, until the attempt's end; ``AgentReserved`` once
                    the floor says ``ReachPerson``
``PlaceCall``       ``switch.originate``. ``SwitchRefused``: no leg will come, so tell
                    ``LegEnded(never_existed=True)``. ``SwitchUnavailable``, ``SwitchTimeout``: tell nothing, since
                    the call may be there; the next ``SwitchUp`` or the overdue sweep settles it
``MarkLive``        ``attempts.mark_live`` in the writer
``OfferToAgents``   ``CallWaiting(DIALLED)`` to the floor; the caller hears nothing yet. The core holds the deadline
``PlaySafeHarbour`` ``CallGone`` to the floor, then play; then ``MessagePlayed``. If the floor was faster and the two
                    met after all, tell ``Connected``: it counts as what it was by its time
``RunFlow``         a session of the flow, at once; then ``FlowOver``
``TellApart``       hear who answered, then ``CallArrived`` once more, with what was found
``LeaveMessage``    hear the greeting out, play, then ``MessagePlayed``
``HangUp``          ``Hangup`` on the call where we hold one, else ``switch.hang_up``
``Finish``          ``attempts.finish_attempt`` in the writer, with the call's final record, in one transaction. The
                    writer's queue keeps the order, so a ``BeginAttempts`` after it sees the lead's new state
``CampaignChanged`` ``roll.set_state`` in the writer
==================  ================================================================================================

Events of the switch's port become events here under the same name with ``attempt_id``: ``LegRinging``,
``LegAnswered``, ``LegEnded``, ``CallConnected`` as ``Connected``; ``CallLost`` as ``LegEnded``; the call's handler
tells ``CallArrived`` first of all. When the agent hangs up and the caller is still there: ``TalkEnded``.
``AgentsChanged`` carries the whole floor, after each change of it. At the start: wait the settling time, run
``recovery.recover``, tell ``Recovered``; before that nothing is dialled. Later losses of the switch are told by
``SwitchDown`` and ``SwitchUp``, and the core settles them itself. At SIGTERM: ``CampaignDraining`` for each campaign.

Who measures what: the core measures ``ring_s``, ``connect_s`` and ``talk_s`` between the moments its events were
handled, and decides ``abandoned`` by them; what happened while no engine ran is in doubt, and counts as that. The
call's own record keeps wait, menu, duration and billed seconds; they are the engine's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import assert_never

from calls.causes import NORMAL_CLEARING, Outcome
from calls.errors import CampaignError
from calls.ids import BootId, CampaignId
from calls.settings import Trunk
from dialer import events as ev
from dialer.campaign import Campaign, require_trunk
from dialer.course import Course
from dialer.dialling import Dialling
from dialer.events import Action, CampaignState, Event
from dialer.lane import PolicyOf, live_policy
from dialer.reasons import Reason
from dialer.routes import Room
from dialer.run import AttemptRun, CampaignRun, Phase
from dialer.states import Order, after
from dialer.view import CoreView, view_of, with_floor

FAULTS = 3
"""So many faults in a row, a second apart, pause a campaign: one may be of the moment."""


@dataclass(frozen=True, slots=True)
class Settling:
    """A switch that is back and is left to itself for a while."""

    until: float
    live: frozenset[str]
    """What it said that lives there."""
    up_at: float


class DialerCore:
    """Campaigns, their attempts, and what to do next. One per engine, used from one thread."""

    def __init__(
        self,
        trunks: Iterable[Trunk],
        settle_s: float,
        now: float,
        weights: Mapping[str, int] | None = None,
        policies: PolicyOf = live_policy,
    ) -> None:
        """``weights``: of the switches that own the trunks, where there are several. ``policies``: makes what paces a
        campaign."""
        self._settle_s = settle_s
        self._state = Dialling(trunks, now, weights, policies)
        self._out: list[Action] = []
        self._course = Course(self._state, self._do)
        self._settling: dict[str, Settling] = {}

    # --- the three ways in ------------------------------------------------------------------------------------

    def handle(self, event: Event, now: float) -> list[Action]:
        """What is to be done because of ``event``.

        Raises:
            CampaignError: a person asked for what the campaign's state does not allow. Nothing has changed.
        """
        self._take(event, now)
        return self.tick(now)

    def tick(self, now: float) -> list[Action]:
        """What is to be done because of the time."""
        self._settle(now)
        while (attempt := self._state.limits.pop(now)) is not None:
            self._course.look_after(attempt, now)
        self._out.extend(self._state.advance(now, self._course.finish))
        for run in self._state.runs.values():
            self._close(run, now)
        done, self._out = self._out, []
        return done

    def next_timer(self) -> float | None:
        """When ``tick`` has something to do though nothing happens; None: never."""
        settled = (each.until for each in self._settling.values())
        times = (self._state.next_timer(), self._state.limits.next_at(), *settled)
        return min((at for at in times if at is not None), default=None)

    def running(self) -> tuple[Campaign, ...]:
        """The campaigns that run now and dial lists."""
        runs = self._state.runs.values()
        return tuple(
            run.campaign for run in runs if run.state is CampaignState.RUNNING and not run.campaign.on_request
        )

    def waits_for(self, campaign: Campaign) -> str:
        """Why nobody who is asked for is dialled under the campaign now; "": who is asked for is dialled."""
        run = self._state.runs.get(campaign.campaign_id)
        if run is None or run.state is not CampaignState.RUNNING or run.campaign != campaign:
            return "it does not run any more"
        return self._state.rooms.hold_of(campaign) or run.closed

    @property
    def wants_floor(self) -> bool:
        """True where the floor is to be told: a campaign is on that dials lists."""
        over = (CampaignState.STOPPED, CampaignState.FINISHED)
        runs = self._state.runs.values()
        return any(not run.campaign.on_request and (run.attempts or run.state not in over) for run in runs)

    def require_startable(self, campaign_id: CampaignId) -> None:
        """Refuse what a start would be refused for, before anything of the campaign is changed.

        Raises:
            CampaignError: it runs already.
        """
        if (run := self._state.runs.get(campaign_id)) is not None:
            after(campaign_id, run.state, Order.START)

    def forget(self, campaign_id: CampaignId) -> None:
        """Leave a campaign that is over out of what is shown; one that is not, or has calls, stays."""
        run = self._state.runs.get(campaign_id)
        if run is not None and run.state in (CampaignState.STOPPED, CampaignState.FINISHED):
            if not run.attempts and not run.unsent:
                del self._state.runs[campaign_id]

    def open_ways(self, campaign: Campaign, now: float, switch: str | None = None) -> tuple[Room, ...]:
        """The campaign's trunks for one call that is asked for: those that rest only where all do. ``switch``: the
        one on which its agent is reached; None: any."""
        return self._state.rooms.open_ways(campaign, now, switch)

    def line_free_at(self, trunk: str, now: float) -> float | None:
        """See :meth:`dialer.trunk_rooms.TrunkRooms.line_free_at`."""
        return self._state.rooms.line_free_at(trunk, now)

    @contextmanager
    def waiting_for(self, trunk: str) -> Iterator[None]:
        """Attempts leave one call a second of the trunk for a leg that is none."""
        self._state.rooms.waiting[trunk] += 1
        try:
            yield
        finally:
            self._state.rooms.waiting[trunk] -= 1

    def take_line(self, trunk: str, now: float | None) -> None:
        """A leg that is no attempt goes out by the trunk ``now``; None: it went out long ago."""
        if now is not None:
            self._state.rooms.gates[trunk].placed_beside(now)
        self._state.rooms.beside[trunk] += 1

    def give_line_back(self, trunk: str) -> None:
        """Such a leg has gone."""
        self._state.rooms.beside[trunk] -= 1

    def trunk(self, trunk: str) -> Trunk:
        """The trunk as the settings have it.

        Raises:
            KeyError: they have none of that name.
        """
        return self._state.rooms.gates[trunk].trunk

    def has_trunk(self, trunk: str) -> bool:
        """Whether the settings have it."""
        return trunk in self._state.rooms.gates

    def rests(self, trunk: str, now: float) -> bool:
        """Whether its carrier was congested when it was asked last."""
        return bool(self._state.rooms.gates[trunk].describe(now))

    def line_carried(self, trunk: str, placed_at: float) -> None:
        """A leg that is no attempt got through."""
        self._state.rooms.gates[trunk].carried(placed_at)

    def line_congested(self, trunk: str, placed_at: float, now: float) -> None:
        """Such a leg found the trunk congested."""
        self._state.rooms.gates[trunk].congested(placed_at, now)

    def switch_of(self, trunk: str) -> str:
        """The switch that owns the trunk; "": the settings do not have it any more."""
        return self._state.rooms.switch_of(trunk)

    def switches_for(self, campaign: Campaign) -> frozenset[str]:
        """The switches by which the campaign can dial now; where there is none, those that own its trunks."""
        owners = self._state.rooms.ways_of(campaign)
        return frozenset(each for each in owners if not self._state.rooms.holds.get(each)) or frozenset(owners)

    def view(self, now: float) -> CoreView:
        """The campaigns with the reason of their last decision, and the trunks."""
        return view_of(self._state, now)

    def campaigns(self) -> list[tuple[Campaign, CampaignState, str]]:
        """The campaigns of this run: as they are now, their state, and why their schedule does not let them dial."""
        return [(run.campaign, run.state, run.closed) for run in self._state.runs.values()]

    def local_hours(self) -> dict[CampaignId, int | None]:
        """The hour of the day of each campaign as it was told last."""
        return {campaign_id: run.local_hour for campaign_id, run in self._state.runs.items()}

    def take_reasons(self) -> dict[CampaignId, tuple[Reason, ...]]:
        """Why each campaign dialled what it dialled, or nothing, since this was last asked."""
        taken = {campaign_id: self._taken(run) for campaign_id, run in self._state.runs.items()}
        return {campaign_id: reasons for campaign_id, reasons in taken.items() if reasons}

    def _taken(self, run: CampaignRun) -> tuple[Reason, ...]:
        """The one that holds still with what the agents do now."""
        last = run.decision.reason
        return tuple(
            replace(each, reason=with_floor(self._state, run, last)) if each.reason == last else each
            for each in run.reasons.take()
        )

    def learnt(self) -> dict[CampaignId, Mapping[str, object]]:
        """What the pacing of each campaign has learnt, as JSON values; see ``CampaignStarted``."""
        states = {campaign_id: run.learnt() for campaign_id, run in self._state.runs.items()}
        return {campaign_id: state for campaign_id, state in states.items() if state is not None}

    def _do(self, action: Action) -> None:
        self._out.append(action)

    # --- events -----------------------------------------------------------------------------------------------

    def _take(self, event: Event, now: float) -> None:
        match event:
            case ev.CampaignStarted():
                self._start(event, now)
            case ev.CampaignRenewed(campaign):
                self._renew(campaign, now)
            case ev.ScheduleTold(campaign_id, waits):
                if campaign_id in self._state.runs:
                    self._state.runs[campaign_id].closed = waits
            case ev.HourTold(campaign_id, hour):
                if campaign_id in self._state.runs:
                    self._state.runs[campaign_id].local_hour = hour
            case ev.CampaignPaused(campaign_id):
                self._order(campaign_id, Order.PAUSE, now)
            case ev.CampaignResumed(campaign_id):
                self._order(campaign_id, Order.RESUME, now)
            case ev.CampaignDraining(campaign_id):
                self._order(campaign_id, Order.DRAIN, now)
            case ev.CampaignStopped(campaign_id):
                self._order(campaign_id, Order.STOP, now)
            case ev.AnswersCounted(campaign_id, answered, abandoned):
                if campaign_id in self._state.runs:
                    self._state.runs[campaign_id].recount(answered, abandoned, now)
            case ev.FoundAbandoned(before, switch):
                self._course.found_abandoned(before, switch, now)
            case ev.LeadsChanged(campaign_id):
                if campaign_id in self._state.runs:
                    self._state.runs[campaign_id].ask_again(now)
            case ev.AgentsChanged():
                for campaign_id, switch, seen in self._state.agents_changed(event, now):
                    self._course.tell_policy(campaign_id, switch, seen)
            case ev.AttemptsBegun(campaign_id, begun):
                self._state.take_begun(campaign_id, begun, now)
            case ev.ClockJumped(by_s):
                self._clock_jumped(by_s)
            case ev.BeginFailed():
                self._begin_failed(event, now)
            case ev.AgentReserved(attempt_id):
                if attempt_id in self._state.attempts:
                    self._state.attempts[attempt_id].reserved = True
            case ev.RequestBegun():
                self._state.take_request(event, now)
            case ev.DoNotCallAdded():
                self._course.forbid(event, now)
            case ev.Recovered() | ev.SwitchDown() | ev.SwitchUp():
                self._take_switch(event, now)
            case _:
                attempt = self._state.attempts.get(event.attempt_id)
                if attempt is not None:
                    if not isinstance(event, ev.TalkEnded | ev.MessagePlayed | ev.FlowOver):
                        attempt.heard_at = now  # those are our own word, not the switch's
                    self._course.take(event, attempt, now)
                elif isinstance(event, ev.CallArrived):
                    # Nobody waits for it any more (it was given up as lost): a person must not be left in silence.
                    self._do(ev.HangUp(event.attempt_id, NORMAL_CLEARING))

    def _start(self, event: ev.CampaignStarted, now: float) -> None:
        campaign = event.campaign
        for name in campaign.file.ways:
            gate = self._state.rooms.gates.get(name)
            if gate is None:
                raise CampaignError(f"campaign {campaign.id}: no trunk {name}")
            require_trunk(campaign, gate.trunk)
        known = campaign.campaign_id in self._state.runs
        ways = self._state.rooms.ways_of(campaign)
        run = self._state.runs.get(campaign.campaign_id) or self._state.new_run(campaign, now)
        state = after(campaign.id, run.state, Order.START)
        self._state.runs[campaign.campaign_id] = run
        run.renew(campaign, now, ways)
        if event.learnt is not None and not known:
            run.remember(event.learnt)
        run.seed(event.answered, event.abandoned, event.resets_s, now)
        run.ask_again(now)
        self._enter(run, state, "started")

    def _renew(self, campaign: Campaign, now: float) -> None:
        run = self._state.runs.get(campaign.campaign_id)
        if run is None:
            raise CampaignError(f"campaign {campaign.id} was not started")
        run.renew(campaign, now, self._state.rooms.ways_of(campaign))
        run.ask_again(now)

    def _order(self, campaign_id: CampaignId, order: Order, now: float) -> None:
        run = self._state.runs.get(campaign_id)
        if run is None:
            raise CampaignError(f"campaign {campaign_id} was not started")
        self._enter(run, after(campaign_id, run.state, order), f"asked to {order.name.lower()}")
        run.ask_again(now)

    def _clock_jumped(self, by_s: float) -> None:
        for run in self._state.runs.values():
            if run.state is CampaignState.RUNNING and not run.campaign.on_request:
                reason = f"the clock was set by {by_s:+.0f} s: see to it that it is right, then resume"
                self._enter(run, after(run.campaign.id, run.state, Order.PAUSE), reason, fault=True)

    def _begin_failed(self, event: ev.BeginFailed, now: float) -> None:
        """A fault may be of the moment; the same one time after time is not, and no campaign is left in silence."""
        run = self._state.take_failure(event.campaign_id, event.reason, now)
        if run is None or not event.fault:
            return
        run.faults += 1
        if run.faults >= FAULTS and run.state is CampaignState.RUNNING:
            reason = f"attempts cannot be begun: {event.reason}"
            self._enter(run, after(run.campaign.id, run.state, Order.PAUSE), reason, fault=True)

    def _enter(self, run: CampaignRun, state: CampaignState, reason: str, *, fault: bool = False) -> None:
        run.state, run.faults, run.stands_for = state, 0, reason if fault else ""
        self._do(ev.CampaignChanged(run.campaign.campaign_id, state, reason, fault))

    def _close(self, run: CampaignRun, now: float) -> None:
        """Finish or stop a campaign that has nothing under way and nothing to come."""
        if run.asked is not None or run.attempts or run.campaign.on_request:
            return
        if run.state is CampaignState.DRAINING:
            self._enter(run, after(run.campaign.id, run.state, Order.EMPTY), "the last call has ended")
        elif run.state is CampaignState.RUNNING and run.exhausted:
            self._enter(run, after(run.campaign.id, run.state, Order.EXHAUSTED), "no lead is left")

    # --- the switch -------------------------------------------------------------------------------------------

    def _take_switch(self, event: ev.Recovered | ev.SwitchDown | ev.SwitchUp, now: float) -> None:
        match event:
            case ev.Recovered(boot, still_up, switch):
                self._state.boots[switch] = boot
                self._state.rooms.holds[switch] = ""
                for each in still_up:
                    self._state.adopt(each, switch, boot, now)
            case ev.SwitchDown(reason, switch):
                self._state.rooms.holds[switch] = f"switch {self._named(switch)}down: {reason}"
                self._settling.pop(switch, None)
            case ev.SwitchUp(boot, live, switch):
                if switch not in self._state.boots:
                    return  # the start is settled by Recovered
                self._state.rooms.holds[switch] = f"the switch {self._named(switch)}is back and settles"
                self._settling[switch] = Settling(now + self._settle_s, live, now)
                self._state.boots[switch] = boot
                self._lose_all_of_before(switch, boot, now)
            case _:
                assert_never(event)

    def _named(self, switch: str) -> str:
        """The switch's name for a sentence, where there are several."""
        return f"{switch} " if len(self._state.rooms.holds) > 1 else ""

    def _settle(self, now: float) -> None:
        """Once a switch has had its time: what it does not know is lost."""
        for switch in [each for each, settling in self._settling.items() if settling.until <= now]:
            settling = self._settling.pop(switch)
            self._state.rooms.holds[switch] = ""
            for attempt in self._sent_on(switch):
                if attempt.heard_at < settling.up_at and attempt.attempt_id not in settling.live:
                    attempt.look_back(now)
                    self._course.finish(attempt, Outcome.LOST, None, now)

    def _lose_all_of_before(self, switch: str, boot: BootId, now: float) -> None:
        """The switch was started anew: nothing of its run before lives, whatever will be told of it."""
        for attempt in self._sent_on(switch):
            if attempt.boot != boot:
                attempt.look_back(now)
                self._course.finish(attempt, Outcome.PBX_LOST, None, now)

    def _sent_on(self, switch: str) -> list[AttemptRun]:
        attempts = self._state.attempts.values()
        return [each for each in attempts if each.switch == switch and each.phase is not Phase.UNSENT]
