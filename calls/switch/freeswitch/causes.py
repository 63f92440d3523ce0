"""FreeSWITCH's names of hangup causes, and who ended a call.

Source: FreeSWITCH 1.11, src/include/switch_types.h (switch_call_cause_t, whose numbers are those of Q.850) and
switch_channel.c (CAUSE_CHART).
"""

from __future__ import annotations

from calls.switch.port import EndedBy, HungUp
from calls.wire.esl import Headers

NAMES = {
    1: "UNALLOCATED_NUMBER",
    2: "NO_ROUTE_TRANSIT_NET",
    3: "NO_ROUTE_DESTINATION",
    6: "CHANNEL_UNACCEPTABLE",
    7: "CALL_AWARDED_DELIVERED",
    16: "NORMAL_CLEARING",
    17: "USER_BUSY",
    18: "NO_USER_RESPONSE",
    19: "NO_ANSWER",
    20: "SUBSCRIBER_ABSENT",
    21: "CALL_REJECTED",
    22: "NUMBER_CHANGED",
    23: "REDIRECTION_TO_NEW_DESTINATION",
    25: "EXCHANGE_ROUTING_ERROR",
    27: "DESTINATION_OUT_OF_ORDER",
    28: "INVALID_NUMBER_FORMAT",
    29: "FACILITY_REJECTED",
    30: "RESPONSE_TO_STATUS_ENQUIRY",
    31: "NORMAL_UNSPECIFIED",
    34: "NORMAL_CIRCUIT_CONGESTION",
    38: "NETWORK_OUT_OF_ORDER",
    41: "NORMAL_TEMPORARY_FAILURE",
    42: "SWITCH_CONGESTION",
    43: "ACCESS_INFO_DISCARDED",
    44: "REQUESTED_CHAN_UNAVAIL",
    45: "PRE_EMPTED",
    50: "FACILITY_NOT_SUBSCRIBED",
    52: "OUTGOING_CALL_BARRED",
    54: "INCOMING_CALL_BARRED",
    57: "BEARERCAPABILITY_NOTAUTH",
    58: "BEARERCAPABILITY_NOTAVAIL",
    63: "SERVICE_UNAVAILABLE",
    65: "BEARERCAPABILITY_NOTIMPL",
    66: "CHAN_NOT_IMPLEMENTED",
    69: "FACILITY_NOT_IMPLEMENTED",
    79: "SERVICE_NOT_IMPLEMENTED",
    81: "INVALID_CALL_REFERENCE",
    88: "INCOMPATIBLE_DESTINATION",
    95: "INVALID_MSG_UNSPECIFIED",
    96: "MANDATORY_IE_MISSING",
    97: "MESSAGE_TYPE_NONEXIST",
    98: "WRONG_MESSAGE",
    99: "IE_NONEXIST",
    100: "INVALID_IE_CONTENTS",
    101: "WRONG_CALL_STATE",
    102: "RECOVERY_ON_TIMER_EXPIRE",
    103: "MANDATORY_IE_LENGTH_ERROR",
    111: "PROTOCOL_ERROR",
    127: "INTERWORKING",
}

NORMAL_UNSPECIFIED = 31
"""What a cause becomes that FreeSWITCH has no name for. Source: Q.850, section 2.2.5 (unrecognised cause values)."""

CALL_REJECTED = NAMES[21]
SWITCH_CONGESTION = NAMES[42]
TEMPORARY_FAILURE = NAMES[41]

_LEFT = frozenset({"NORMAL_CLEARING", "ORIGINATOR_CANCEL"})

_NUMBERS = {name: number for number, name in NAMES.items()} | {"ORIGINATOR_CANCEL": 16, "ALLOTTED_TIMEOUT": 19}
"""Those of FreeSWITCH's own that a leg of ours can end with have the number of what they mean."""

_BY_SIP_STATUS = {"480": 19, "503": 34}
"""FreeSWITCH makes 18 and 41 of these (sofia.c, sip_to_q850); RFC 3398, section 8.2.6.1, and Asterisk make 18 or 19
of 480 and 34 of 503. One cause for one thing, whichever switch dialled."""


def name_of(cause: int) -> str:
    """FreeSWITCH's name of a Q.850 cause."""
    return NAMES.get(cause, NAMES[NORMAL_UNSPECIFIED])


def number_of(name: str) -> int | None:
    """The Q.850 cause of FreeSWITCH's name; None where it is none of them."""
    return _NUMBERS.get(name)


def cause_of(headers: Headers) -> int | None:
    """Why a channel ended, by its ``CHANNEL_HANGUP_COMPLETE``; None where it does not say."""
    if headers.get("variable_sip_hangup_disposition") == "recv_refuse":
        status = _BY_SIP_STATUS.get(headers.get("variable_sip_invite_failure_status"))
        if status is not None:
            return status
    said = headers.get("variable_hangup_cause_q850")
    known = said.isascii() and said.isdecimal() and len(said) <= 3 and 0 < int(said) < 128
    return int(said) if known else number_of(headers.get("Hangup-Cause"))


def hung_up(headers: Headers, ours: int | None) -> HungUp:
    """How a call ended, by its ``CHANNEL_HANGUP_COMPLETE``. ``ours``: the cause with which we asked for the end.

    The SIP side says who spoke first: ``recv_bye``, ``recv_cancel``, ``send_bye``, ``send_refuse``. A channel of
    another kind does not say; there a plain end is the caller's.
    """
    how = headers.get("variable_sip_hangup_disposition")
    left = how.startswith("recv_") or (not how and ours is None and headers.get("Hangup-Cause") in _LEFT)
    if ours is not None and not left:
        return HungUp(EndedBy.US, ours)
    cause = headers.get("variable_hangup_cause_q850")
    known = cause.isascii() and cause.isdecimal() and len(cause) <= 3 and 0 < int(cause) < 128
    return HungUp(EndedBy.CALLER if left else EndedBy.SWITCH, int(cause) if known else None)
