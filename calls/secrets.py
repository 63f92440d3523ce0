"""The secrets of an installation: from the environment, or from ``secrets.toml`` that only its owner can read.

Nothing ships with a secret in it, and the well-known ones of other people's products are refused.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from calls.errors import Location, SettingsError
from calls.toml_file import MAX_BYTES, Document, Fault, Place, checked, parse

FILE_NAME = "secrets.toml"
VARIABLES = {
    "ami_secret": "CALLWRIGHT_AMI_SECRET",
    "agi_token": "CALLWRIGHT_AGI_TOKEN",
    "esl_password": "CALLWRIGHT_ESL_PASSWORD",
    "esl_token": "CALLWRIGHT_ESL_TOKEN",
}

SECRETS_OF_SWITCHES = tuple(VARIABLES)
"""What each of several switches may have of its own."""

NAMED = "CALLWRIGHT_SECRET_"
"""What stands before the name of a secret of others in the environment: ``CALLWRIGHT_SECRET_CRM`` is ``crm``."""

SECRET_NAME = r"^[a-z][a-z0-9]{0,30}(_[a-z0-9]{1,30}){0,5}$"
"""Fit for the name of a variable: no two ``_`` beside each other, which part a setting's sections."""

MIN_LENGTH = 16
"""Sixteen of the 64 letters below are 96 bits: not to be guessed over a network."""

KNOWN_DEFAULTS = frozenset(
    {
        "cluecon",  # FreeSWITCH's event_socket.conf.xml
        "amp111",  # FreePBX's manager.conf
        "mysecret",  # Asterisk's manager.conf.sample
        "passw0rd",
        "vicidialnow",
        "callwright",
        "asterisk",
        "freeswitch",
        "password",
        "changeme",
        "secret",
        "admin",
    }
)
"""Refused whatever their case, and when repeated or decorated with digits and signs to get over the length."""

MIN_DIFFERENT = 6

TOKEN = re.compile(r"[A-Za-z0-9_-]{16,128}\Z")
"""The token travels in a URL and in a dialplan: nothing that either gives a meaning to."""

NAMED_SECRET = re.compile(r"[!-~]([ -~]{0,998}[!-~])?\Z")
"""What others gave us and a header can carry."""

AMI_SECRET = re.compile(r"[!-:<-~]{16,128}\Z")
"""Printable ASCII without blanks, and without the semicolon that begins a comment in ``manager.conf``."""


ASK_FOR = "make one at random, e.g. python3 -c 'import secrets; print(secrets.token_urlsafe(32))'"


