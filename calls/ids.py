"""The ids that cross module borders, each a type of its own.

Ids of legs that we originate are chosen by us (AMI ``ChannelId``, FreeSWITCH ``origination_uuid``), so a leg is
known before the switch has heard of it. An inbound call's id is ours too, mapped from the switch's at first sight.
"""

from __future__ import annotations

import re
from typing import NewType

CallId = NewType("CallId", str)
"""One call of one customer; for a dialled call it equals its :data:`AttemptId`."""

LegId = NewType("LegId", str)
"""One leg on a switch that we originated: an attempt's leg or an agent's."""

AttemptId = NewType("AttemptId", str)
AgentId = NewType("AgentId", str)
QueueName = NewType("QueueName", str)
CampaignId = NewType("CampaignId", str)
LeadId = NewType("LeadId", str)
ListId = NewType("ListId", str)
FlowId = NewType("FlowId", str)
BootId = NewType("BootId", str)
"""One run of one switch process, from its start to its end: ids of channels mean nothing across boots."""

SAFE_ID = re.compile(r"[A-Za-z0-9_-]{1,64}\Z")
"""What an id may look like on a switch's wire: nothing that any switch's text format gives a meaning to."""


def is_safe_id(text: str) -> bool:
    """True where ``text`` may cross to a switch as an id."""
    return SAFE_ID.match(text) is not None
