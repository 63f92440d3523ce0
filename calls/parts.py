"""What settings of people are made of: the kinds of values, each with the words that say what is expected."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from calls.toml_file import Fault

DIAL_LETTERS = r"A-Za-z0-9_./@:-"
"""What a dial string may hold: no sign that Asterisk or FreeSWITCH gives a meaning to in one."""

ENDPOINT = re.compile(rf"[A-Za-z][A-Za-z0-9_]*/[{DIAL_LETTERS}]{{1,200}}\Z")


def _endpoint(dial: str) -> str:
    if not ENDPOINT.match(dial):
        raise Fault(
            f"expected technology/target of letters, digits and _ . / @ : -, e.g. PJSIP/agent1; found {dial!r}"
        )
    return dial


Endpoint = Annotated[str, AfterValidator(_endpoint), Field(description="a dial string, in quotes")]
FilePath = Annotated[Path, Field(description="a path, in quotes")]
Port = Annotated[int, Field(ge=1, le=65535, description="a port, 1 to 65535")]
Host = Annotated[str, Field(pattern=r"^[A-Za-z0-9.:-]{1,253}$", description="a host name or an address, in quotes")]
Seconds = Annotated[float, Field(ge=0, le=86400, description="seconds, 0 to 86400")]
Wait = Annotated[float, Field(gt=0, le=86400, description="seconds, more than 0 and at most 86400")]
Count = Annotated[int, Field(ge=1, le=100_000, description="a whole number, 1 to 100000")]
Rate = Annotated[float, Field(gt=0, le=1000, description="calls per second, more than 0 and at most 1000")]
Name = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="a name of 1 to 64 letters, digits, _ and -, in quotes")
]
Title = Annotated[str, Field(min_length=1, max_length=100, description="a text of 1 to 100 characters, in quotes")]
Language = Annotated[
    str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$", description='a language such as "en" or "de-AT"')
]
Region = Annotated[str, Field(pattern=r"^[A-Z]{2}$", description='a country such as "DE"')]
Flag = Annotated[bool, Field(description="true or false")]
Network = Annotated[IPv4Network | IPv6Network, Field(description='a network such as "127.0.0.0/8"')]
PromptKey = Annotated[
    str | None,
    Field(pattern=r"^[A-Za-z0-9_.-]{1,100}$", description="a prompt's key: letters, digits and _ . -, in quotes"),
]
Key = Annotated[str | None, Field(pattern=r"^[0-9*#]$", description='one key of 0 to 9, * and #, such as "9"')]
Context = Annotated[
    str, Field(pattern=r"^[a-z][a-z0-9-]{0,30}$", description="small letters, digits and -, in quotes")
]


class Part(BaseModel):
    """What all settings have in common: unknown keys are faults, nothing changes after the load."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
