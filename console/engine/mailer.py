"""Hands mails to the server of the settings. Blocking: to be called in a thread.

Source: RFC 5321; RFC 3207 for STARTTLS, RFC 8314 for TLS from the first byte.
"""

from __future__ import annotations

import contextlib
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator

from pydantic import SecretStr

from calls.errors import OutsideRefused, OutsideUnanswered, OutsideUnreached
from calls.mail import Mail, MailSettings
from console.engine.outside import certificates

READY = 220


class Mailer:
    """Sends one mail at a time, each on a connection of its own."""

    def __init__(self, settings: MailSettings, password: SecretStr | None, tls: ssl.SSLContext | None = None) -> None:
        """``tls``: by what the server's certificate is judged; None: by those that webhooks believe too."""
        self._settings = settings
        self._password = password
        self._tls = tls

    def send(self, mail: Mail) -> None:
        """Return once the server has the mail.

        Raises:
            OutsideRefused: the server will never take it for this recipient.
            OutsideUnreached: no connection: it has not got it.
            OutsideUnanswered: it may have it or not, or said that it may be tried again.
        """
        at = self._settings
        try:
            with self._connected() as client:
                if at.user is not None and self._password is not None:
                    client.login(at.user, self._password.get_secret_value())
                client.send_message(mail.written(at.sender), at.address, [mail.recipient])
        except smtplib.SMTPRecipientsRefused as problem:
            code, words = problem.recipients[mail.recipient]
            raise _refusal(code, words) from problem
        except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as problem:
            raise _refusal(problem.smtp_code, problem.smtp_error) from problem
        except smtplib.SMTPResponseException as problem:  # the greeting, the log-in: the settings may be mended
            raise OutsideUnanswered(f"{problem.smtp_code} {_said(problem.smtp_error)}") from problem
        except (smtplib.SMTPException, ssl.SSLError, OSError, ValueError) as problem:
            raise OutsideUnanswered(f"{at.host}:{at.port}: {problem}") from problem

    @contextlib.contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        at, context = self._settings, self._tls or certificates()
        client = (
            smtplib.SMTP_SSL(local_hostname=at.domain, timeout=at.timeout_s, context=context)
            if at.security == "tls"
            else smtplib.SMTP(local_hostname=at.domain, timeout=at.timeout_s)
        )
        client._host = at.host  # type: ignore[attr-defined]  # by which the certificate is judged: SMTP.connect() leaves it
        late = threading.Timer(at.deadline_s, _cut, (client,))
        late.daemon = True
        late.start()
        try:
            try:
                code, words = client.connect(at.host, at.port)
                if code != READY:
                    raise smtplib.SMTPConnectError(code, words)
            except (OSError, smtplib.SMTPException) as problem:
                raise OutsideUnreached(f"{at.host}:{at.port}: {problem}") from problem
            if at.security == "starttls":
                client.starttls(context=context)
            yield client
            with contextlib.suppress(smtplib.SMTPException, OSError):  # it has the mail
                client.quit()
        finally:
            late.cancel()
            client.close()


def _cut(client: smtplib.SMTP) -> None:
    """The deadline has come: whoever waits for the server waits no longer."""
    if client.sock is not None:
        with contextlib.suppress(OSError):
            client.sock.shutdown(socket.SHUT_RDWR)


def _refusal(code: int, words: bytes | str) -> OutsideRefused | OutsideUnanswered:
    """RFC 5321, 4.2.1: 5xx is for ever, 4xx for now."""
    text = f"{code} {_said(words)}"
    return OutsideRefused(text) if 500 <= code <= 599 else OutsideUnanswered(text)


def _said(words: bytes | str) -> str:
    return words if isinstance(words, str) else words.decode("utf-8", "replace")
