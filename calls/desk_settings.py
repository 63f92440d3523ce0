"""The settings of agents' desks: what they show, and where they lead to."""

from __future__ import annotations

from collections.abc import Container
from typing import Annotated
from urllib.parse import quote, urlsplit

from pydantic import AfterValidator, Field

from calls import templates
from calls.parts import Flag, Part, Seconds
from calls.toml_file import Fault

Scheme = Annotated[str, Field(pattern=r"^[a-z][a-z0-9+.-]{0,30}$", description='a scheme such as "https"')]

NEVER = ("javascript", "data", "vbscript", "file", "blob")
"""Schemes that a browser runs or reads files by."""


def _address(text: str) -> str:
    """An address whose places stand behind its host.

    Raises:
        Fault: it is none, or something that another person gives would choose its host.
    """
    templates.checked(text)
    scheme, _, rest = text.partition(":")
    host = rest.removeprefix("//").split("/")[0].split("?")[0].split("#")[0]
    if not scheme.isascii() or not scheme.replace("+", "").replace("-", "").replace(".", "").isalnum():
        raise Fault('expected an address such as "https://crm.example/customer/{fields.id}"')
    if scheme.lower() in NEVER:
        raise Fault(f"{scheme} is no scheme of an address to be opened: expected https")
    if rest.startswith("//") and ("{" in host or not host):
        raise Fault("expected a host, with the places in the path or behind it: https://crm.example/{number}")
    return text


ScreenPop = Annotated[
    str,
    Field(min_length=1, max_length=2_000, description="an address with places such as {number}, in quotes"),
    AfterValidator(_address),
]


class DeskSettings(Part):
    """``[desk]``: agents' desks."""

    mask_numbers: Flag = False
    """Agents see the last three digits of people's numbers only."""
    remind_before_s: Seconds = 300.0
    """How long before a callback that an agent promised webhooks are told of it."""
    hand_over_after_s: Seconds = 120.0
    """How long a personal callback waits for its agent alone, before anybody of the queue makes the call."""
    callback_within_s: Seconds = 7200.0
    """How long after its time a promised callback is tried."""
    callback_tries: Annotated[int, Field(ge=1, le=10, description="a whole number, 1 to 10")] = 3
    callback_retry_after_s: Annotated[float, Field(ge=60, le=86400, description="seconds, 60 to 86400")] = 600.0
    schemes: Annotated[tuple[Scheme, ...], Field(description='a list of schemes: ["https", "crm"]')] = ("https",)
    """What ``screen_pop`` of queues and campaigns may begin with."""


def scheme_fault(address: str, allowed: Container[str]) -> str | None:
    """What is wrong with the scheme of a ``screen_pop``; None: nothing."""
    scheme = urlsplit(address).scheme or address.partition(":")[0].lower()
    if scheme in allowed:
        return None
    return f"the settings allow no {scheme}: expected https, or {scheme} among the schemes of [desk]"


def encoded(text: str) -> str:
    """A value as it may stand anywhere behind the host of an address."""
    return quote(text.encode("utf-8", "surrogatepass"), safe="")
