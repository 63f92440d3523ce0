"""Agents who dial a code on their own phone: the order is done, and their state is told.

Such a call is no customer's: it has no flow and no record. What came of it stands in the agents' states.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from calls import log
from calls.agents import events as floor
from calls.agents.codes import Code, Order, parse
from calls.agents.profiles import LegMode
from calls.agents.states import AgentState
from calls.agents.view import AgentView
from calls.errors import CommandRefused, PromptError, SwitchError, UserError
from calls.floor_settings import check_reason, reason_of_key
from calls.ids import AgentId
from calls.settings import Settings
from calls.switch.port import Answer, CallChannel, Gather, Hangup, HungUp, KeyPlan, Match, Play, Prompt
from console.engine.consults import Consults, Decision
from console.engine.floor import FloorRunner
from console.engine.phone_holds import PhoneHolds
from console.engine.talk_recording import TalkRecordings
from console.engine.transfers import Target, To, Transfers
from console.engine.verifying import Verifier
from console.engine.watch import Watch
from ivr.commands import Verified, Verify
from ivr.flow import SORRY

REJECTED = 21
"""Q.850 call rejected: what a phone hears that is no agent's."""

PIN_DIGITS = frozenset(range(3, 13))
PIN_FIRST_S, PIN_NEXT_S = 8.0, 4.0

SAID = {
    AgentState.READY: "ready",
    AgentState.PAUSED: "paused",
    AgentState.LOGGED_OUT: "logged_out",
    AgentState.WRAP_UP: "wrap_up",
    AgentState.RESERVED: "talking",
    AgentState.TALKING: "talking",
}
"""The prompt of each state, behind ``system.agent_``."""

OF_TALKS = frozenset({Order.PAUSE_RECORDING, Order.RESUME_RECORDING, Order.HAND_ON, Order.ASK})
"""What is done with the talk in hand, by a code that is dialled on a second line."""

AFTER = {AgentState.PAUSED: "pause_after", AgentState.LOGGED_OUT: "logout_after"}
"""What is said where the order waits for the end of a call or a wrap-up."""


class Unheard(Exception):
    """The agent has hung up."""


