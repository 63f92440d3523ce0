"""Settings of what lies outside: where calls send what happened, and where they ask.

Every address is the administrator's: a flow names it, and nothing that a caller keys becomes a host. Secrets are
named here and stand in ``secrets.toml`` under ``[named]``, or in ``CALLWRIGHT_SECRET_<NAME>``.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, Field

from calls.parts import FilePath, Flag, Name, Network, Part, Seconds
from calls.records.published import Event
from calls.secrets import SECRET_NAME
from calls.toml_file import Fault

HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,251}[A-Za-z0-9])?\Z|[0-9a-fA-F:.]{2,45}\Z")
PRINTABLE = re.compile(r"[!-~]+\Z")
PLACEHOLDER = re.compile(r"\{([a-z][a-z0-9_]{0,63})\}")
QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"|--[^\n]*|/\*.*?\*/", re.DOTALL)
"""What in SQL holds no parameters: texts, quoted names and comments."""
BOUND = re.compile(r"(?<![:A-Za-z0-9_]):([a-z][a-z0-9_]{0,63})")
SELECT = re.compile(r"\s*(SELECT|WITH)\s[^;]*;?\s*\Z", re.IGNORECASE | re.DOTALL)
MAX_URL = 2_000

OURS = frozenset(
    {"host", "content-length", "content-type", "transfer-encoding", "connection", "accept-encoding", "te", "upgrade"}
    | {"user-agent", "authorization", "idempotency-key", "callwright-signature", "callwright-webhook"}
)
"""Headers that we write ourselves; a token for ``Authorization`` is given as ``bearer``."""


def split_url(url: str) -> SplitResult:
    """The parts of an address.

    Raises:
        Fault: it is none that we would ask.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as problem:
        raise Fault(f"expected an address such as https://example.com/hook; {problem}") from problem
    host = parts.hostname or ""
    if parts.scheme not in ("https", "http") or not HOST.match(host) or port == 0:
        raise Fault(f"expected an address such as https://example.com/hook, found {url[:60]!r}")
    if "@" in parts.netloc or parts.fragment or not PRINTABLE.match(url) or len(url) > MAX_URL:
        raise Fault("expected an address without a user, a fragment, blanks or letters beyond ASCII")
    return parts


def _url(url: str) -> str:
    split_url(url)
    return url


def _secret_name(name: str) -> str:
    if not re.match(SECRET_NAME, name):
        raise Fault(f"expected the name of a secret, of small letters, digits and single _, found {name[:60]!r}")
    return name


def _header(name: str) -> str:
    if name.lower() in OURS:
        raise Fault(f"{name} is written by Callwright itself; a token is given as bearer")
    return name


def placeholders(url: str) -> list[str]:
    """The names in braces of an address."""
    return PLACEHOLDER.findall(url)


def _template(url: str | None) -> str | None:
    if url is None:
        return None
    parts = split_url(PLACEHOLDER.sub("x", url))
    before = url.partition("://")[2].split("/", 1)[0].split("?", 1)[0]
    if "{" in before or "}" in before or "{" in PLACEHOLDER.sub("", url) or "}" in PLACEHOLDER.sub("", url):
        raise Fault(
            "expected places such as {order} in the path or the query only, never in the host:"
            f" https://{parts.hostname}/orders/{{order}}"
        )
    return url


def _select(sql: str | None) -> str | None:
    if sql is not None and not SELECT.match(sql):
        raise Fault("expected one SELECT such as SELECT price FROM items WHERE code = :code")
    return sql


Url = Annotated[
    str, AfterValidator(_url), Field(description="an address such as https://example.com/hook, in quotes")
]
HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,64}$"), AfterValidator(_header)]
HeaderValue = Annotated[str, Field(pattern=r"^[!-~]([ -~]{0,498}[!-~])?$")]
SecretName = Annotated[str, AfterValidator(_secret_name)]
Headers = Annotated[
    dict[HeaderName, HeaderValue], Field(max_length=20, description='headers and values: {X-Region = "eu"}')
]
SecretHeaders = Annotated[
    dict[HeaderName, SecretName], Field(max_length=20, description='headers and names of secrets: {X-Key = "crm"}')
]
Deadline = Annotated[float, Field(gt=0, le=60, description="seconds, more than 0 and at most 60")]


