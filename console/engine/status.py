"""The engine as it is shown: to the command line, the progress view, the pages and the probes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from calls.agents.states import AgentState
from calls.agents.view import AgentView, FloorView
from calls.floor_settings import PauseReason
from calls.log import masked
from calls.people.blocked import Flagged
from calls.records.outbox import Backlog
from calls.switch_settings import NamedSwitch
from console.engine.consults import Consults
from console.engine.recorder import CallRecorder
from console.engine.supervision import WatchView
from console.engine.watch import Watch
from dialer.view import CampaignView, CoreView


class Shown(BaseModel):
    """What all parts have in common."""

    model_config = ConfigDict(frozen=True)


class CallShown(Shown):
    """A call under way. ``age_s``: seconds since its first sight. Numbers are masked: they are personal data."""

    call_id: str
    direction: str
    caller: str
    called: str
    phase: str
    queue: str | None
    agent: str | None
    age_s: float
    switch: str = ""


class AgentShown(Shown):
    """An agent. ``for_s``: seconds in the state; ``over_limit_s``: by how much a pause is longer than it may be;
    ``asks``: who is asked before the caller is handed on "rings" or is "there". ``held_s``: for how long the caller
    has been on hold."""

    id: str
    name: str
    state: str
    reason: str
    for_s: float
    call_id: str | None
    over_limit_s: float = 0.0
    asks: str = ""
    held_s: float | None = None
    switch: str = ""
    """Where the agent is reached."""
    leaves_in_s: float | None = None
    """When the pause begins that is announced; None: none is."""


class QueueShown(Shown):
    """A queue. ``longest_wait_s``: of the call that waits for longest, None where none waits."""

    name: str
    waiting: int
    longest_wait_s: float | None
    logged_in: int
    free: int
    callbacks: int = 0
    """Those of the waiting who hung up and are to be called back."""


class SupervisorShown(Shown):
    """A supervisor beside a talk, or whose phone rings for that (``sits`` is false)."""

    supervisor: str
    mode: str
    agent: str
    call_id: str
    sits: bool
    for_s: float


class CampaignShown(Shown):
    """A campaign, and why it dials what it dials."""

    id: str
    name: str
    state: str
    dialling: int
    waiting: int
    talking: int
    message: int
    in_flow: int = 0
    answered: int
    abandoned: int
    outcomes: dict[str, int]
    refused: dict[str, int]
    reason: str


class TrunkShown(Shown):
    """A trunk. ``health`` is empty where nothing is wrong."""

    name: str
    lines: int
    in_use: int
    health: str
    switch: str = ""
    """The one that owns it."""


class SwitchShown(Shown):
    """A switch. ``boot``: which run of it, None where it was not there yet; ``down``: why it cannot be reached, ""
    where it can; ``hold``: why nothing is dialled on it."""

    name: str
    kind: str
    weight: int
    boot: str | None
    down: str
    hold: str
    calls: int
    """Calls under way on it."""


class WebhookShown(Shown):
    """A webhook: how many messages wait to be sent and since when the oldest does, and how many are given up.
    ``known``: it stands in the settings."""

    name: str
    known: bool
    waiting: int
    dead: int
    oldest_s: float | None


class ReportShown(Shown):
    """A scheduled report: when it comes due next, how many of its mails and messages wait, how many of those were
    tried in vain, how many are given up, and why the latest of them was not taken."""

    name: str
    next_at: datetime
    waiting: int
    failing: int
    dead: int
    last_error: str


class FlagShown(Shown):
    """Something of a call that a flow would have supervisors look at."""

    at: datetime
    call_id: str
    number: str
    what: str


class Status(Shown):
    """All of it at one moment. ``not_ready``: why nothing new is dialled; empty: ready. ``switch``, ``kind`` and
    ``boot`` are of the first of ``switches``."""

    switch: str
    kind: str
    boot: str | None
    not_ready: tuple[str, ...]
    hold: str
    calls: tuple[CallShown, ...]
    agents: tuple[AgentShown, ...]
    queues: tuple[QueueShown, ...]
    campaigns: tuple[CampaignShown, ...]
    trunks: tuple[TrunkShown, ...]
    webhooks: tuple[WebhookShown, ...]
    reports: tuple[ReportShown, ...] = ()
    flags: tuple[FlagShown, ...] = ()
    supervisors: tuple[SupervisorShown, ...] = ()
    """The last of this run."""
    switches: tuple[SwitchShown, ...] = ()
    loop_lag_s: float
    writer_behind_s: float


def calls_shown(recorders: tuple[CallRecorder, ...]) -> tuple[CallShown, ...]:
    """The calls under way."""
    return tuple(
        CallShown(
            call_id=recorder.live.call_id,
            direction=recorder.live.direction.value,
            caller=masked(recorder.live.caller),
            called=masked(recorder.live.called),
            phase=recorder.phase.value,
            queue=recorder.queue,
            agent=recorder.agent_id,
            age_s=round(recorder.age_s(), 3),
            switch=recorder.live.switch,
        )
        for recorder in recorders
    )


def agents_shown(
    floor: FloorView,
    now_s: float,
    reasons: Iterable[PauseReason],
    consults: Consults,
) -> tuple[AgentShown, ...]:
    """The agents. ``reasons``: why they may pause, and for how long; ``consults``: who asks somebody, and whose
    caller is on hold."""
    asks, on_hold = consults.view(), consults.on_hold()
    limits_s = {each.id: each.limit_minutes * 60.0 for each in reasons if each.limit_minutes is not None}
    return tuple(
        _agent(agent, now_s, limits_s, asks.get(agent.agent_id, ""), on_hold.get(agent.agent_id))
        for agent in floor.agents
    )


def _agent(
    agent: AgentView, now_s: float, limits_s: Mapping[str, float], asks: str, held: float | None
) -> AgentShown:
    limit_s = limits_s.get(agent.reason) if agent.state is AgentState.PAUSED else None
    return AgentShown(
        over_limit_s=0.0 if limit_s is None else round(max(0.0, now_s - agent.since - limit_s), 3),
        id=agent.agent_id,
        name=agent.name,
        state=agent.state.value,
        reason=agent.reason,
        for_s=round(max(0.0, now_s - agent.since), 3),
        call_id=agent.call_id,
        asks=asks,
        held_s=None if held is None else round(max(0.0, now_s - held), 3),
        switch=agent.profile.switch,
        leaves_in_s=None if agent.leaves_at is None else round(max(0.0, agent.leaves_at - now_s), 3),
    )


def supervisors_shown(watches: Iterable[WatchView], now_s: float) -> tuple[SupervisorShown, ...]:
    """Who listens to whom."""
    return tuple(
        SupervisorShown(
            supervisor=each.supervisor,
            mode=each.mode,
            agent=each.agent_id,
            call_id=each.call_id,
            sits=each.sits,
            for_s=round(max(0.0, now_s - each.since_s), 3),
        )
        for each in watches
    )


def queues_shown(floor: FloorView, now_s: float) -> tuple[QueueShown, ...]:
    """The queues."""
    return tuple(
        QueueShown(
            name=queue.name,
            waiting=len(queue.waiting),
            longest_wait_s=max((round(now_s - call.since, 3) for call in queue.waiting), default=None),
            logged_in=queue.logged_in,
            free=queue.free,
            callbacks=sum(call.virtual for call in queue.waiting),
        )
        for queue in floor.queues
    )


def campaigns_shown(core: CoreView) -> tuple[CampaignShown, ...]:
    """The campaigns that were started since the engine began."""
    return tuple(_campaign(campaign) for campaign in core.campaigns)


def _campaign(campaign: CampaignView) -> CampaignShown:
    return CampaignShown(
        id=campaign.campaign_id,
        name=campaign.name,
        state=campaign.state.value,
        dialling=campaign.dialling,
        waiting=campaign.waiting,
        talking=campaign.talking,
        message=campaign.message,
        in_flow=campaign.in_flow,
        answered=campaign.answered,
        abandoned=campaign.abandoned,
        outcomes=dict(campaign.outcomes),
        refused=dict(campaign.refused),
        reason=campaign.reason,
    )


def trunks_shown(core: CoreView) -> tuple[TrunkShown, ...]:
    """The trunks."""
    return tuple(
        TrunkShown(name=trunk.name, lines=trunk.lines, in_use=trunk.in_use, health=trunk.health, switch=trunk.switch)
        for trunk in core.trunks
    )


def switches_shown(
    boots: Mapping[str, str | None],
    settings: Iterable[NamedSwitch],
    watch: Watch,
    core: CoreView,
    recorders: tuple[CallRecorder, ...],
) -> tuple[SwitchShown, ...]:
    """The switches. ``boots``: by name, in the order of the settings; ``settings``: of each in the same order."""
    return tuple(
        SwitchShown(
            name=name,
            kind=each.kind,
            weight=each.weight,
            boot=boot or None,
            down=watch.down[name],
            hold=core.holds.get(name, ""),
            calls=sum(recorder.live.switch == name for recorder in recorders),
        )
        for (name, boot), each in zip(boots.items(), settings, strict=False)
    )


def webhooks_shown(names: Iterable[str], backlog: Iterable[Backlog], now: datetime) -> tuple[WebhookShown, ...]:
    """The webhooks of the settings, and those that still have messages from before they were taken out."""
    left = {each.webhook: each for each in backlog}
    known = tuple(names)
    others = sorted(name for name in left if name not in known)
    return tuple(_webhook(name, name in known, left.get(name), now) for name in (*known, *others))


def _webhook(name: str, known: bool, left: Backlog | None, now: datetime) -> WebhookShown:
    oldest_s = None if left is None or left.oldest_at is None else (now - left.oldest_at).total_seconds()
    return WebhookShown(
        name=name,
        known=known,
        waiting=left.waiting if left is not None else 0,
        dead=left.dead if left is not None else 0,
        oldest_s=oldest_s and round(max(0.0, oldest_s), 3),
    )


def flags_shown(flagged: Iterable[Flagged]) -> tuple[FlagShown, ...]:
    """What supervisors are to look at, the newest last."""
    return tuple(
        FlagShown(at=each.at, call_id=each.call_id, number=masked(each.number), what=each.what) for each in flagged
    )