class PhoneCodes:
    """Serves the codes of all agents' phones."""

    def __init__(
        self,
        settings: Settings,
        floor: FloorRunner,
        verifier: Verifier,
        watch: Watch,
        require_given: Callable[[AgentId], Awaitable[None]],
        recordings: TalkRecordings,
        transfers: Transfers,
        consults: Consults,
        holds: PhoneHolds,
    ) -> None:
        """``require_given`` raises UserError where a wrap-up lacks a disposition that it needs."""
        self._require_given = require_given
        self._codes = settings.feature_codes
        self._reasons = settings.pause_reasons
        self._language = settings.feature_codes.language or settings.prompts.languages[0]
        self._agents = {(agent.switch, agent.endpoint): AgentId(agent.id) for agent in settings.agents}
        self._nailed_up = {agent.id for agent in settings.agents if agent.mode == LegMode.NAILED_UP.value}
        self._floor = floor
        self._verifier = verifier
        self._watch = watch
        self._recordings = recordings
        self._transfers = transfers
        self._consults = consults
        self._holds = holds

    async def run(self, channel: CallChannel) -> None:
        """One such call, to its end."""
        agent_id = self._agents.get((channel.info.switch, channel.info.endpoint))
        try:
            if agent_id is None:
                log.get().warning("a code was dialled on no agent's phone", phone=channel.info.endpoint)
                await channel.perform(Hangup(REJECTED))
                return
            logs_in = await self._served(channel, agent_id)
            await channel.perform(Hangup())
        except Unheard:
            return
        except SwitchError as problem:
            log.get().error("the switch failed under a code", agent=agent_id, problem=str(problem))
            return
        if logs_in:  # only now is the phone free to be rung
            self._floor.tell(floor.LogIn(agent_id))

    async def _served(self, channel: CallChannel, agent_id: AgentId) -> bool:
        """Do what was dialled and say what came of it; whether the agent is to be logged in when the phone is free.

        Raises:
            Unheard: the agent hung up meanwhile.
            SwitchError: the switch failed.
        """
        if isinstance(await channel.perform(Answer()), HungUp):
            raise Unheard
        code = parse(channel.info.called, self._codes.prefix)
        if channel.info.switch in self._watch.unsettled:
            await self._say(channel, SORRY)
            return False
        if code is not None and code.order in OF_TALKS:
            await self._do(channel, agent_id, code)
            return False
        event = None if code is None else self._event(code, agent_id)
        if code is None or (event is None and code.order is not Order.STATE):
            await self._say(channel, "system.agent_no_code")
            return False
        if isinstance(event, floor.LogIn) and self._view(agent_id).wanted is AgentState.LOGGED_OUT:
            if not await self._is_agent(channel, agent_id):
                await self._say(channel, "system.wrong_pin")
                return False
            if agent_id in self._nailed_up and self._view(agent_id).leg_id is None:
                await self._say(channel, "system.agent_rings")
                return True
        if isinstance(event, floor.WrapUpDone) and not await self._may_end_wrap_up(agent_id):
            event = None
        if event is not None:
            log.get().info("a code was dialled", agent=agent_id, order=code.order.name.lower())
            self._floor.tell(event)
        await self._say(channel, _said(self._view(agent_id)))
        return False

    async def _may_end_wrap_up(self, agent_id: AgentId) -> bool:
        """Whether no disposition is missing; the agent hears of the wrap-up that goes on then."""
        try:
            await self._require_given(agent_id)
        except UserError:
            return False
        return True

    def _event(self, code: Code, agent_id: AgentId) -> floor.FloorEvent | None:
        """What the floor is to be told; None: nothing, or nothing that makes sense."""
        match code.order:
            case Order.LOG_IN:
                return floor.LogIn(agent_id)
            case Order.LOG_OUT:
                return floor.LogOut(agent_id)
            case Order.READY:
                return floor.Unpause(agent_id)
            case Order.DONE:
                return floor.WrapUpDone(agent_id)
            case Order.PAUSE:
                reason = reason_of_key(self._reasons, code.key) if code.key else ""
                try:
                    check_reason(self._reasons, reason or "")
                except UserError:
                    return None
                return None if reason is None else floor.Pause(agent_id, reason)
            case _:
                return None

    async def _do(self, channel: CallChannel, agent_id: AgentId, code: Code) -> None:
        """Do what is asked with the talk in hand, and say so. What cannot be is said as a code that is none, so that
        nobody takes it for done."""
        try:
            said = await self._done(agent_id, code)
        except UserError as problem:
            log.get().info("a code was dialled in vain", agent=agent_id, problem=str(problem))
            said = "no_code"
        await self._say(channel, f"system.agent_{said}")

    async def _done(self, agent_id: AgentId, code: Code) -> str:
        """What was done, by the end of its prompt's key.

        Raises:
            UserError: it cannot be done now.
        """
        match code:
            case Code(Order.PAUSE_RECORDING):
                await self._holds.talks(agent_id)
                await self._recordings.pause(agent_id, agent_id)
                return "recording_paused"
            case Code(Order.RESUME_RECORDING):
                await self._recordings.resume(agent_id, agent_id)
                return "recording_resumed"
            case Code(order, ""):
                completes = order is Order.HAND_ON
                self._consults.decide(agent_id, Decision.COMPLETE if completes else Decision.CANCEL)
                return "handed_on" if completes else "taken_back"
            case Code(order, digits):
                attended = order is Order.ASK
                if not attended:
                    await self._holds.talks(agent_id)
                await self._transfers.order(agent_id, self._target(digits), agent_id, attended=attended)
                return "asks" if attended else "handed_on"

    def _target(self, digits: str) -> Target:
        """
        Raises:
            UserError: the settings have none with these digits.
        """
        found = self._codes.transfers.get(digits)
        if found is None:
            raise UserError(f"nobody has the digits {digits} in [feature_codes] transfers")
        kind, _, name = found.partition(" ")
        return Target(To(kind), name)

    async def _is_agent(self, channel: CallChannel, agent_id: AgentId) -> bool:
        """Whether who dials knows the agent's PIN, where one is asked for."""
        if self._codes.authenticator is None:
            return True
        plan = KeyPlan(frozenset(), PIN_DIGITS)
        asked = Gather((Prompt("system.agent_pin", self._language),), plan, PIN_FIRST_S, PIN_NEXT_S)
        keyed = await channel.perform(asked)
        if isinstance(keyed, HungUp):
            raise Unheard
        if not isinstance(keyed, Match):
            return False
        verdict = await self._verifier.verify(
            Verify(self._codes.authenticator, agent_id, keyed.keys), channel.info.endpoint
        )
        return isinstance(verdict, Verified)

    async def _say(self, channel: CallChannel, key: str) -> None:
        """Play one prompt. One that is not there is left out: the order has been done all the same."""
        try:
            result = await channel.perform(Play((Prompt(key, self._language),)))
        except (CommandRefused, PromptError) as problem:
            log.get().error("an agent was not told", prompt=key, problem=str(problem))
            return
        if isinstance(result, HungUp):
            raise Unheard

    def _view(self, agent_id: AgentId) -> AgentView:
        return next(agent for agent in self._floor.view().agents if agent.agent_id == agent_id)


def _said(agent: AgentView) -> str:
    """The prompt that says how the agent stands."""
    if agent.state is not agent.wanted and agent.wanted in AFTER:
        return f"system.agent_{AFTER[agent.wanted]}"
    return f"system.agent_{SAID[agent.state]}"
