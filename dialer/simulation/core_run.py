"""One run through the dialer's core: what dials on a switch dials here, on a virtual clock.

The core, its pacing, trunks and sharing, the rules and the floor are the live ones; the store's part is played in
memory (:mod:`dialer.simulation.leads`), the switch, the people and the agents by chance. Dials and talks have the
fates that they have on the fast path (:mod:`dialer.simulation.run`).
"""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import assert_never

from calls.agents.actions import ConnectCall, ReachPerson, StateChanged
from calls.agents.events import CallGone, CallKind, CallWaiting, TalkBegan, TalkOver, WrapUpDone
from calls.ids import AgentId, AttemptId, BootId, CallId, CampaignId, QueueName
from calls.switch.port import Detected
from dialer import events as ev
from dialer.campaign import Campaign
from dialer.core import DialerCore
from dialer.pacing import Policy
from dialer.presets import OFFER_WITHIN_S
from dialer.simulation.as_campaign import QUEUE, Mode, campaign_of, trunk_of
from dialer.simulation.counting import Counting
from dialer.simulation.draws import draws_of
from dialer.simulation.fates import End, Fate, Fates
from dialer.simulation.inbound import Callers
from dialer.simulation.leads import PlainLeads
from dialer.simulation.scenario import Scenario
from dialer.simulation.staff import Clock, Staff
from dialer.simulation.tally import Tally

BOOT = BootId("simulation")
NORMAL = 16
"""Q.850: normal call clearing."""

RINGS_AFTER_S = 0.2
"""The far end is heard ringing so soon."""

BEFORE_S = -60.0
"""The core was made so long before the start: its trunks have placed nothing lately."""

LEFT = {"ringing": ("ringing",), "detecting": ("detecting",), "waiting": ("waiting", "met")}
"""What is under way without an agent, by the phases of a line."""

STREAMS = 100
"""Random streams of one campaign."""


class Line:
    """One call that was placed."""

    __slots__ = ("fate", "phase")

    def __init__(self, fate: Fate) -> None:
        self.fate = fate
        self.phase = "ringing"
        """ringing, detecting, told apart, waiting, met (an agent is found), talking, message, gone, over."""


class Dialled:
    """One campaign of the run: its leads, its people, its talks."""

    def __init__(self, scenario: Scenario, index: int, mode: Mode, seed: int, ids: itertools.count[int]) -> None:
        self.scenario = scenario
        self.campaign = campaign_of(scenario, index, mode)
        self.leads = PlainLeads(scenario, self.campaign, ids)
        self.fates = Fates(scenario, seed, STREAMS * index)
        times = (scenario.talk, scenario.wrap_up, scenario.patience)
        self.talk, self.wrap_up, self.patience = (
            draws_of(each, (seed, STREAMS * index + 4 + place)) for place, each in enumerate(times)
        )


