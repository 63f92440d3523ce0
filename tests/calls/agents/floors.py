"""A small floor for tests: two queues, a few agents, legs numbered in the order in which they are rung."""

from __future__ import annotations

from itertools import count

from calls.agents.actions import Action, ConnectCall, DropLeg, RingLeg, StateChanged
from calls.agents.events import CallKind, CallWaiting, FloorEvent, LegUp, LogIn, TalkBegan
from calls.agents.floor import Floor
from calls.agents.profiles import AgentProfile, LegMode, QueueProfile
from calls.agents.states import AgentState
from calls.ids import AgentId, CallId, LegId, QueueName

ANN, BEN, CAT, DAN = (AgentId(name) for name in ("ann", "ben", "cat", "dan"))
SALES, HELP = QueueName("sales"), QueueName("help")
C1, C2, C3, C4 = (CallId(f"c{number}") for number in range(1, 5))
WRAP_UP_S = 10.0
WRAP_UP_MAX_S = 30.0
MAX_WAIT_S = 300.0

PROFILES = {
    ANN: AgentProfile(
        ANN, "Ann", LegMode.NAILED_UP, False, frozenset({SALES}), WRAP_UP_S, wrap_up_max_s=WRAP_UP_MAX_S
    ),
    BEN: AgentProfile(BEN, "Ben", LegMode.NAILED_UP, False, frozenset({SALES, HELP}), 0.0, {"german": 3}),
    CAT: AgentProfile(
        CAT, "Cat", LegMode.ON_HOOK, False, frozenset({SALES, HELP}), WRAP_UP_S, {"german": 7, "tax": 1}
    ),
    DAN: AgentProfile(DAN, "Dan", LegMode.ON_HOOK, True, frozenset({SALES}), 0.0),
}
QUEUES = (QueueProfile(SALES, 20.0, MAX_WAIT_S), QueueProfile(HELP, 20.0, 60.0))


def leg(number: int) -> LegId:
    """The ``number``-th leg that was rung."""
    return LegId(f"leg{number}")


class Bench:
    """A floor with a clock: each event is given at the time it stands at."""

    def __init__(self, *agents: AgentId) -> None:
        numbers = count(1)
        profiles = [PROFILES[agent] for agent in agents]
        self.floor = Floor(profiles, QUEUES, 0.0, lambda: leg(next(numbers)))
        self.now = 0.0

    def tell(self, event: FloorEvent) -> list[Action]:
        return self.floor.handle(event, self.now)

    def run_to(self, until: float) -> list[Action]:
        """Let time pass to ``until``, with a tick at each timer; all actions."""
        actions: list[Action] = []
        while (due := self.floor.next_timer()) is not None and due <= until:
            assert due > self.now or not actions, "a timer that is due for ever"
            self.now = max(self.now, due)
            actions += self.floor.tick(self.now)
        self.now = until
        return actions

    def state(self, agent: AgentId) -> tuple[AgentState, str]:
        view = next(view for view in self.floor.view().agents if view.agent_id == agent)
        return view.state, view.reason

    def inbound(self, call: CallId, queue: QueueName = SALES, priority: int = 0) -> list[Action]:
        return self.tell(CallWaiting(call, queue, CallKind.INBOUND, priority))

    def dialled(self, call: CallId, queue: QueueName = SALES, max_wait_s: float | None = 1.8) -> list[Action]:
        return self.tell(CallWaiting(call, queue, CallKind.DIALLED, max_wait_s=max_wait_s))

    def log_in(self, agent: AgentId) -> None:
        """Log the agent in, and answer the phone where that takes one."""
        for action in self.tell(LogIn(agent)):
            if isinstance(action, RingLeg) and PROFILES[agent].mode is LegMode.NAILED_UP:
                self.tell(LegUp(agent, action.leg_id))
        assert self.state(agent)[0] is not AgentState.LOGGED_OUT

    def talk(self, agent: AgentId, call: CallId) -> None:
        """Bring the agent, who is reserved for it, to talk with ``call``."""
        view = next(view for view in self.floor.view().agents if view.agent_id == agent)
        assert view.call_id == call and view.leg_id is not None
        self.tell(LegUp(agent, view.leg_id))
        self.tell(TalkBegan(call, agent))
        assert self.state(agent) == (AgentState.TALKING, "")


def connected(actions: list[Action]) -> list[tuple[CallId, AgentId]]:
    return [(action.call_id, action.agent_id) for action in actions if isinstance(action, ConnectCall)]


def rung(actions: list[Action]) -> list[AgentId]:
    return [action.agent_id for action in actions if isinstance(action, RingLeg)]


def dropped(actions: list[Action]) -> list[LegId]:
    return [action.leg_id for action in actions if isinstance(action, DropLeg)]


def states(actions: list[Action]) -> list[tuple[AgentId, AgentState, str]]:
    return [(action.agent_id, action.state, action.reason) for action in actions if isinstance(action, StateChanged)]
