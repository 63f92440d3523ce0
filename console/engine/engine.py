"""The engine: puts the switch, the floor, the flows, the dialer and the writer together, and keeps them running."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping

from calls import log
from calls.agents.actions import StateChanged
from calls.agents.floor import Floor
from calls.clock import Clock
from calls.errors import UserError
from calls.ids import AgentId, AttemptId, BootId, CallId, CampaignId, FlowId, LegId
from calls.records.ballast import Ballast
from calls.records.progress import Tell, to_log
from calls.records.writer import Writer
from calls.settings import Settings
from calls.switch.port import CallChannel, Hangup, Prompt, Switch
from calls.switch.several import Switches
from calls.switches import owned, switches_of, weights_of
from console.engine.agent_dials import AgentDials
from console.engine.agent_records import AgentRecords
from console.engine.books import Books
from console.engine.broadcast import Broadcasts
from console.engine.callbacks import Callbacks
from console.engine.consults import Consults
from console.engine.conversation import Conversations
from console.engine.desk import Desk
from console.engine.dialled import DialledCalls
from console.engine.effects import Effects
from console.engine.floor import FloorRunner
from console.engine.flows import LiveFlows
from console.engine.guard import Guard
from console.engine.hearing import Listener
from console.engine.hours import OpeningHours
from console.engine.inbound import InboundCalls
from console.engine.leading import Leading
from console.engine.lines_beside import LinesBeside
from console.engine.lookups import Lookups
from console.engine.outbox import Outbox
from console.engine.outside import GuardedHosts, Hosts
from console.engine.pace_keeper import PaceKeeper
from console.engine.payments import Payments
from console.engine.phone_codes import PhoneCodes
from console.engine.phone_holds import PhoneHolds
from console.engine.phone_lines import PhoneLines, phones_of
from console.engine.places import Places
from console.engine.previews import Previews
from console.engine.profiles import agents_of, queues_of
from console.engine.queue_hours import QueueHours
from console.engine.recognition import Recognises, Recognition
from console.engine.recordings import RecordingKeeper
from console.engine.recounting import recounted
from console.engine.restart import Restart
from console.engine.retention import Retention
from console.engine.safe_harbour import SafeHarbour
from console.engine.serving_queues import ServingQueues
from console.engine.starts import Starts
from console.engine.status import (
    Status,
    SwitchShown,
    agents_shown,
    calls_shown,
    campaigns_shown,
    flags_shown,
    queues_shown,
    supervisors_shown,
    switches_shown,
    trunks_shown,
    webhooks_shown,
)
from console.engine.supervision import Supervision
from console.engine.switching import Switching
from console.engine.talk import LiveTalk, Meetings
from console.engine.talk_recording import TalkRecordings
from console.engine.tasks import Tasks, each_of
from console.engine.telling import Telling
from console.engine.third_parties import ThirdParties
from console.engine.tolls import Tolls
from console.engine.trails import Trails
from console.engine.transfers import Transfers
from console.engine.untold import UntoldRecordings
from console.engine.verifying import PinHasher, Verifier
from console.engine.voice import LiveVoice
from console.engine.watch import Watch
from dialer import events as ev
from dialer.core import DialerCore
from dialer.view import CoreView
from ivr.commands import OverridesChanged
from ivr.flow import Flow
from ivr.speaking import spoken_of

WRITE_S = 30.0
"""How long a stop waits for the last records to be written."""


class Engine:
    """One engine, from :meth:`start` to :meth:`stop`."""

    def __init__(
        self,
        settings: Settings,
        switch: Switch | Switches,
        flows: Mapping[FlowId, Flow],
        clock: Clock,
        new_id: Callable[[], str],
        draw: Callable[[], float],
        voice: LiveVoice | None = None,
        hosts: Hosts | None = None,
        recognition: Recognises | None = None,
        prompt_s: Callable[[Prompt], float] = lambda prompt: 0.0,
    ) -> None:
        """``switch``: the only one, or several. ``voice`` speaks what no prompt was rendered for, while a caller
        waits. ``hosts``: the servers of others; None: the real ones, guarded. ``recognition`` understands callers;
        None: by the settings' models. ``prompt_s``: how long a prompt plays: who speaks meanwhile has barged in."""
        switches = switch if isinstance(switch, Switches) else Switches([switch], {})
        self.settings = settings = owned(settings, only=switches.names[0] if len(switches.names) == 1 else None)
        self.voice = voice or LiveVoice()
        self.switches = switches
        self.clock = clock
        self.tasks = Tasks()
        self.writer = Writer(settings.engine.database, ballast=Ballast(settings.engine.database))
        self.watch = Watch(settings, self.writer, clock, switches.names, self._clock_jumped)
        self.books = Books(self.writer, self.tasks, clock, self._store_said)
        self._working = self._floor_changed = False
        self.agent_records = AgentRecords(self.writer, clock)
        floor = Floor(agents_of(settings), queues_of(settings), clock.monotonic_s(), lambda: LegId(f"leg-{new_id()}"))
        endpoints = {AgentId(agent.id): agent.endpoint for agent in settings.agents}
        core = DialerCore(settings.trunks, settings.engine.settle_s, clock.monotonic_s(), weights_of(settings))
        lines = LinesBeside(core, clock, self._look_again, self.books.keep, new_id, switches.tell_end)
        phones = PhoneLines(switches, lines, phones_of(settings))
        self.floor = FloorRunner(
            floor, phones, endpoints, clock, self.tasks, self._agent_changed, self._agent_leg, self._floor_moved
        )
        tolls = Tolls(settings, self.writer, clock, lines)
        parties = ThirdParties(switches, tolls, self.tasks, clock)
        self.consults = Consults(switches, self.floor, parties, new_id, clock, settings.recordings)
        self.recordings = RecordingKeeper(settings.recordings, self.writer, clock)
        self.meetings = Meetings(
            self.floor,
            clock,
            self,
            lambda recorder, rule: self.talk_recordings.name_for(recorder, rule),
            self.consults,
            self.tasks,
            self.recordings.drop,
        )
        supervisors = settings.supervisors
        self.supervision = Supervision(supervisors, phones, self.meetings, self.writer, self.tasks, clock, new_id)
        named = settings.secrets.named
        self._hosts = hosts or GuardedHosts(named)
        self.outbox = Outbox(settings.webhooks, self._hosts, named, self.writer, self.tasks, clock, draw)
        self.telling = Telling(settings, self.outbox.wake, self.writer, self.tasks, clock)
        self.talk_recordings = TalkRecordings(
            settings.queues,
            self.recordings,
            self.meetings,
            self.supervision,
            self.tasks,
            draw,
            settings.recordings.pause_limit_s,
        )
        self.effects = Effects(
            self.writer,
            clock,
            settings.engine.region,
            self._forbidden,
            self.outbox.wake,
            self.recordings.drop,
            lambda live, key, effect: self.callbacks.book(live, key, effect),
        )
        self.lookups = Lookups(settings.lookups, self._hosts, clock)
        self.payments = Payments(settings.payment_gateways, self._hosts, self.writer, clock)
        self.recognition = recognition or Recognition(settings.speech)
        self.listener = Listener(self.recognition, clock, prompt_s)
        self.verifier = Verifier(settings.authenticators, self.lookups, self.writer, clock, PinHasher())
        self.transfers = Transfers(settings, self.floor, self.meetings, self.consults, tolls)
        self.conversations = Conversations(
            settings.queues,
            self.books,
            self.floor,
            self.transfers,
            self.effects,
            self.lookups,
            self.payments,
            self.verifier,
            clock,
            QueueHours(lambda: self.hours.overrides),
            Guard(self.writer, clock, settings.engine.region),
            lambda: self.watch.draining,
            self.voice.render,
            self.recordings,
            tolls,
            self.listener,
        )
        self.hours = OpeningHours(
            self.writer, clock, lambda found: self.conversations.notify_all(OverridesChanged(found))
        )
        self.serving = ServingQueues(settings, self.floor, self.writer, clock)
        self._spoken = {expected.language for flow in flows.values() for _, expected in spoken_of(flow)}
        self.flows = LiveFlows(settings, flows, self.writer, self.books, clock)
        leading = Leading(self.conversations, clock)
        self.inbound = InboundCalls(settings, self.flows, self.books, leading, self.hours, clock, draw)
        self.safe_harbour = SafeHarbour(self.writer, self.tasks, clock, self._forbidden)
        self.dialled = DialledCalls(
            core,
            switches,
            self.writer,
            self.books,
            self.transfers,
            self.tasks,
            clock,
            settings.trunks,
            lambda: AttemptId(new_id()),
            self.watch.not_ready,
            self._attempt_finished,
            Broadcasts(self.flows, leading, self.hours, self.writer, draw, settings.prompts.languages[0]),
            self.safe_harbour,
            Places(self.floor, self.tasks),
            self.floor.view,
        )
        self.callbacks = Callbacks(
            settings,
            self.floor,
            self.dialled,
            self.writer,
            self.tasks,
            clock,
            lambda: AttemptId(new_id()),
            self.watch.not_ready,
            self.outbox.wake_for_events,
        )
        self.agent_dials = AgentDials(
            settings,
            self.floor,
            self.dialled,
            self.writer,
            self.tasks,
            clock,
            lambda: AttemptId(new_id()),
            self.watch.not_ready,
        )
        self.previews = Previews(self.agent_dials, self.floor, self.dialled, self.writer, self.tasks, clock)
        self.desk = Desk(
            settings,
            self.books,
            self.floor,
            self.writer,
            clock,
            self._forbidden,
            self.leads_changed,
            self._recount,
            self.callbacks.moved,
            self.callbacks.booking_of,
        )
        self.phone_holds = PhoneHolds(self.floor, self.meetings, self.transfers, self.consults, self.tasks)
        self.phone_codes = PhoneCodes(
            settings,
            self.floor,
            self.verifier,
            self.watch,
            self.desk.require_given,
            self.talk_recordings,
            self.transfers,
            self.consults,
            self.phone_holds,
        )
        self.on_floor_moved: list[Callable[[], None]] = []
        """Who is told that an agent or a waiting call has moved: what is shown live."""
        self.pace = PaceKeeper(self.dialled, self.writer, clock)
        self.starts = Starts(self.dialled.core)
        untold = UntoldRecordings(self.recordings, self.writer, self.tasks, clock)
        self.restart = Restart(
            settings, switches, self.writer, self.books, self.floor, self.dialled, clock, parties, phones, untold
        )
        self.switching = Switching(
            switches,
            self.watch,
            self.floor,
            self.dialled,
            self.consults,
            self.meetings,
            self.supervision,
            self.phone_holds,
            (phones, self.floor, self.supervision, parties),
            self.restart,
            self.writer,
            self.tasks,
            clock,
            self._settled,
        )

    async def start(self, tell: Tell = to_log) -> None:
        """Open the store, of which ``tell`` hears if it takes long, and connect to the switch; the rest follows then.

        Raises:
            RecordError: the database is not for us. Where it fails, whatever with, all is closed again.
        """
        self.writer.start(tell)
        try:
            await self.hours.load()
            await self.serving.load()
            await self.payments.settle_left()
            await self.restart.look()
            await self.flows.keep_found()
            await self.recognition.start(self._spoken)
            self.watch.start(self.tasks)
            Trails(self.books, self.writer).start(self.tasks)
            Retention(self.settings.retention, self.writer, self.clock).start(self.tasks)
            await self.outbox.start()
            self.telling.start()
            self.recordings.start(self.tasks)
            self.switching.start(self._on_call)
        except BaseException:
            await self._close()
            raise

    async def drain(self) -> None:
        """Dial nothing more, and wait until the last call has ended or the settings' deadline has come."""
        self.watch.draining = True
        self.dialled.drain()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.settings.engine.drain_s):
                await self.books.all_ended()

    async def stop(self) -> None:
        """Leave the switch as it is, write what is to be written, and close the store."""
        self.switching.stop_connecting()
        self.dialled.drain()
        self.floor.stop()
        await each_of(self.switches.stop, self.dialled.stop, self._write_all, self._close)

    async def _write_all(self) -> None:
        try:
            async with asyncio.timeout(WRITE_S):
                await self.pace.keep()
                await self.books.all_written()
                await self.safe_harbour.all_written()
        except TimeoutError:
            log.get().error("records are not written: the store took none", folder=str(self.writer.path.parent))

    async def _close(self) -> None:
        end_tasks, hosts = self.tasks.cancel_all, self._hosts
        await each_of(end_tasks, self.recognition.stop, self.lookups.close, hosts.close, self.writer.close)

    def require_settled(self, agent_id: AgentId | None = None) -> None:
        """Refuse what people ask for while the engine does not know yet who is there and what is up; of an agent: on
        the agent's own switch.

        Raises:
            UserError: it has just started, or the switch was not there yet.
        """
        if not self.watch.recovered:
            raise UserError(f"the engine has not settled yet, try again soon: {'; '.join(self.watch.not_ready())}")
        if agent_id is not None and (home := self.floor.home_of(agent_id)) in self.watch.unsettled:
            reason = self.watch.down[home] or "what was up there before the start is not settled yet"
            raise UserError(f"switch {home}, where {agent_id} is reached, is not there yet: {reason}")

    async def end_talk(self, agent_id: AgentId) -> None:
        """End the talk of an agent. A caller of our last run has no flow to go back to: that call ends with its talk.

        Raises:
            UserError: the agent talks to nobody.
            SwitchError: the switch did not take it.
        """
        channel, adopted = self.meetings.channel_of(agent_id), self.restart.talk_of(agent_id)
        if channel is not None:
            await channel.end_talk()
        elif adopted is not None:
            await self.switches.hang_up(adopted)
        else:
            raise UserError(f"agent {agent_id} talks to nobody")

    def require_open(self) -> None:
        """Refuse what would dial while the engine is being drained.

        Raises:
            UserError: it is, or it has not settled yet.
        """
        self.require_settled()
        if self.watch.draining:
            raise UserError("the engine is being drained: nothing new is dialled until it is started again")

    def status(self) -> Status:
        """The engine at this moment."""
        now_s = self.clock.monotonic_s()
        floor = self.floor.view()
        core = self.dialled.core.view(now_s)
        return Status(
            switches=(shown := self.switches_shown(core)),
            switch=shown[0].name,
            kind=shown[0].kind,
            boot=shown[0].boot,
            not_ready=self.watch.not_ready(),
            hold=core.hold,
            calls=calls_shown(self.books.open_calls),
            agents=agents_shown(floor, now_s, self.settings.pause_reasons, self.consults),
            queues=queues_shown(floor, now_s),
            supervisors=supervisors_shown(self.supervision.view(), now_s),
            campaigns=campaigns_shown(core),
            trunks=trunks_shown(core),
            webhooks=webhooks_shown(self.outbox.names, self.outbox.backlog, self.clock.now()),
            reports=self.telling.reports_shown(),
            flags=flags_shown(self.effects.flagged),
            loop_lag_s=self.watch.loop_lag_s,
            writer_behind_s=round(self.writer.behind_s(), 3),
        )

    def switches_shown(self, core: CoreView) -> tuple[SwitchShown, ...]:
        """The switches at this moment."""
        return switches_shown(
            {name: self.switching.boots.get(name) for name in self.switches.names},
            switches_of(self.settings),
            self.watch,
            core,
            self.books.open_calls,
        )

    def _store_said(self, problem: str) -> None:
        """The store took what must not be lost (""), or refused it: webhooks may have messages to send now."""
        self.watch.store_said(problem)
        if not problem:
            self.outbox.wake_for_events()

    def talk_began(self, talk: LiveTalk) -> None:
        """See :class:`console.engine.talk.Listeners`."""
        self.supervision.talk_began(talk)
        self.phone_holds.talk_began(talk)

    async def talk_over(self, talk: LiveTalk, *, holds: bool) -> None:
        """See :class:`console.engine.talk.Listeners`."""
        self.supervision.talk_over(talk, holds=holds)
        self.phone_holds.talk_over(talk)
        await self.talk_recordings.talk_over(talk)

    def hold_over(self, call_id: CallId) -> None:
        """See :class:`console.engine.talk.Listeners`."""
        self.supervision.hold_over(call_id)

    def leads_changed(self, campaign_id: CampaignId) -> None:
        """Leads of a campaign that was started may be due now."""
        self.dialled.tell(ev.LeadsChanged(campaign_id))
        self.previews.leads_changed()

    def _attempt_finished(self, attempt_id: AttemptId, asked: bool) -> None:
        if asked:
            self.callbacks.finished(attempt_id)
            self.agent_dials.finished(attempt_id)
        self.previews.wake()

    def _clock_jumped(self, by_s: float) -> None:
        self.dialled.tell(ev.ClockJumped(by_s))

    def _forbidden(self, number: str) -> None:
        self.dialled.tell(ev.DoNotCallAdded(number))

    def _look_again(self) -> None:
        """What may be dialled has changed."""
        self.dialled.look_again()

    def _recount(self, campaign_id: CampaignId) -> None:
        """An agent's word on machines has changed: what counts as answered by a person is counted again."""
        recounting = recounted(self.writer, self.clock, self.dialled, campaign_id)
        self.tasks.start(recounting, f"answers of {campaign_id}")

    # --- the switch -------------------------------------------------------------------------------------------

    async def _on_call(self, channel: CallChannel) -> None:
        if channel.info.attempt_id is not None:
            await self.dialled.run(channel)
        elif channel.info.endpoint:
            await self.phone_codes.run(channel)
        elif self.restart.is_adopted(channel.info.call_id):
            await channel.perform(Hangup())  # its talk is over, and the session it came from ended with the last run
        else:
            await self.inbound.run(channel)

    def _settled(self) -> None:
        """Of one switch more it is known what was up there before the start."""
        if not self._working:
            self._working = True
            self.desk.recover()
            self.callbacks.start()
            self.previews.start()
            self.pace.start(self.tasks)
        self._floor_moved()

    # --- the floor --------------------------------------------------------------------------------------------

    def _floor_moved(self) -> None:
        """Tell the dialer once for all that changed within one turn of the loop."""
        for told in self.on_floor_moved:
            told()
        if not self._floor_changed:
            self._floor_changed = True
            asyncio.get_running_loop().call_soon(self._tell_floor)

    def _tell_floor(self) -> None:
        self._floor_changed = False
        self.restart.announced.look()
        self.dialled.floor_changed()
        self.previews.wake()

    def _agent_changed(self, change: StateChanged) -> None:
        self.agent_records.keep(change)
        self.desk.hear(change)
        log.get().info("agent", agent=change.agent_id, state=change.state.value, reason=change.reason)

    def _agent_leg(self, agent_id: AgentId, leg_id: LegId, is_up: bool) -> None:
        home = self.floor.home_of(agent_id)
        boot = self.switching.boots.get(home, BootId(""))
        self.agent_records.keep_leg(agent_id, leg_id, home, boot, is_up=is_up)
