"""The course of one call: from what is told of an attempt, and its limits of time, to what is to be done."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from calls import causes
from calls.causes import NORMAL_CLEARING, Outcome
from calls.ids import CampaignId
from calls.switch.port import Detected
from dialer import events as ev
from dialer import pacing
from dialer.dialling import Dialling
from dialer.events import Action
from dialer.run import ANSWER_UNSEEN, CROSSED, END_UNSEEN, OVERDUE, UNANSWERED, AttemptRun, Phase

CallEvent = (
    ev.LegRinging
    | ev.LegAnswered
    | ev.CallArrived
    | ev.Connected
    | ev.TalkEnded
    | ev.MessagePlayed
    | ev.FlowOver
    | ev.LegEnded
)

DialEnded = type[pacing.LiveAnswer] | type[pacing.MachineAnswer] | type[pacing.NoAnswer]


class Course:
    """Leads each attempt of a core from phase to phase. See :class:`dialer.run.Phase`."""

    def __init__(self, state: Dialling, do: Callable[[Action], None]) -> None:
        """``do`` takes what is to be done, in order."""
        self._state = state
        self._do = do

    def take(self, event: CallEvent, attempt: AttemptRun, now: float) -> None:
        match event:
            case ev.LegRinging():
                attempt.rang = True
                self._state.carried(attempt)
            case ev.LegAnswered(_, unseen):
                self._answered(attempt, now, ANSWER_UNSEEN if unseen else "")
            case ev.CallArrived():
                self._arrived(attempt, event.detected, now)
            case ev.Connected():
                self._connected(attempt, event, now)
            case ev.TalkEnded():
                if attempt.phase is Phase.TALKING:
                    self._hang_up(attempt, now)
            case ev.MessagePlayed():
                if attempt.phase in (Phase.MESSAGE, Phase.MACHINE):
                    self._hang_up(attempt, now)
            case ev.FlowOver():
                if attempt.phase is Phase.FLOW:
                    self._hang_up(attempt, now)
            case ev.LegEnded():
                self._ended(attempt, event, now)
            case _:
                assert_never(event)

    def _answered(self, attempt: AttemptRun, now: float, doubt: str = "") -> None:
        if attempt.phase not in UNANSWERED:
            if attempt.phase is Phase.ENDING:  # the answer and our word crossed: nobody is left in silence
                if attempt.answered_at is None:
                    attempt.answer(now, doubt or CROSSED)
                    attempt.ends_as = None
                    self._do(ev.MarkLive(attempt.attempt_id))
                self._do(ev.HangUp(attempt.attempt_id, NORMAL_CLEARING))
            return
        attempt.answer(now, doubt)
        attempt.enter(Phase.DETECTING, now)
        self._state.carried(attempt)
        self._do(ev.MarkLive(attempt.attempt_id))

    def _arrived(self, attempt: AttemptRun, detected: Detected, now: float) -> None:
        self._answered(attempt, now)
        if attempt.phase is not Phase.DETECTING:
            if attempt.phase is Phase.TALKING:
                self._hang_up(attempt, now)  # its talk was adopted after a restart and is over
            return
        if detected is Detected.NOT_ASKED and attempt.campaign.tells_apart:
            self._do(ev.TellApart(attempt.attempt_id))
            return
        attempt.detected = detected
        if detected is Detected.MACHINE and attempt.campaign.file.machine != "person":
            self._met_machine(attempt, now)
            return
        attempt.arrive(now)
        self._dial_ended(pacing.LiveAnswer, attempt, now)
        flow = attempt.campaign.file.flow
        if flow is not None:
            attempt.flow_at = now
            attempt.enter(Phase.FLOW, now)
            self._do(ev.RunFlow(attempt.attempt_id, flow))
            return
        attempt.deadline_s = attempt.deadline(now)
        attempt.enter(Phase.OFFERED, now)
        if now < attempt.deadline_s:
            file = attempt.campaign.file
            self._do(
                ev.OfferToAgents(
                    attempt.attempt_id,
                    attempt.campaign.queue,
                    attempt.deadline_s,
                    file.skills,
                    file.record,
                    attempt.campaign.recording_notice if attempt.begun.untold else None,
                )
            )

    def _met_machine(self, attempt: AttemptRun, now: float) -> None:
        attempt.ends_as = Outcome.MACHINE
        self._dial_ended(pacing.MachineAnswer, attempt, now)
        if attempt.campaign.file.machine == "message":
            attempt.enter(Phase.MACHINE, now)
            self._do(ev.LeaveMessage(attempt.attempt_id, attempt.campaign.machine_message))
        else:
            self._hang_up(attempt, now)

    def _connected(self, attempt: AttemptRun, event: ev.Connected, now: float) -> None:
        if attempt.phase not in (Phase.OFFERED, Phase.MESSAGE):
            return
        attempt.connected_at = now
        attempt.agent_id = event.agent_id
        attempt.enter(Phase.TALKING, now)
        waited_s = now - attempt.clock_at if attempt.clock_at is not None else 0.0
        begun = attempt.begun
        seen = pacing.Connected(at_s=now, attempt_id=begun.attempt_id, stratum=begun.stratum, waited_s=waited_s)
        self._observe(attempt, seen)

    def _hang_up(self, attempt: AttemptRun, now: float) -> None:
        attempt.enter(Phase.ENDING, now)
        self._do(ev.HangUp(attempt.attempt_id, NORMAL_CLEARING))

    def found_abandoned(self, before: ev.Finish, switch: str, now: float) -> None:
        campaign_id = before.campaign.campaign_id
        if (run := self._state.runs.get(campaign_id)) is not None:
            run.find_abandoned(before, now)
            told = pacing.Abandoned(at_s=now, waited_s=0.0, attempt_id=before.attempt_id, cause=before.cause)
            self.tell_policy(campaign_id, switch, told)

    def _ended(self, attempt: AttemptRun, event: ev.LegEnded, now: float) -> None:
        attempt.look_back(now, END_UNSEEN if event.unseen else "")
        outcome = attempt.ends_as or causes.outcome_of(
            event.cause,
            answered=attempt.answered_at is not None,
            timed_out=event.timed_out,
            never_existed=event.never_existed,
        )
        if outcome is Outcome.ANSWERED and attempt.connected_at is None and attempt.abandoned(now):
            outcome = Outcome.ABANDONED
        elif attempt.doubt and attempt.answered_at is None and attempt.ends_as is None:
            outcome = Outcome.LOST
        self.finish(attempt, outcome, event.cause, now)

    def finish(self, attempt: AttemptRun, outcome: Outcome, cause: int | None, now: float) -> None:
        """Let go of the attempt for good: every later event of it meets nobody (invariant I12)."""
        talked = attempt.connected_at is not None
        finish = attempt.finish(outcome, cause, now)
        self._do(finish)
        self._state.let_go(attempt, finish, now)
        whose, stratum = attempt.attempt_id, attempt.begun.stratum
        if talked:
            seen = pacing.TalkEnded(at_s=now, attempt_id=whose, stratum=stratum, talk_s=finish.talk_s)
            self._observe(attempt, seen)
        elif finish.abandoned and attempt.person:
            waited_s = now - (attempt.clock_at or attempt.answered_at or now)
            lost = pacing.Abandoned(at_s=now, attempt_id=whose, stratum=stratum, cause=cause, waited_s=waited_s)
            self._observe(attempt, lost)
        elif finish.sent and not finish.answered:
            self._dial_ended(pacing.NoAnswer, attempt, now, cause)
        elif finish.sent and not attempt.person and finish.detected is not Detected.MACHINE:
            # gone before it was told what answered: nobody for an agent, as a machine
            self._dial_ended(pacing.MachineAnswer, attempt, now)

    def _dial_ended(self, as_: DialEnded, attempt: AttemptRun, now: float, cause: int | None = None) -> None:
        sent_at, begun = attempt.sent_at, attempt.begun
        dialled_at_s = now if sent_at is None else sent_at
        seen = as_(
            at_s=now, attempt_id=begun.attempt_id, stratum=begun.stratum, cause=cause, dialled_at_s=dialled_at_s
        )
        self._observe(attempt, seen)

    def _observe(self, attempt: AttemptRun, seen: pacing.Observation) -> None:
        self.tell_policy(attempt.campaign.campaign_id, attempt.switch, seen)

    def tell_policy(self, campaign_id: CampaignId, switch: str, seen: pacing.Observation) -> None:
        run = self._state.runs.get(campaign_id)
        if run is not None:
            run.lane_of(switch).policy.observe(seen)

    def forbid(self, added: ev.DoNotCallAdded, now: float) -> None:
        """Invariant I11: what is not sent is never sent, what rings stops; a talk under way is left to its people."""
        for attempt in list(self._state.attempts.values()):
            begun = attempt.begun
            held = added.campaign_id is None or attempt.campaign.keeps_to(added.campaign_id)
            if not held or not _meant(added.number, begun.number):
                continue
            if attempt.phase is Phase.UNSENT:
                self.finish(attempt, Outcome.CANCELLED, None, now)
            elif attempt.phase is Phase.DIALLED:
                attempt.ends_as = Outcome.CANCELLED
                self._hang_up(attempt, now)

    # --- time -------------------------------------------------------------------------------------------------

    def look_after(self, attempt: AttemptRun, now: float) -> None:
        """Do what an attempt's time limit, which has come, asks for."""
        match attempt.phase:
            case Phase.OFFERED:
                attempt.message_at = now
                attempt.enter(Phase.MESSAGE, now)
                key = attempt.campaign.file.opt_out_key or ""
                self._do(ev.PlaySafeHarbour(attempt.attempt_id, attempt.campaign.message, key))
            case Phase.MESSAGE | Phase.MACHINE | Phase.DETECTING:
                self._hang_up(attempt, now)
            case Phase.DIALLED:
                self._do(ev.HangUp(attempt.attempt_id, NORMAL_CLEARING))
                attempt.look_back(now, OVERDUE)
                self.finish(attempt, Outcome.LOST, None, now)
            case Phase.ENDING:
                ended = ev.LegEnded(attempt.attempt_id, None)
                self._ended(attempt, ended, now)
            case Phase.UNSENT | Phase.TALKING | Phase.FLOW:
                raise AssertionError("has no limit")
            case _:
                assert_never(attempt.phase)


def _meant(forbidden: str, number: str) -> bool:
    return number.startswith(forbidden[:-1]) if forbidden.endswith("*") else number == forbidden