class Access(Part):
    """How a host is reached. ``insecure``: it may be asked without TLS. Only public addresses are connected to,
    unless the host is this machine itself by its name, or ``allow_private``; with ``networks`` only addresses in one
    of them."""

    bearer: SecretName | None = None
    headers: Headers = Field(default_factory=dict)
    secret_headers: SecretHeaders = Field(default_factory=dict)
    insecure: Flag = False
    allow_private: Flag = False
    networks: Annotated[tuple[Network, ...], Field(description='a list of networks such as ["10.1.0.0/16"]')] = ()


class WebhookSettings(Access):
    """``[[webhooks]]``: where flows send what happened. ``secret`` names the key of the signature."""

    name: Name
    url: Url
    secret: SecretName | None = None
    timeout_s: Deadline = 10.0
    give_up_after_s: Annotated[
        float, Field(ge=60, le=30 * 86_400, description="seconds, 60 to 2592000 (30 days)")
    ] = 3 * 86_400.0
    events: Annotated[tuple[Event, ...], Field(description=f"a list of events: {', '.join(Event)}")] = ()
    """What it is told of beside what flows send to it."""


class LookupSettings(Access):
    """``[[lookups]]``: a source that flows ask, a server by ``url`` or a database by ``database`` and ``sql``.

    ``{placeholders}`` of the address stand in its path or its query; a ``POST`` has the other arguments in a JSON
    body.
    """

    name: Name
    url: Annotated[str | None, AfterValidator(_template)] = None
    method: Annotated[Literal["GET", "POST"], Field(description='"GET" or "POST"')] = "GET"
    database: FilePath | None = None
    sql: Annotated[str | None, AfterValidator(_select)] = None
    deadline_s: Deadline = 4.0
    retries: Annotated[int, Field(ge=0, le=5, description="a whole number, 0 to 5")] = 1
    cache_s: Seconds = 0.0

    @property
    def parameters(self) -> frozenset[str] | None:
        """The arguments that it needs and takes; None: it takes any."""
        if self.sql is not None:
            return frozenset(BOUND.findall(QUOTED.sub("", self.sql)))
        return frozenset(placeholders(self.url or "")) if self.method == "GET" else None


class PaymentGateway(Access):
    """``[[payment_gateways]]``: who takes money from cards. Always asked by ``https``."""

    name: Name
    url: Url
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$", description='a currency such as "EUR"')]
    deadline_s: Deadline = 20.0


def secrets_of(at: Access) -> Iterator[str]:
    """The names of the secrets that it needs."""
    if at.bearer is not None:
        yield at.bearer
    if isinstance(at, WebhookSettings) and at.secret is not None:
        yield at.secret
    yield from at.secret_headers.values()


def is_loopback(host: str) -> bool:
    """True where the host is this machine, by its own name or address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def faults(url: str, at: Access) -> Iterator[tuple[str, str]]:
    """What does not fit between the address and how it is reached: the key, and what is wrong."""
    parts = split_url(url)
    host = parts.hostname or ""
    if parts.scheme == "http" and not is_loopback(host) and not at.insecure:
        yield (
            "url",
            f"http lets everybody on the way to {host} read people's data: expected https, or insecure = true",
        )
    doubled = {name.lower() for name in at.headers} & {name.lower() for name in at.secret_headers}
    if doubled:
        yield "secret_headers", f"{', '.join(sorted(doubled))} stands in headers too: expected each once"


def gateway_faults(at: PaymentGateway) -> Iterator[tuple[str, str]]:
    """What does not fit in a payment gateway: the key, and what is wrong."""
    if at.insecure:
        yield "insecure", "cards are never sent without TLS: take it out"
    yield from faults(at.url, at)


def lookup_faults(at: LookupSettings) -> Iterator[tuple[str, str]]:
    """What does not fit in a look-up: the key, and what is wrong."""
    if (at.url is None) is (at.database is None):
        yield "url" if at.url else "name", "expected url, or database and sql, and not both"
    elif at.url is None and at.sql is None:
        yield "database", "expected sql as well: what is asked of it"
    elif at.url is not None and at.sql is not None:
        yield "sql", "belongs to a database, and this is asked by url"
    if at.url is not None:
        yield from faults(PLACEHOLDER.sub("x", at.url), at)


def absent(names: Iterable[str], named: Mapping[str, object]) -> list[str]:
    """Those of ``names`` that are no secret of ``named``, each once."""
    return sorted({name for name in names if name not in named})
