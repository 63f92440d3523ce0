"""Payments of calls: each is written down, asked of its gateway once, and what came of it is written down too."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import assert_never

from calls import log
from calls.clock import Clock
from calls.errors import OutsideError, OutsideRefused, OutsideTooLate, OutsideUnreached, RecordError
from calls.ids import CallId
from calls.outside import PaymentGateway
from calls.records import payments as kept
from calls.records.writer import Writer
from calls.switch.port import CallChannel, HungUp
from calls.text import printable
from console.engine.meanwhile import meanwhile
from console.engine.outside import Answered, Hosts, Sent
from console.engine.recorder import CallRecorder
from ivr.commands import Charge, Charged, ChargeDeclined, ChargeFailed, ChargeResult, ChargeUnknown

WORD = re.compile(r"[a-z][a-z_]{0,39}\Z")
"""A reason of a gateway that is kept: a word without digits, so that no card stands in it."""

MAX_TOKEN = 200
DIGITS = re.compile(r"[0-9]+")

PAYMENT = "payment_settled"
"""The event of a call for each charge: it stands there though the caller has hung up meanwhile."""

NOT_NOW = frozenset({408, 409, 425})
"""Statuses of a gateway that may have taken the payment in hand all the same."""


class Payments:
    """Asks the gateways of the settings."""

    def __init__(self, gateways: Sequence[PaymentGateway], hosts: Hosts, writer: Writer, clock: Clock) -> None:
        self._gateways = {at.name: (at, hosts.host(at)) for at in gateways}
        self._writer = writer
        self._clock = clock
        self.results: Counter[tuple[str, str]] = Counter()
        """What came of charges since the start, by the gateway's name and a word."""

    async def perform(self, channel: CallChannel, recorder: CallRecorder, charge: Charge) -> ChargeResult | HungUp:
        """Charge while the caller hears what is to be heard; to its end, though the caller leaves.

        Raises:
            SwitchError: the switch failed; the call's state is unknown.
        """
        charging = asyncio.ensure_future(self.charge(recorder, charge))
        try:
            return await meanwhile(channel, _shielded(charging), charge.meanwhile, charge.music)
        finally:
            await asyncio.wait({charging})

    async def settle_left(self) -> None:
        """After a start: what a run before this one asked and did not hear of is unknown.

        Raises:
            RecordError: the store refuses.
        """
        now = self._clock.now()
        left = await self._writer.run_alone(lambda connection: kept.settle_left(connection, now))
        for payment_id in left:
            log.get().error("nobody knows whether a call has paid: ask the gateway", id=payment_id)

    async def charge(self, recorder: CallRecorder, charge: Charge) -> ChargeResult:
        """Ask for the amount, once. A question that was asked is never given up, nor asked again."""
        at, host = self._gateways[charge.gateway]
        identity = f"{recorder.live.call_id}:{charge.key}"
        told = {"id": identity, "gateway": at.name, "amount": f"{charge.amount:f}", "currency": at.currency}
        result: ChargeResult = ChargeUnknown("stopped")
        try:
            if not await self._written(recorder.live.call_id, told):
                result = ChargeFailed("not_written")
                return result
            answer = await host.ask(_request(at, recorder.live.call_id, identity, charge), at.deadline_s)
            result = _result(answer, charge.card.number.reveal())
        except (OutsideRefused, OutsideUnreached) as problem:
            log.get().error("a gateway cannot be asked", gateway=at.name, problem=str(problem))
            result = ChargeFailed("not_reached")
        except OutsideTooLate:
            result = ChargeUnknown("timeout")
        except OutsideError as problem:
            log.get().error("a gateway gave no answer", gateway=at.name, problem=str(problem))
            result = ChargeUnknown("no_answer")
        finally:
            charge.card.wipe()
            word = _word(result)
            self.results[at.name, word] += 1
            reason = None if isinstance(result, Charged) else result.reason
            recorder.note(PAYMENT, {**told, "result": word, "reason": reason})
            await self._settle(identity, word, reason)
            if isinstance(result, ChargeUnknown):
                log.get().error("nobody knows whether a call has paid: ask the gateway", **told)
        return result

    async def _written(self, call_id: CallId, told: Mapping[str, str]) -> bool:
        """Write down that it will be asked; False where it cannot be written, or was asked before."""
        asked = kept.PaymentAsked(
            told["id"], call_id, told["gateway"], told["amount"], told["currency"], self._clock.now()
        )
        try:
            return await self._writer.run(lambda connection: kept.begin(connection, asked))
        except RecordError as problem:
            log.get().error("a payment was not asked for: it cannot be written down", problem=str(problem), **told)
            return False

    async def _settle(self, payment_id: str, state: str, reason: str | None) -> None:
        """Write down what came of it. Where that fails, the next start says that nobody knows."""
        now = self._clock.now()
        try:
            await self._writer.run(lambda connection: kept.settle(connection, payment_id, state, reason, now))
        except RecordError as problem:
            log.get().error("what came of a payment was not written", id=payment_id, problem=str(problem))


async def _shielded(charging: asyncio.Future[ChargeResult]) -> ChargeResult:
    return await asyncio.shield(charging)


def _request(at: PaymentGateway, call_id: CallId, identity: str, charge: Charge) -> Sent:
    expiry = charge.card.expiry.reveal()
    card = {"number": charge.card.number.reveal(), "expiry": f"{expiry[:2]}/{expiry[2:]}"}
    if charge.card.code is not None:
        card["code"] = charge.card.code.reveal()
    body = {"id": identity, "call_id": call_id, "amount": f"{charge.amount:f}", "currency": at.currency, "card": card}
    return Sent(
        "POST",
        at.url,
        json.dumps(body).encode(),
        {"Content-Type": "application/json", "Accept": "application/json", "Idempotency-Key": identity},
    )


def _result(answer: Answered, number: str) -> ChargeResult:
    status = answer.status
    said = _said(answer.body)
    reason = said.get("reason")
    word = reason if isinstance(reason, str) and WORD.match(reason) else "declined"
    if status == 402:
        return ChargeDeclined(word)
    if 300 <= status <= 499 and status not in NOT_NOW:
        return ChargeFailed(f"status_{status}")
    if not 200 <= status <= 299:
        return ChargeUnknown(f"status_{status}")
    match said.get("status"):
        case "paid":
            return Charged(_token(said.get("token"), number))
        case "declined":
            return ChargeDeclined(word)
        case _:
            return ChargeUnknown("not_understood")


def _said(body: bytes) -> dict[str, object]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _token(said: object, number: str) -> str:
    """The gateway's word for the payment; "" where it is none, or has the card's number in it."""
    if not isinstance(said, str) or len(said) > MAX_TOKEN or printable(said) != said:
        return ""
    if number in "".join(DIGITS.findall(said)):
        log.get().error("a gateway gave the card's number for a token: it was dropped")
        return ""
    return said


def _word(result: ChargeResult) -> str:
    match result:
        case Charged():
            return "paid"
        case ChargeDeclined():
            return "declined"
        case ChargeFailed():
            return "failed"
        case ChargeUnknown():
            return "unknown"
        case _:
            assert_never(result)