class CoreRun:
    """Drives the core through ``scenario`` under a policy of ``make`` for each campaign; ``seed`` names the run."""

    def __init__(
        self, scenario: Scenario, make: Callable[[Scenario], Policy], seed: int, mode: Mode = "predictive"
    ) -> None:
        self.scenario = scenario
        self.now = 0.0
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._count = itertools.count()
        ids = itertools.count(1)
        dialled = [Dialled(each, index, mode, seed, ids) for index, each in enumerate(scenario.campaigns)]
        self._dialled = {each.campaign.campaign_id: each for each in dialled}
        self.core = DialerCore(
            (trunk_of(scenario),), 0.0, BEFORE_S, policies=lambda campaign: make(self._of(campaign).scenario)
        )
        self._todo: deque[ev.Action] = deque()
        self._performing = False
        self._lines: dict[AttemptId, Line] = {}
        self._campaigns: dict[str, CampaignId] = {}
        """Whose call each is, until its agent has wrapped up."""
        self._on_floor: set[AttemptId] = set()
        """Attempts that wait for an agent, or have one kept."""
        self.counting = Counting(scenario, list(self._dialled))
        clock = Clock(self._later, lambda: self.now)
        self.staff = Staff(scenario, clock, self._state_changed, self._agent_there, self._floor)
        self.callers = Callers(scenario, seed, clock, self.staff, self.counting)

    def _of(self, campaign: Campaign) -> Dialled:
        return self._dialled[campaign.campaign_id]

    def go(self) -> Tally:
        """Run to the end, once."""
        end = self.scenario.duration_s
        self._until(0.0)
        self._tell(ev.Recovered(BOOT))
        for each in self._dialled.values():
            self._tell(ev.CampaignStarted(each.campaign))
        self._until(end)
        self.counting.passes(end)
        return self.counting.finish(self._left())

    def _until(self, end: float) -> None:
        heap = self._heap
        while True:
            timer = self.core.next_timer()
            if heap and (timer is None or heap[0][0] <= timer):
                if heap[0][0] > end:
                    return
                at_s, _, what = heapq.heappop(heap)
                self._passes(at_s)
                what()
            elif timer is not None and timer < end:
                self._passes(timer)
                self._perform(self.core.tick(self.now))
            else:
                return

    def _passes(self, at_s: float) -> None:
        if at_s > self.now:
            self.now = at_s
            self.counting.passes(at_s)

    def _later(self, at_s: float, what: Callable[[], None]) -> None:
        heapq.heappush(self._heap, (at_s, next(self._count), what))

    def _left(self) -> dict[CampaignId, dict[str, int]]:
        """What is under way in each campaign at the end."""
        found = {}
        for campaign_id in self._dialled:
            lines = [line for each, line in self._lines.items() if self._campaigns[each] == campaign_id]
            found[campaign_id] = {key: sum(line.phase in phases for line in lines) for key, phases in LEFT.items()}
        return found

    # --- the core ---------------------------------------------------------------------------------------------

    def _tell(self, event: ev.Event) -> None:
        self._perform(self.core.handle(event, self.now))

    def _perform(self, actions: Sequence[ev.Action]) -> None:
        """Each in its order; what follows from them comes after those that were asked for before."""
        self._todo.extend(actions)
        if self._performing:
            return
        self._performing = True
        while self._todo:
            self._do(self._todo.popleft())
        self._performing = False

    def _do(self, action: ev.Action) -> None:
        match action:
            case ev.BeginAttempts(campaign, up_to, _, rooms):
                begun = self._of(campaign).leads.begin(up_to, rooms, self.now)
                told = ev.AttemptsBegun(campaign.campaign_id, begun)
                self._soon(self.scenario.store_s if up_to else 0.0, partial(self._tell, told))
            case ev.PlaceCall(dial):
                self._place(dial.attempt_id)
            case ev.OfferToAgents(attempt_id, queue):
                self._wants_agent(attempt_id, queue)
            case ev.ReserveAgent(attempt_id, queue):
                place = CallWaiting(CallId(attempt_id), queue, CallKind.DIALLED, virtual=True, outward=True)
                self._on_floor.add(attempt_id)
                self.staff.tell(place)
            case ev.PlaySafeHarbour(attempt_id):
                self._abandon(attempt_id)
            case ev.HangUp(attempt_id):
                self._soon(0.0, partial(self._ends, attempt_id, NORMAL))
            case ev.Finish():
                self._finish(action)
            case ev.MarkLive() | ev.CampaignChanged():
                pass
            case ev.TellApart() | ev.LeaveMessage() | ev.RunFlow():
                raise AssertionError(f"no campaign of a scenario does this: {action}")
            case _:
                assert_never(action)

    def _soon(self, after_s: float, what: Callable[[], None]) -> None:
        if after_s > 0:
            self._later(self.now + after_s, what)
        else:
            what()

    def _finish(self, finish: ev.Finish) -> None:
        line = self._lines.pop(finish.attempt_id, None)
        campaign_id = finish.campaign.campaign_id
        self._of(finish.campaign).leads.finish(finish, self.now)
        if line is not None:
            if line.phase == "ringing":
                self.counting.failed(campaign_id)
            line.phase = "over"
        if finish.agent_id is None:
            self._campaigns.pop(finish.attempt_id, None)
        self._leaves_floor(finish.attempt_id)

    def _leaves_floor(self, attempt_id: AttemptId) -> None:
        """No agent is wanted for the call any more, if one was."""
        if attempt_id in self._on_floor:
            self._on_floor.discard(attempt_id)
            self.staff.tell(CallGone(CallId(attempt_id)))

    # --- the switch and the people ----------------------------------------------------------------------------

    def _place(self, attempt_id: AttemptId) -> None:
        dialled = self._dialled_by(attempt_id)
        fate = dialled.fates.next(dialled.leads.lead_of(attempt_id), self.now)
        line = self._lines[attempt_id] = Line(fate)
        self._campaigns[attempt_id] = dialled.campaign.campaign_id
        self.counting.dialled(dialled.campaign.campaign_id)
        if fate.end in (End.PERSON, End.MACHINE):
            self._later(self.now + fate.after_s, partial(self._answers, attempt_id, line))
        else:
            silent = fate.end is End.SILENT
            self._later(self.now + fate.after_s, partial(self._ends, attempt_id, fate.cause, silent))
        if fate.after_s > RINGS_AFTER_S and fate.end is not End.REFUSED and not self._dead(fate):
            self._later(self.now + RINGS_AFTER_S, partial(self._tell, ev.LegRinging(attempt_id)))

    def _dialled_by(self, attempt_id: AttemptId) -> Dialled:
        if len(self._dialled) == 1:
            return next(iter(self._dialled.values()))
        return next(each for each in self._dialled.values() if each.leads.has(attempt_id))

    def _dead(self, fate: Fate) -> bool:
        """True where the far end is never heard: the trunk is silent, or the network has refused."""
        return any(
            outage.from_s <= self.now < outage.until_s
            for each in self._dialled.values()
            for outage in each.scenario.outages
        )

    def _ends(self, attempt_id: AttemptId, cause: int | None, timed_out: bool = False) -> None:
        self._tell(ev.LegEnded(attempt_id, cause, timed_out=timed_out))

    def _answers(self, attempt_id: AttemptId, line: Line) -> None:
        if line.phase != "ringing":
            return
        line.phase = "detecting"
        self.counting.answered(self._campaigns[attempt_id])
        if line.fate.detection_s > 0:
            self._later(self.now + line.fate.detection_s, partial(self._told_apart, attempt_id, line))
            self._tell(ev.LegAnswered(attempt_id))
        else:
            self._told_apart(attempt_id, line)

    def _told_apart(self, attempt_id: AttemptId, line: Line) -> None:
        if line.phase != "detecting":
            return
        line.phase = "told apart"
        self.counting.told_apart(self._campaigns[attempt_id], line.fate)
        found = Detected.HUMAN if line.fate.person else Detected.MACHINE
        self._tell(ev.CallArrived(attempt_id, found))

    def _wants_agent(self, attempt_id: AttemptId, queue: QueueName) -> None:
        line, dialled = self._lines[attempt_id], self._dialled[self._campaigns[attempt_id]]
        patience_s = dialled.patience()
        line.phase = "waiting"
        self.counting.waits(attempt_id)
        self._on_floor.add(attempt_id)
        if patience_s < OFFER_WITHIN_S:
            self._later(self.now + patience_s, partial(self._gives_up, attempt_id, line))
        self.staff.tell(CallWaiting(CallId(attempt_id), queue, CallKind.DIALLED))

    def _gives_up(self, attempt_id: AttemptId, line: Line) -> None:
        if line.phase == "waiting":
            line.phase = "gone"
            self.counting.gone(self._campaigns[attempt_id])
            self._leaves_floor(attempt_id)
            self._ends(attempt_id, NORMAL)

    def _abandon(self, attempt_id: AttemptId) -> None:
        line = self._lines[attempt_id]
        if line.phase != "waiting":
            return  # the floor was faster: the two are being brought together
        line.phase = "message"
        self.counting.abandoned(self._campaigns[attempt_id])
        self._leaves_floor(attempt_id)
        message_s = self._dialled[self._campaigns[attempt_id]].scenario.message_s
        self._later(self.now + message_s, partial(self._tell, ev.MessagePlayed(attempt_id)))

    # --- the floor --------------------------------------------------------------------------------------------

    def _agent_there(self, action: ConnectCall | ReachPerson) -> None:
        attempt_id = AttemptId(action.call_id)
        if isinstance(action, ReachPerson):
            self._soon(0.0, partial(self._tell, ev.AgentReserved(attempt_id)))
        elif self.callers.owns(action.call_id):
            self.callers.meets(action.call_id, action.agent_id)
        else:
            self._lines[attempt_id].phase = "met"
            self._soon(self.scenario.bridge_s, partial(self._meet, attempt_id, action.agent_id))

    def _meet(self, attempt_id: AttemptId, agent_id: AgentId) -> None:
        line = self._lines.get(attempt_id)
        if line is None or line.phase != "met":
            return
        line.phase = "talking"
        self._on_floor.discard(attempt_id)
        campaign_id = self._campaigns[attempt_id]
        dialled = self._dialled[campaign_id]
        talk_s = dialled.talk()
        wrap_s = dialled.wrap_up()
        if line.fate.end is End.MACHINE:
            talk_s = dialled.scenario.missed_talk_s
        self.counting.connected(campaign_id, attempt_id)
        self._tell(ev.Connected(attempt_id, agent_id))
        self.staff.tell(TalkBegan(CallId(attempt_id), agent_id))
        self._later(self.now + talk_s, partial(self._talked, attempt_id, agent_id, wrap_s))

    def _talked(self, attempt_id: AttemptId, agent_id: AgentId, wrap_s: float) -> None:
        self.counting.talk_ended(self._campaigns[attempt_id])
        self._ends(attempt_id, NORMAL)
        self.staff.tell(TalkOver(CallId(attempt_id), agent_id))
        self._later(self.now + wrap_s, partial(self._wrapped, attempt_id, agent_id))

    def _wrapped(self, attempt_id: AttemptId, agent_id: AgentId) -> None:
        self.staff.tell(WrapUpDone(agent_id))
        self._campaigns.pop(attempt_id, None)

    def _state_changed(self, change: StateChanged) -> None:
        campaign_id = None if change.call_id is None else self._campaigns.get(change.call_id)
        self.counting.agent(change, campaign_id)

    def _floor(self) -> None:
        waiting = self.callers.waiting
        inbound = {QueueName(QUEUE): waiting} if waiting else {}
        self._tell(ev.AgentsChanged(self.staff.floor(), inbound))