def _refuse_guessable(text: str) -> None:
    if len(text) < MIN_LENGTH:
        raise Fault(f"too short: expected {MIN_LENGTH} characters or more; {ASK_FOR}")
    letters = _letters(text)
    known = [_letters(each) for each in KNOWN_DEFAULTS]
    if letters and any(letters == each * (len(letters) // len(each)) for each in known):
        raise Fault(f"a well-known default, which is the first thing that is tried; {ASK_FOR}")
    if len(set(text)) < MIN_DIFFERENT:
        raise Fault(f"so few different characters are guessed; {ASK_FOR}")


def _letters(text: str) -> str:
    return re.sub(r"[^a-z]+", "", text.lower())


def _token(secret: SecretStr) -> SecretStr:
    _refuse_guessable(secret.get_secret_value())
    if not TOKEN.match(secret.get_secret_value()):
        raise Fault("expected 16 to 128 letters, digits, - and _")
    return secret


def _ami_secret(secret: SecretStr) -> SecretStr:
    _refuse_guessable(secret.get_secret_value())
    if not AMI_SECRET.match(secret.get_secret_value()):
        raise Fault("expected 16 to 128 printable ASCII characters without blanks and semicolons")
    return secret


def _named(secret: SecretStr) -> SecretStr:
    if not NAMED_SECRET.match(secret.get_secret_value()):
        raise Fault("expected 1 to 1000 printable ASCII characters")
    if _letters(secret.get_secret_value()) in KNOWN_DEFAULTS:
        raise Fault(f"a well-known default, which is the first thing that is tried; {ASK_FOR}")
    return secret


NamedSecret = Annotated[SecretStr, AfterValidator(_named), Field(description="a text, in quotes")]


class SwitchSecrets(BaseModel):
    """What nobody may read of one switch. Empty where not given: the loopback switch needs none."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    ami_secret: Annotated[SecretStr, AfterValidator(_ami_secret), Field(description="a text, in quotes")] = SecretStr(
        ""
    )
    agi_token: Annotated[SecretStr, AfterValidator(_token), Field(description="a text, in quotes")] = SecretStr("")
    esl_password: Annotated[SecretStr, AfterValidator(_token), Field(description="a text, in quotes")] = SecretStr("")
    """Of FreeSWITCH's event socket."""
    esl_token: Annotated[SecretStr, AfterValidator(_token), Field(description="a text, in quotes")] = SecretStr("")
    """What FreeSWITCH's dialplan shows us."""


class Secrets(SwitchSecrets):
    """All secrets. Those of a switch are what each of several has that has no own ones in ``switches``."""

    switches: Annotated[
        dict[str, SwitchSecrets], Field(description="tables, [switches.<name>], of the same secrets")
    ] = Field(default_factory=dict)
    named: Annotated[
        dict[Annotated[str, Field(pattern=SECRET_NAME)], NamedSecret],
        Field(description="a table of names (small letters, digits and _) and texts"),
    ] = Field(default_factory=dict)
    """Those that other people's servers ask for, by the names that the settings call them by."""


def load_secrets(folder: Path | None, env: Mapping[str, str]) -> Secrets:
    """The secrets in ``folder``'s ``secrets.toml``, where it has one, with those of the environment before them.

    Raises:
        SettingsError: others can read the file, or a secret is not fit to be one. No secret is shown.
    """
    found = Document({})
    if folder is not None:
        raw = _read_private(folder / FILE_NAME)
        found = found if raw is None else parse(raw, folder / FILE_NAME, SettingsError)
    given = {key: variable for key, variable in VARIABLES.items() if variable in env}
    data = found.data | {key: env[variable] for key, variable in given.items()}
    variables: dict[Place, str] = {(key,): variable for key, variable in given.items()}
    others = {
        variable.removeprefix(NAMED).lower(): variable for variable in sorted(env) if variable.startswith(NAMED)
    }
    named = data.get("named", {})
    if others and isinstance(named, dict):
        data["named"] = named | {name: env[variable] for name, variable in others.items()}
        variables |= {("named", name): variable for name, variable in others.items()}
    return checked(Secrets, Document(data, found.path, found.lines, variables), SettingsError)


def _read_private(path: Path) -> bytes | None:
    """The bytes of a file that only its owner can read; None where there is no such file."""
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise SettingsError(f"others can read it (mode {mode:04o}): run chmod 600 {path}", Location(path))
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as problem:
        raise SettingsError(f"cannot be read: {problem.strerror}", Location(path)) from problem


def random_secret() -> str:
    """256 random bits as 43 letters, digits, - and _."""
    return secrets.token_urlsafe(32)


def write_secrets(path: Path, make: Callable[[], str] = random_secret) -> None:
    """Make ``path`` with new secrets, readable by its owner only from its first moment.

    Raises:
        SettingsError: it is there already, or cannot be written. A file that is there is never changed.
    """
    text = "".join(f'{key} = "{make()}"\n' for key in VARIABLES)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as problem:
        raise SettingsError(
            "is there already: remove it first if new secrets are wanted", Location(path)
        ) from problem
    except OSError as problem:
        raise SettingsError(f"cannot be written: {problem.strerror}", Location(path)) from problem
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
