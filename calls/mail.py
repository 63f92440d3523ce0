"""``[mail]``: the server that takes our mails, and what a mail to one person looks like. No socket, no clock.

Source: RFC 5322 for mails, RFC 3834 for ``Auto-Submitted``, which keeps people's absence notes from answering.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address as MailAddress
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from calls.outside import SecretName, is_loopback
from calls.parts import Flag, Host, Part, Port
from calls.toml_file import Fault

ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
ADDRESS = re.compile(rf"{ATOM}(\.{ATOM})*@([A-Za-z0-9-]+\.)*[A-Za-z0-9-]+\Z")
NAMED = re.compile(r"(?P<name>[A-Za-z0-9 _-]{1,60}) <(?P<address>[^<>]+)>\Z")
LONGEST_ADDRESS = 254
"""RFC 5321, 4.5.3.1.3, less the angle brackets."""


def _address(text: str) -> str:
    if len(text) > LONGEST_ADDRESS or not ADDRESS.match(text):
        raise Fault(f"expected a mail address such as anna@example.com, found {text[:60]!r}")
    return text


def _sender(text: str) -> str:
    named = NAMED.match(text)
    _address(named["address"] if named else text)
    return text


Address = Annotated[str, AfterValidator(_address), Field(description="a mail address such as anna@example.com")]


class MailSettings(Part):
    """``[mail]``. ``secret`` names the password of ``user``. ``sender``: who the mails are from."""

    host: Host
    port: Port = 587
    security: Annotated[Literal["starttls", "tls", "none"], Field(description='"starttls", "tls" or "none"')] = (
        "starttls"
    )
    insecure: Flag = False
    """Mails may go without TLS to another machine."""
    user: Annotated[str | None, Field(pattern=r"^[!-~]{1,100}$", description="a name, in quotes")] = None
    secret: SecretName | None = None
    sender: Annotated[
        str, AfterValidator(_sender), Field(description='"Callwright <reports@example.com>"', alias="from")
    ]
    timeout_s: Annotated[float, Field(gt=0, le=60, description="seconds, more than 0 and at most 60")] = 15.0
    """For each answer of the server."""
    deadline_s: Annotated[float, Field(gt=0, le=600, description="seconds, more than 0 and at most 600")] = 120.0
    """For all of one mail."""
    give_up_after_s: Annotated[
        float, Field(ge=60, le=30 * 86_400, description="seconds, 60 to 2592000 (30 days)")
    ] = 3 * 86_400.0

    @property
    def address(self) -> str:
        """The bare address of the sender."""
        named = NAMED.match(self.sender)
        return named["address"] if named else self.sender

    @property
    def domain(self) -> str:
        """Whose names our mails' ids are."""
        return self.address.rpartition("@")[2]


def faults(mail: MailSettings) -> Iterator[tuple[str, str]]:
    """What does not fit: the key, and what is wrong."""
    if (mail.user is None) is not (mail.secret is None):
        yield "user" if mail.user else "secret", "expected user and secret, or neither"
    if mail.security == "none" and not is_loopback(mail.host) and not mail.insecure:
        yield (
            "security",
            f"without TLS everybody on the way to {mail.host} reads the reports: expected starttls or tls, or"
            " insecure = true",
        )


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a mail. ``media``: its type, such as ``text/csv``."""

    name: str
    media: str
    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail to one person. ``message_id``: the same each time that it is sent, without the angle brackets."""

    recipient: str
    subject: str
    text: str
    message_id: str
    at: datetime
    attachments: tuple[Attachment, ...] = ()

    def written(self, sender: str) -> EmailMessage:
        """As it is sent."""
        named = NAMED.match(sender)
        message = EmailMessage(policy=SMTP)
        message["From"] = MailAddress(named["name"], addr_spec=named["address"]) if named else sender
        message["To"] = self.recipient
        message["Subject"] = self.subject
        message["Date"] = format_datetime(self.at)
        message["Message-ID"] = f"<{self.message_id}>"
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(self.text)
        for each in self.attachments:
            kind, _, subtype = each.media.partition(";")[0].partition("/")
            message.add_attachment(each.content, maintype=kind, subtype=subtype, filename=each.name)
        return message
