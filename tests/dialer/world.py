"""A small world around the core: virtual clock, SQLite in memory, a switch and a floor that play their parts.

Numbers behave by their last digit: 0-2 answer and talk, 3 answers and hangs up at once, 4 is a machine, 5 busy,
6 rings on, 7 congestion (503), 8 does not exist (404), 9 is unavailable (480). The engine can be killed at any step
(``fuse``), the switch too. Everything that reaches the outside is written to ``log``, which ``checker`` reads.
"""

from __future__ import annotations

import heapq
import itertools
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

from calls.ids import AttemptId, BootId
from calls.records.store import CallEvent, CallRecord, Direction
from calls.settings import Trunk
from calls.switch.port import Detected, DialAttempt
from dialer import attempts, events, recovery, roll, windows
from dialer.attempts import Place
from dialer.campaign import Campaign
from dialer.core import DialerCore
from tests.dialer.actors import Agent, Channel, Crash, Entry
from tests.fresh_store import fill

T = TypeVar("T")

START = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)
SETTLE_S = 3.0


@dataclass
class World:
    campaign: Campaign
    trunk: Trunk
    agents: list[Agent]
    fuse: int | None = None
    now: float = 1000.0
    boot: int = 1
    log: list[Entry] = field(default_factory=list)
    channels: dict[AttemptId, Channel] = field(default_factory=dict)
    core: DialerCore | None = None
    forbidden_at: dict[str, float] = field(default_factory=dict)
    dialled: dict[AttemptId, datetime] = field(default_factory=dict)
    answered: dict[AttemptId, datetime] = field(default_factory=dict)
    inbound_waiting: int = 0
    finished: bool = False
    wrap_s: float = 2.0
    others: tuple[Trunk, ...] = ()
    """Trunks beside ``trunk``."""
    congested: set[str] = field(default_factory=set)
    """Trunks that answer everything with 503 now."""

    def __post_init__(self) -> None:
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        self.db.execute("PRAGMA foreign_keys = ON")
        fill(self.db)
        self._heap: list[tuple[float, int, int | None, Callable[[], None]]] = []
        self._count = itertools.count()
        self._ids = itertools.count(1)
        self._life = 0
        self._offers: list[AttemptId] = []
        self._places: set[AttemptId] = set()
        self._talks = itertools.count()

    # --- setting up -------------------------------------------------------------------------------------------

    def add_leads(self, numbers: list[str], zones: str = '["America/New_York"]') -> None:
        at = START.isoformat(timespec="microseconds")
        self.db.execute(
            "INSERT INTO lists (list_id, name, created_at) VALUES ('l', ?, ?)", (self.campaign.file.list, at)
        )
        self.db.executemany(
            "INSERT INTO leads (lead_id, list_id, person_key, number, time_zones, imported_at)"
            " VALUES (?, 'l', ?, ?, ?, ?)",
            [(f"lead-{number[1:]}", number, number, zones, at) for number in numbers],
        )

    def start(self) -> None:
        """Start the engine: register, recover, go."""
        self.write(lambda db: roll.register(db, self.campaign, self.wall))
        self._boot_up(start_campaign=True)

    @property
    def wall(self) -> datetime:
        return START + timedelta(seconds=self.now)

    # --- the engine -------------------------------------------------------------------------------------------

    def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """A transaction of the writer; a crash inside it takes everything back."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            result = work(self.db)
            self._step()
        except BaseException:
            self.db.execute("ROLLBACK")
            raise
        self.db.execute("COMMIT")
        return result

    def _step(self) -> None:
        """Somewhere the engine can be killed."""
        if self.fuse is not None:
            self.fuse -= 1
            if self.fuse <= 0:
                self.fuse = None
                raise Crash

    def tell(self, event: events.Event) -> None:
        if self.core is None:
            return
        try:
            for action in self.core.handle(event, self.now):
                self._perform(action)
        except Crash:
            self._die()

    def tick(self) -> None:
        if self.core is None:
            return
        try:
            for action in self.core.tick(self.now):
                self._perform(action)
        except Crash:
            self._die()

    def _die(self) -> None:
        self._note("crash")
        self.core = None
        self._life += 1
        self._offers.clear()
        self._places.clear()
        for attempt_id, channel in self.channels.items():
            if channel.ours and not channel.talking:
                self._later(1.0, partial(self._end, attempt_id, 16))
        for agent in self.agents:
            agent.become("ready" if agent.state != "gone" else "gone", self.now)
        self._later(0.5, self._restart)

    def crash(self) -> None:
        """Kill the engine now."""
        if self.core is not None:
            self._die()

    def _restart(self) -> None:
        if self.core is None:
            self._later(SETTLE_S, self._boot_up)

    def _boot_up(self, start_campaign: bool | None = None) -> None:
        if self.core is not None:
            return
        live = frozenset(str(each) for each in self.channels)
        try:
            found = self.write(lambda db: recovery.recover(db, "main", self.boot_id, live, self.wall))
        except Crash:
            self._die()
            return
        self.core = DialerCore((self.trunk, *self.others), SETTLE_S, self.now)
        for leg in found.still_up:
            channel = self.channels[leg.begun.attempt_id]
            if channel.answered and not leg.answered:  # killed between the answer and its commit: nobody holds it
                self._later(0.0, partial(self._arrive, leg.begun.attempt_id))
        self.tell(events.Recovered(self.boot_id, found.still_up))
        self._tell_floor()
        state = roll.states(self.db)[self.campaign.campaign_id]
        if start_campaign or state is events.CampaignState.RUNNING:
            answered, abandoned = roll.abandonment(self.db, self.campaign, self.wall)
            resets_s = windows.resets_s(self.campaign.preset.cap_window, self.wall)
            self.tell(events.CampaignStarted(self.campaign, answered, abandoned, resets_s))

    @property
    def boot_id(self) -> BootId:
        return BootId(f"boot-{self.boot}")

    def _perform(self, action: events.Action) -> None:
        match action:
            case events.BeginAttempts(campaign, up_to, decision, rooms):
                place = Place("main", self.boot_id, self.trunk)
                begun = self.write(
                    lambda db: attempts.begin_attempts(
                        db,
                        campaign,
                        up_to,
                        self.wall,
                        place,
                        lambda: AttemptId(f"a{next(self._ids)}"),
                        decision,
                        rooms,
                    )
                )
                self._step()
                self._later(0.004, lambda: self.tell(events.AttemptsBegun(campaign.campaign_id, begun)), mine=True)
            case events.ReserveAgent(attempt_id):
                self._offers.append(attempt_id)
                self._places.add(attempt_id)
                self._assign()
            case events.PlaceCall(dial):
                self._step()
                self._invite(dial)
                self._step()
            case events.MarkLive(attempt_id):
                self.write(lambda db: attempts.mark_live(db, attempt_id))
            case events.OfferToAgents(attempt_id):
                keeper = next((each for each in self.agents if each.call == attempt_id), None)
                self._places.discard(attempt_id)
                if keeper is not None:
                    self._later(0.1, partial(self._meet, keeper, attempt_id), mine=True)
                elif attempt_id not in self._offers:
                    self._offers.append(attempt_id)
                    self._assign()
            case events.PlaySafeHarbour(attempt_id):
                self._withdraw(attempt_id)
                self._note_call("message", attempt_id)
                self._later(2.0, lambda: self.tell(events.MessagePlayed(attempt_id)), mine=True)
            case events.TellApart(attempt_id):
                self._later(1.0, partial(self._hear, attempt_id), mine=True)
            case events.LeaveMessage(attempt_id):
                self._later(6.0, partial(self.tell, events.MessagePlayed(attempt_id)), mine=True)
            case events.RunFlow(attempt_id):
                self._note_call("message", attempt_id)
                self._later(5.0, partial(self.tell, events.FlowOver(attempt_id)), mine=True)
            case events.HangUp(attempt_id):
                self._later(0.02, lambda: self._end(attempt_id, 16))
            case events.Finish():
                self._finish(action)
            case events.CampaignChanged(campaign_id, state):
                self.write(lambda db: roll.set_state(db, campaign_id, state, self.wall))
                self._note(f"campaign {state.value}")
                self.finished = state is events.CampaignState.FINISHED

    def _finish(self, finish: events.Finish) -> None:
        self._withdraw(finish.attempt_id)
        record = CallRecord(
            call_id=finish.attempt_id,  # type: ignore[arg-type]  # equal by definition
            direction=Direction.OUTBOUND,
            switch="main",
            boot_id=self.boot_id,
            channel="",
            caller=self.campaign.file.shown[0],
            called=finish.number,
            started_at=self.dialled.get(finish.attempt_id, self.wall),
            ended_at=self.wall,
            answered_at=self.answered.get(finish.attempt_id, self.wall) if finish.answered else None,
            duration_s=0.0,
            billed_s=0.0,
            campaign_id=self.campaign.campaign_id,
            lead_id=finish.lead_id,
            outcome=finish.outcome,
            cause=finish.cause,
            abandoned=finish.abandoned,
            connect_s=finish.connect_s,
            ring_s=finish.ring_s,
            talk_s=finish.talk_s,
            agent_id=finish.agent_id,
        )
        doubt = (CallEvent(self.wall, 0.0, "doubt", {"because": finish.doubt}),) if finish.doubt else ()
        self.write(lambda db: attempts.finish_attempt(db, finish, record, doubt, self.wall))
        self._step()

    # --- the switch -------------------------------------------------------------------------------------------

    def _invite(self, dial: DialAttempt) -> None:
        attempt_id, number = dial.attempt_id, dial.number
        self._note("invite", number, attempt_id, dial.trunk)
        self.dialled[attempt_id] = self.wall
        self.channels[attempt_id] = Channel(dial)
        digit = number[-1]
        if dial.trunk in self.congested:
            self._later(0.05, lambda: self._end(attempt_id, 34))
        elif digit == "8":
            self._later(0.05, lambda: self._end(attempt_id, 1))
        elif digit == "7":
            self._later(0.05, lambda: self._end(attempt_id, 34))
        elif digit == "5":
            self._later(0.2, lambda: self._end(attempt_id, 17))
        elif digit == "9":
            self._later(0.2, lambda: self._end(attempt_id, 20))
        else:
            self._later(0.1, lambda: self.tell(events.LegRinging(attempt_id)))
            if digit == "6":
                self._later(dial.ring_timeout_s, lambda: self._end(attempt_id, 0, timed_out=True))
            else:
                self._later(1.0 + int(digit) * 0.37, lambda: self._answer(attempt_id))

    def _answer(self, attempt_id: AttemptId) -> None:
        channel = self.channels.get(attempt_id)
        if channel is None:
            return
        channel.answered = True
        self.answered[attempt_id] = self.wall
        self._note_call("answer", attempt_id)
        self.tell(events.LegAnswered(attempt_id))
        self._later(1.5 if channel.dial.detect_machine else 0.05, lambda: self._arrive(attempt_id))
        if channel.dial.number[-1] == "3":
            self._later(0.3, lambda: self._end(attempt_id, 16))

    def _arrive(self, attempt_id: AttemptId) -> None:
        channel = self.channels.get(attempt_id)
        if channel is None:
            return
        if self.core is None:  # the dialplan's fallback: nobody is kept in silence
            self._later(1.0, lambda: self._end(attempt_id, 16))
            return
        channel.ours = True
        detected = Detected.NOT_ASKED
        if channel.dial.detect_machine:
            detected = Detected.MACHINE if channel.dial.number[-1] == "4" else Detected.HUMAN
        self._note_call("arrive", attempt_id)
        self.tell(events.CallArrived(attempt_id, detected))

    def _hear(self, attempt_id: AttemptId) -> None:
        """The engine has heard who answered."""
        channel = self.channels.get(attempt_id)
        if channel is not None:
            found = Detected.MACHINE if channel.dial.number[-1] == "4" else Detected.HUMAN
            self._note_call("arrive", attempt_id)
            self.tell(events.CallArrived(attempt_id, found))

    def _end(self, attempt_id: AttemptId, cause: int, *, timed_out: bool = False) -> None:
        if self.channels.pop(attempt_id, None) is None:
            return
        self._note("end", attempt=attempt_id)
        for agent in self.agents:
            if agent.call == attempt_id and agent.state == "talking":
                self._wrap_up(agent)
        self.tell(events.LegEnded(attempt_id, cause, timed_out=timed_out))
        self._withdraw(attempt_id)

    def kill_switch(self) -> None:
        """The switch dies and is back after a second with nothing on it."""
        self._note("switch crash")
        for attempt_id in list(self.channels):
            self._note("end", attempt=attempt_id)
        self.channels.clear()
        self.boot += 1
        self.tell(events.SwitchDown("connection reset"))
        self._later(1.0, self._switch_back)

    def lose_switch(self) -> None:
        """The way to the switch is lost for a second; the calls on it go on."""
        self.tell(events.SwitchDown("connection reset"))
        self._later(1.0, self._switch_back)

    def _switch_back(self) -> None:
        self.tell(events.SwitchUp(self.boot_id, frozenset(str(each) for each in self.channels)))

    # --- the floor --------------------------------------------------------------------------------------------

    def _assign(self) -> None:
        for agent in self.agents:
            if agent.state == "ready" and self._offers:
                attempt_id = self._offers.pop(0)
                agent.become("reserved", self.now, attempt_id)
                if attempt_id in self._places:
                    self._later(0.01, partial(self.tell, events.AgentReserved(attempt_id)), mine=True)
                else:
                    self._later(0.1, partial(self._meet, agent, attempt_id), mine=True)
        self._later(0.0, self._tell_floor, mine=True)

    def _meet(self, agent: Agent, attempt_id: AttemptId) -> None:
        if agent.call != attempt_id or agent.state != "reserved" or attempt_id not in self.channels:
            return
        agent.become("talking", self.now, attempt_id)
        self.channels[attempt_id].talking = True
        self._note_call("connect", attempt_id)
        life = self._life  # which may end with the next word
        self.tell(events.Connected(attempt_id, agent.agent_id))
        self._tell_floor()
        self._later(self.talk_s(), lambda: self._hang_up_by_agent(agent, attempt_id, life))

    def talk_s(self) -> float:
        """How long the next talk lasts."""
        return 3.0 + next(self._talks) % 4

    def _hang_up_by_agent(self, agent: Agent, attempt_id: AttemptId, life: int) -> None:
        if life != self._life:
            if attempt_id in self.channels:
                self.channels[attempt_id].talking = False
            self._arrive(attempt_id)  # a talk that outlived its engine: the caller comes back to whoever runs now
        elif agent.call == attempt_id and agent.state == "talking":
            self._wrap_up(agent)
            self.tell(events.TalkEnded(attempt_id))

    def _wrap_up(self, agent: Agent) -> None:
        agent.become("wrap_up", self.now, agent.call)
        self._later(self.wrap_s, lambda: self._free(agent), mine=True)
        self._tell_floor()

    def _free(self, agent: Agent) -> None:
        if agent.state == "wrap_up":
            agent.become("ready", self.now)
            self._assign()

    def _withdraw(self, attempt_id: AttemptId) -> None:
        if attempt_id in self._offers:
            self._offers.remove(attempt_id)
        for agent in self.agents:
            if agent.call == attempt_id and agent.state == "reserved":
                agent.become("ready", self.now)
                self._assign()

    def _tell_floor(self) -> None:
        ready = sum(agent.state == "ready" or agent.call in self._places for agent in self.agents)
        self._note(f"floor {ready} {self.inbound_waiting}")
        floor = tuple(each.on_floor(self.campaign.queue) for each in self.agents)
        self.tell(events.AgentsChanged(floor, {self.campaign.queue: self.inbound_waiting}))

    def set_agents_away(self, away: bool) -> None:
        """All idle agents leave, or those who left come back."""
        for agent in self.agents:
            if away and agent.state in ("ready", "wrap_up"):
                agent.become("gone", self.now)
            elif not away and agent.state == "gone":
                agent.become("ready", self.now)
        self._tell_floor()

    def set_inbound(self, waiting: int) -> None:
        self.inbound_waiting = waiting
        self._tell_floor()

    def forbid(self, number: str) -> None:
        at = self.wall.isoformat(timespec="microseconds")
        self.db.execute(
            "INSERT OR IGNORE INTO do_not_call (number, source, added_at, added_by) VALUES (?, 'test', ?, 'test')",
            (number, at),
        )
        self.forbidden_at.setdefault(number, self.now)
        self.tell(events.DoNotCallAdded(number))

    # --- time -------------------------------------------------------------------------------------------------

    def _later(self, after_s: float, what: Callable[[], None], *, mine: bool = False) -> None:
        """``mine``: dies with this life of the engine."""
        life = self._life if mine else None
        heapq.heappush(self._heap, (self.now + after_s, next(self._count), life, what))

    def run(self, for_s: float) -> None:
        """Let time pass; stops early once the campaign has finished."""
        until = self.now + for_s
        while not self.finished:
            timer = self.core.next_timer() if self.core is not None else None
            event = self._heap[0][0] if self._heap else None
            at = min((each for each in (timer, event) if each is not None), default=until)
            if at > until:
                break
            assert at >= self.now or timer == at, "time goes on"
            self.now = max(self.now, at)
            if event is not None and event <= self.now:
                _, _, life, what = heapq.heappop(self._heap)
                if life is None or life == self._life:
                    what()
            elif timer is not None:
                self.tick()
                after = self.core.next_timer() if self.core is not None else None
                assert after is None or after > self.now, f"a timer that is never done: {after}"
            else:
                break
        if not self.finished:
            self.now = until

    def _note(self, kind: str, number: str = "", attempt: str = "", trunk: str = "") -> None:
        self.log.append(Entry(self.now, kind, number, attempt, trunk))

    def _note_call(self, kind: str, attempt_id: AttemptId) -> None:
        channel = self.channels.get(attempt_id)
        self._note(kind, channel.dial.number if channel else "", attempt_id)
