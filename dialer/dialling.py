"""How many to dial, and when each of them goes out: the part of the core that spends agents, lines and seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from calls.causes import Outcome
from calls.ids import AttemptId, BootId, CampaignId
from calls.settings import Trunk
from dialer import events as ev
from dialer import routes
from dialer.campaign import Campaign
from dialer.events import Action, Begun, CampaignState, Finish, OpenAttempt
from dialer.lane import FULL_S, Decision, Lane, PolicyOf, live_policy
from dialer.limits import Limits
from dialer.pacing import Dialled
from dialer.routes import Room
from dialer.run import ANSWER_UNSEEN, AttemptRun, CampaignRun, Phase
from dialer.sharing import Sharing
from dialer.trunk_rooms import TrunkRooms
from dialer.trunks import TrunkGate
from dialer.turns import Turns
from dialer.workforce import Told

UNSENT_LIMIT_S = 0.9
"""An attempt that cannot be sent is given back, well inside the second in which a stop must take effect (I11)."""

ASKED_LIMIT_S = 1.9
"""The same where a person asked for the dial and its agent is there: a busy trunk has its second. What stops it stops
it at once all the same."""

RESERVE_LIMIT_S = 5.0
"""An attempt for which no agent could be kept by then is given back: time for a phone that answers by itself."""

LONGEST_WAIT_S = max(UNSENT_LIMIT_S, ASKED_LIMIT_S, RESERVE_LIMIT_S)
"""No attempt waits longer; well within the time for which the calling hours were looked at."""

FAILED_REST_S = 1.0
"""After the store failed: soon enough to go on at once, rare enough to let it recover."""

EACH_S = 1.0
"""A policy that looks ahead decides this often, whether anything happens or not."""

Finisher = Callable[[AttemptRun, Outcome, int | None, float], None]


class Dialling:
    """The attempts under way and what they are dialled with."""

    def __init__(
        self,
        trunks: Iterable[Trunk],
        now: float,
        weights: Mapping[str, int] | None = None,
        policies: PolicyOf = live_policy,
    ) -> None:
        """See :class:`dialer.core.DialerCore`."""
        self.attempts: dict[AttemptId, AttemptRun] = {}
        self.limits: Limits[AttemptRun] = Limits()
        self.runs: dict[CampaignId, CampaignRun] = {}
        self.rooms = TrunkRooms(trunks, now, Turns(weights or {}), self._asked, self._wake)
        self.sharing = Sharing()
        self._policies = policies
        self.boots: dict[str, BootId] = {}
        """The runs of the switches that are settled."""
        self._wake_at: float | None = None

    def _lanes(self) -> list[Lane]:
        return [lane for run in self.runs.values() for lane in run.lanes.values()]

    # --- attempts come and go ---------------------------------------------------------------------------------

    def new_run(self, campaign: Campaign, now: float) -> CampaignRun:
        """The campaign, not started yet."""
        return CampaignRun(campaign, now, self.rooms.ways_of(campaign), self._policies)

    def take_begun(self, campaign_id: CampaignId, begun: Begun, now: float) -> None:
        """Attempts stand in the store now; they go out, or back, in :meth:`advance`."""
        run = self.runs.get(campaign_id)
        if run is None or run.asked is None:
            return
        for each in begun.attempts:
            self._take_new(run, AttemptRun(each, run.campaign, Phase.UNSENT, now, now))
        run.answered(begun, now)

    def take_request(self, event: ev.RequestBegun, now: float) -> None:
        """Somebody asked for a dial: an agent, while the campaign runs, or who is called."""
        campaign = event.campaign
        run = self.runs.setdefault(campaign.campaign_id, self.new_run(campaign, now))
        if campaign.on_request:
            run.renew(campaign, now, self.rooms.ways_of(campaign))
            if run.state is CampaignState.STOPPED:  # it is never started; in a drain it dials no more
                run.state = CampaignState.RUNNING
        attempt = AttemptRun(event.begun, campaign, Phase.UNSENT, now, now, asked=True)
        self._take_new(run, attempt)

    def take_failure(self, campaign_id: CampaignId, reason: str, now: float) -> CampaignRun | None:
        """The store could not begin any; whose attempts that were, None where nobody waits for them."""
        run = self.runs.get(campaign_id)
        if run is None or run.asked is None:
            return None
        run.asked, run.offered = None, {}
        run.wait(now + FAILED_REST_S, f"the store does not take attempts: {reason}")
        return run

    def adopt(self, still_up: OpenAttempt, switch: str, boot: BootId, now: float) -> None:
        """Take over an attempt of a run before this one: talking where an agent was noted; answered without one, the
        person was left alone, and is in the dialplan's hands until it asks for us."""
        begun, campaign = still_up.begun, still_up.campaign
        run = self.runs.setdefault(campaign.campaign_id, self.new_run(campaign, now))
        attempt = AttemptRun(begun, campaign, Phase.DIALLED, now, now, boot=boot, switch=switch, adopted=True)
        if still_up.agent_id is not None:
            attempt.answered_at, attempt.agent_id, attempt.person = now, still_up.agent_id, True
            attempt.enter(Phase.TALKING, now)
        elif still_up.answered:
            attempt.answer(now, ANSWER_UNSEEN)
            attempt.enter(Phase.DETECTING, now)
        self._take(run, attempt)

    def _take_new(self, run: CampaignRun, attempt: AttemptRun) -> None:
        attempt.switch = self.rooms.switch_of(attempt.begun.trunk)
        self.rooms.turns.take(attempt.switch)
        self._take(run, attempt)

    def _take(self, run: CampaignRun, attempt: AttemptRun) -> None:
        self.attempts[attempt.attempt_id] = run.attempts[attempt.attempt_id] = attempt
        self.rooms.held[attempt.begun.trunk] += 1
        if attempt.phase is Phase.UNSENT:
            run.unsent[attempt.attempt_id] = attempt
            self.rooms.unsent[attempt.begun.trunk] += 1
        attempt.limits = self.limits
        attempt.note_limit()

    def _sent(self, run: CampaignRun, attempt: AttemptRun) -> None:
        """It does not wait to be sent any more."""
        if run.unsent.pop(attempt.attempt_id, None) is not None:
            self.rooms.unsent[attempt.begun.trunk] -= 1

    def let_go(self, attempt: AttemptRun, finish: Finish, now: float) -> None:
        """The attempt is over: count it and free what it held."""
        del self.attempts[attempt.attempt_id]
        run = self.runs[attempt.campaign.campaign_id]
        del run.attempts[attempt.attempt_id]
        self.rooms.held[attempt.begun.trunk] -= 1
        self._sent(run, attempt)
        run.outcomes[finish.outcome] += 1
        if finish.counted:
            run.count_answer(finish.abandoned, now)
        run.ask_again(now)
        gate = self.rooms.gates.get(attempt.begun.trunk)
        if gate is None or attempt.sent_at is None:
            return
        if finish.outcome is Outcome.CONGESTION:
            gate.congested(attempt.sent_at, now)
        elif finish.outcome in _SILENT:
            gate.probe_gone(attempt.sent_at)
        else:
            gate.carried(attempt.sent_at)

    def carried(self, attempt: AttemptRun) -> None:
        """The far end was heard: its trunk works."""
        gate = self.rooms.gates.get(attempt.begun.trunk)
        if gate is not None and attempt.sent_at is not None:
            gate.carried(attempt.sent_at)

    def agents_changed(self, event: ev.AgentsChanged, now: float) -> list[Told]:
        """The floor has changed; what the campaigns' policies are to hear of it."""

        def campaign_of(call_id: str) -> CampaignId | None:
            attempt = self.attempts.get(AttemptId(call_id))
            return None if attempt is None else attempt.campaign.campaign_id

        told = self.sharing.workforce.changed(event, campaign_of, now)
        kept = self.sharing.workforce.reserved_calls()
        for attempt in [each for run in self.runs.values() for each in run.unsent.values()]:
            if attempt.reserved and attempt.attempt_id not in kept:
                attempt.reserved = False  # the agent was lost: the next one is told of
        return told

    # --- deciding ---------------------------------------------------------------------------------------------

    def advance(self, now: float, finish: Finisher) -> list[Action]:
        """Send or give back what is begun, then ask the store for more where the pacing wants more."""
        self._wake_at = None
        lanes = self._lanes()
        if len(lanes) == 1 and self._rests(lanes[0], now):
            self.sharing.leave_to_one()
            return []
        actions: list[Action] = []
        self.sharing.divide(self._lanes(), lambda lane: self._usable(lane, now), now)
        for lane in self._lanes():
            actions += self._send(lane, now, finish)
        if actions:
            self.sharing.divide(self._lanes(), lambda lane: self._usable(lane, now), now)
        wanted = self._wanted(now)
        for run in dict.fromkeys(lane.run for lane in wanted):
            actions += self._ask(run, {lane: wanted[lane] for lane in run.lanes.values()}, now)
        return actions

    def _rests(self, lane: Lane, now: float) -> bool:
        """True where nothing is to be sent, asked or decided now: of one that decides once a second that is so at
        most events of its calls, of which there are scores in each second."""
        run = lane.run
        if run.unsent or lane.campaign.on_request or lane.decision is not lane.noted or self._refusal(lane):
            return False
        if run.asked is not None:
            return True
        empty = run.look and not run.attempts
        if now >= lane.decide_at or empty or not run.campaign.file.pacing.each_second:
            return False
        self._wake(lane.decide_at)
        return True

    def next_timer(self) -> float | None:
        """When :meth:`advance` has something to do by time alone."""
        return self._wake_at

    def _wake(self, at: float | None) -> None:
        if at is not None and (self._wake_at is None or at < self._wake_at):
            self._wake_at = at

    def _send(self, lane: Lane, now: float, finish: Finisher) -> list[Action]:
        run = lane.run
        unsent = lane.unsent
        if not unsent:
            return []
        actions: list[Action] = []
        if run.campaign.file.pacing.reserves(run.campaign.preset):
            # who is dialled because somebody asked has an agent already, and a second place would wait for ever
            actions += self._send_reserved(lane, [a for a in unsent if not a.asked], now, finish)
            unsent = [attempt for attempt in unsent if attempt.asked]
        unsent.sort(key=lambda attempt: not attempt.asked)
        may_go = 0
        if run.state is CampaignState.RUNNING and not (self.rooms.holds.get(lane.switch) or run.closed):
            asked = sum(attempt.asked for attempt in unsent)
            own = len(unsent) - asked
            may_go = asked + (lane.policy.decide(self.sharing.snapshot(lane, now, own)) if own else 0)
        for index, attempt in enumerate(unsent):
            gate = self.rooms.gates[attempt.begun.trunk]
            until = attempt.since + (ASKED_LIMIT_S if attempt.asked else UNSENT_LIMIT_S)
            if index >= may_go or now >= until:
                finish(attempt, Outcome.CANCELLED, None, now)
            elif self.rooms.may_place(gate, now):
                actions.append(self._place(lane, attempt, gate, now))
            else:
                self._wake(gate.next_at(now))
                self._wake(until)
        return actions

    def _send_reserved(self, lane: Lane, unsent: Iterable[AttemptRun], now: float, finish: Finisher) -> list[Action]:
        """Each goes out once an agent is kept for it."""
        actions: list[Action] = []
        for attempt in unsent:
            gate = self.rooms.gates[attempt.begun.trunk]
            until = attempt.since + RESERVE_LIMIT_S
            if self._refusal(lane) or now >= until:
                finish(attempt, Outcome.CANCELLED, None, now)
                continue
            if not attempt.reserving:
                attempt.reserving = True
                campaign = lane.campaign
                skills = campaign.file.skills
                actions.append(ev.ReserveAgent(attempt.attempt_id, campaign.queue, skills, lane.switch))
            elif attempt.reserved and self.rooms.may_place(gate, now):
                actions.append(self._place(lane, attempt, gate, now))
                continue
            if attempt.reserved:
                self._wake(gate.next_at(now))
            self._wake(until)
        return actions

    def _place(self, lane: Lane, attempt: AttemptRun, gate: TrunkGate, now: float) -> Action:
        gate.placed(now)
        self._sent(lane.run, attempt)
        attempt.sent_at, attempt.boot = now, self.boots.get(attempt.switch)
        attempt.enter(Phase.DIALLED, now)
        lane.policy.observe(Dialled(at_s=now, attempt_id=attempt.attempt_id, stratum=attempt.begun.stratum))
        return ev.PlaceCall(attempt.dial())

    def _wanted(self, now: float) -> dict[Lane, int]:
        """How many each campaign is to ask the store for on each switch, within its part of its trunks there."""
        wanted = {}
        for lane in self._lanes():
            if lane.run.asked is None and not lane.campaign.on_request:
                wanted[lane] = self._dials(lane, now)
            elif reason := self._refusal(lane):
                lane.decision, lane.full_until = Decision(now, 0, reason), now
        for trunks in routes.joined(lane.ways for lane, dials in wanted.items() if dials):
            here = {lane: dials for lane, dials in wanted.items() if dials and trunks >= set(lane.ways)}
            trunk, free = ", ".join(sorted(trunks)), sum(self.rooms.free(each, now)[0] for each in trunks)
            given = self.sharing.cut(trunk, free, here.items())
            for lane, dials in here.items():
                wanted[lane] = given.get(lane.key, 0)
                if wanted[lane] < dials:
                    lane.cut(wanted[lane], f"its share of {trunk} leaves {wanted[lane]} of {dials}")
        for run in self.runs.values():
            run.note_decisions()
        return wanted

    def _ask(self, run: CampaignRun, wanted: Mapping[Lane, int], now: float) -> list[Action]:
        one_rate = len({id(lane.policy) for lane in wanted}) == 1
        dials = min(max(wanted.values()) if one_rate else sum(wanted.values()), self._own_lines(run))
        resting = run.closed or run.campaign.file.pacing.by_hand
        empty = run.state is CampaignState.RUNNING and run.look and not run.attempts and not resting
        if now < run.ask_at or not (dials or empty):
            return []
        rooms = {lane: self._rooms(lane, now) for lane in wanted}
        shares = {lane: min(wanted[lane], sum(room.free for room in rooms[lane])) for lane in wanted}
        dials = min(dials, sum(shares.values()))
        if not (dials or empty):
            return []
        asked = {
            room.trunk.name: replace(room, free=min(room.free, shares[lane]), why=self._why(room, lane, shares[lane]))
            for lane in wanted
            for room in rooms[lane]
        }
        ordered = tuple(asked[trunk] for trunk in run.campaign.file.ways)
        run.asked, run.offered = dials, {room.trunk.name: room.free for room in ordered}
        decision = run.decision
        figures = {"dials": decision.dials, "reason": decision.reason, **decision.figures}
        by_switch = {lane.switch: share for lane, share in shares.items()} if len(shares) > 1 else {}
        return [ev.BeginAttempts(run.campaign, dials, figures, ordered, by_switch)]

    def _why(self, room: Room, lane: Lane, share: int) -> str:
        """Why a trunk takes no call, where that is its switch's: of a number that only this trunk carries."""
        several = len(lane.run.lanes) > 1
        return room.why or (f"switch {lane.switch}: {lane.decision.reason}" if several and not share else "")

    def _asked(self, trunk: str) -> int:
        return sum(run.offered.get(trunk, 0) for run in self.runs.values())

    def _dials(self, lane: Lane, now: float) -> int:
        """How many to ask the store for now; leaves the reason in ``lane.decision``."""
        run, reason = lane.run, self._refusal(lane)
        if reason:
            lane.decision, lane.full_until = Decision(now, 0, reason), now
            return 0
        if run.campaign.file.pacing.each_second:
            if now < lane.decide_at:
                self._wake(lane.decide_at)
                return 0
            lane.decide_at = now + EACH_S
            self._wake(lane.decide_at)
        lines = self._lines_free(lane, now)
        dials = 0
        if lines or now >= lane.full_until:
            lane.decision = decision = self._decided(lane, now, lines)
            lane.full_until = now if lines or lane.remembers else now + FULL_S
            dials = decision.dials
        else:  # what fills the trunk may be another thing by then, and the page says which
            self._wake(lane.full_until)
        if now < run.ask_at and (dials or run.look):
            self._wake(run.ask_at)
        if dials and now < run.ask_at:
            lane.decision = replace(decision, dials=0, reason=run.waits_for)
            return 0
        return dials

    def _decided(self, lane: Lane, now: float, lines: int) -> Decision:
        """What the policy says, and why; ``lines``: how many calls may be added."""
        snapshot = self.sharing.snapshot(lane, now, lines)
        dials = lane.policy.decide(snapshot)
        if dials:
            lane.counted_on = snapshot.ready
        explained = lane.policy.explain()
        bound = not lines and not dials and explained.figures.get("wanted") != 0
        reason = self._full(lane, now) if bound else explained.reason
        if detour := self._detour(lane, now):
            reason = f"{reason} ({detour})"
        return Decision(now, dials, reason, dict(explained.figures))

    def _refusal(self, lane: Lane) -> str:
        run = lane.run
        if run.state is not CampaignState.RUNNING:
            return f"the campaign is {run.state.value}" + (f": {run.stands_for}" if run.stands_for else "")
        return self.rooms.holds.get(lane.switch, "") or run.closed or run.campaign.file.pacing.by_hand

    def _usable(self, lane: Lane, now: float) -> int:
        """How many more agents the campaign could dial for now."""
        return 0 if self._refusal(lane) or now < lane.run.ask_at else self._lines_free(lane, now)

    def _own_lines(self, run: CampaignRun) -> int:
        return max(0, run.campaign.file.max_lines - len(run.attempts) - (run.asked or 0))

    def _lines_free(self, lane: Lane, now: float) -> int:
        """How many calls may be added. It is asked at every event of every call."""
        return min(self._own_lines(lane.run), sum(self.rooms.free(trunk, now)[0] for trunk in lane.ways))

    def _full(self, lane: Lane, now: float) -> str:
        """What bounds the calls where none may be added."""
        rooms, own = self._rooms(lane, now), f"the campaign's {lane.campaign.file.max_lines} lines are in use"
        return own if any(room.free for room in rooms) else "; ".join(room.why for room in rooms)

    def _rooms(self, lane: Lane, now: float) -> tuple[Room, ...]:
        """The campaign's trunks on the switch, in the order named."""
        return tuple(self.rooms.room(trunk, now) for trunk in lane.ways)

    def _detour(self, lane: Lane, now: float) -> str:
        if len(lane.ways) == 1:
            return ""
        rooms = self._rooms(lane, now)
        return routes.describe(rooms, [self.rooms.gates[room.trunk.name].describe(now) for room in rooms])


_SILENT = (Outcome.CANCELLED, Outcome.LOST, Outcome.PBX_LOST, Outcome.FAILED)
"""Outcomes that say nothing of the trunk."""
