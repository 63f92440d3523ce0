"""A core of the dialer with its time, and short words for what is told."""

from __future__ import annotations

from calls.agents.states import AgentState
from calls.ids import AgentId, AttemptId, BootId, LeadId, QueueName
from calls.settings import Trunk
from calls.switch.port import Detected
from dialer import events as ev
from dialer.campaign import Campaign
from dialer.core import DialerCore
from tests.dialer.conftest import CARRIER, LOOPBACK

BOOT = BootId("boot-1")
SALES = QueueName("sales")
QUEUES = frozenset({SALES})
AGENT = AgentId("agent1")
CLOCK_S = 1.8


class Bench:
    """A core, its time, and short words for what is told."""

    def __init__(self, campaign: Campaign, agents: int = 2, *, start: bool = True, trunk: Trunk = LOOPBACK) -> None:
        self.campaign = campaign
        self.core = DialerCore((trunk, CARRIER), settle_s=3.0, now=0.0)
        self.now = 10.0
        self.count = 0
        if start:
            self.tell(ev.Recovered(BOOT))
            self.agents(agents)
            self.first = self.tell(ev.CampaignStarted(campaign))

    def tell(self, event: ev.Event, after: float = 0.0) -> list[ev.Action]:
        self.now += after
        return self.core.handle(event, self.now)

    def tick(self, after: float) -> list[ev.Action]:
        self.now += after
        return self.core.tick(self.now)

    def agents(self, ready: int, *, reserved: int = 0, inbound: int = 0) -> list[ev.Action]:
        """``reserved``: for the calls that were begun last."""
        free = [
            ev.FloorAgent(AgentId(f"free{each}"), QUEUES, AgentState.READY, 0.0, free=True) for each in range(ready)
        ]
        taken = [
            ev.FloorAgent(AgentId(f"taken{each}"), QUEUES, AgentState.RESERVED, 0.0, call_id=call)
            for each, call in enumerate(f"a{self.count - each}" for each in range(reserved))
        ]
        return self.tell(ev.AgentsChanged((*free, *taken), {SALES: inbound}))

    def attempt(self, campaign: Campaign | None = None) -> ev.BegunAttempt:
        self.count += 1
        number = f"+1202555{self.count:04d}"
        wanted = campaign or self.campaign
        attempt_id, lead_id = AttemptId(f"a{self.count}"), LeadId(f"l{self.count}")
        trunk, shown = wanted.file.ways[0], wanted.file.shown[0]
        return ev.BegunAttempt(attempt_id, wanted.campaign_id, lead_id, number, trunk, 1, caller_id=shown)

    def begin(self, count: int) -> list[ev.Action]:
        attempts = tuple(self.attempt() for _ in range(count))
        return self.tell(ev.AttemptsBegun(self.campaign.campaign_id, ev.Begun(attempts, next_in_s=0.0)))

    def dial(self) -> AttemptId:
        """One attempt, dialled, and no more leads after it."""
        begun = ev.Begun((self.attempt(),), next_in_s=3000.0)
        places = [each for each in self.tell(ev.AttemptsBegun(self.campaign.campaign_id, begun)) if is_place(each)]
        assert len(places) == 1
        return AttemptId(f"a{self.count}")

    def arrive(self, detected: Detected = Detected.NOT_ASKED) -> AttemptId:
        attempt = self.dial()
        self.tell(ev.LegRinging(attempt), 0.1)
        self.tell(ev.LegAnswered(attempt), 2.0)
        self.tell(ev.CallArrived(attempt, detected), 0.1)
        return attempt

    def answer(self) -> AttemptId:
        """Answered, and never handed to us."""
        attempt = self.dial()
        self.tell(ev.LegAnswered(attempt), 2.0)
        return attempt

    def reason(self) -> str:
        return self.core.view(self.now).campaigns[0].reason


def is_place(action: ev.Action) -> bool:
    return isinstance(action, ev.PlaceCall)


def finish_in(actions: list[ev.Action]) -> ev.Finish:
    found = [each for each in actions if isinstance(each, ev.Finish)]
    assert len(found) == 1
    return found[0]


def asked(actions: list[ev.Action]) -> list[int]:
    return [each.up_to for each in actions if isinstance(each, ev.BeginAttempts)]
