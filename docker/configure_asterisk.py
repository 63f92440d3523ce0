"""Writes the configuration of the Asterisk that stands beside the engine, from the same templates as ``make run``.

``configure_asterisk.py --settings callwright.toml --pbx asterisk.toml --tree TREE --folder FOLDER``: ``TREE`` is what
``docker/fetch-asterisk`` made, and ``FOLDER`` becomes that Asterisk's own.

Run again after a change of either file; Asterisk reads its configuration when it starts. The secrets are those beside
the settings. Ends with 78 (EX_CONFIG) where a file cannot be used, with file, line, key and what was expected.
"""

from __future__ import annotations

import argparse
import os
import stat
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr

from calls.errors import Location, SettingsError, UserError
from calls.settings import Settings, load
from calls.switch.asterisk.audio_way import Way
from calls.switches import alone, chosen
from calls.toml_file import checked, read
from console.demo.music import hold_music
from console.demo.pbx import Tree
from dialplans.asterisk import Pbx, Phone, Trunk, mode_of, render_whole
from dialplans.values import RELAY, CallerId, Includes

EX_CONFIG = 78

Port = Annotated[int, Field(ge=1, le=65535, description="a port, 1 to 65535")]
Address = Annotated[str, Field(description="an IPv4 address, in quotes")]
Name = Annotated[str, Field(description="a name, in quotes")]


class Part(BaseModel):
    """What all parts of the file have in common."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class TrunkFile(Part):
    """``[[trunks]]``: a carrier's SIP address; ``name`` stands in a trunk's dial string, ``PJSIP/{number}@name``."""

    name: Name
    host: Address
    port: Port = 5060


class PhoneFile(Part):
    """``[[phones]]``: an agent's phone at a fixed address, or registering with a password."""

    name: Name
    host: Annotated[str | None, Field(description="an IPv4 address, in quotes")] = None
    port: Port = 5060
    password: Annotated[SecretStr | None, Field(description="16 letters or more, in quotes")] = None


class PbxFile(Part):
    """``asterisk.toml``: where this Asterisk listens, who may call it, and whom it knows."""

    sip_host: Address
    sip_port: Port = 5060
    rtp_first: Port = 10000
    rtp_last: Port = 10599
    callers: Annotated[tuple[str, ...], Field(description='networks such as "172.30.77.0/24"')]
    trunks: Annotated[tuple[TrunkFile, ...], Field(description="tables, [[trunks]]")] = ()
    phones: Annotated[tuple[PhoneFile, ...], Field(description="tables, [[phones]]")] = ()


def read_pbx(path: Path) -> PbxFile:
    """The file's values.

    Raises:
        SettingsError: a fault in it, or passwords in a file that others can read.
    """
    found = checked(PbxFile, read(path, SettingsError), SettingsError)
    if any(phone.password for phone in found.phones) and stat.S_IMODE(path.stat().st_mode) & stat.S_IRWXO:
        raise SettingsError(f"holds passwords and everybody can read it: run chmod o-rwx {path}", Location(path))
    return found


def values(settings: Settings, pbx: PbxFile, tree: Tree, folder: Path) -> Pbx:
    """What the templates are filled from.

    Raises:
        SettingsError: a value that must not reach a configuration file.
    """
    at = settings.asterisk
    return Pbx(
        includes=Includes(
            agi_token=settings.secrets.agi_token.get_secret_value(),
            ami_secret=settings.secrets.ami_secret.get_secret_value(),
            agi_host=settings.asterisk.agi_host,
            agi_port=settings.asterisk.agi_port,
            ami_user=settings.asterisk.ami_user,
            prefix=settings.asterisk.context_prefix,
            sorry=tree.data / "sounds/en/sorry-youre-having-problems",
            caller_id=CallerId.HEADER,
            music=folder / "moh",
            recordings=settings.recordings.folder,
            codes=settings.feature_codes.prefix,
            relay=folder / "etc" / f"{RELAY}_{at.context_prefix}" if at.audio == Way.EAGI.value else None,
            python=Path(sys.executable),
        ),
        folder=folder,
        modules=tree.modules,
        data=tree.data,
        name=settings.switch.name,
        sip_host=pbx.sip_host,
        sip_port=pbx.sip_port,
        ami_host=settings.asterisk.ami_host,
        ami_port=settings.asterisk.ami_port,
        rtp_first=pbx.rtp_first,
        rtp_last=pbx.rtp_last,
        audio_socket=tree.audio_socket,
        callers=pbx.callers,
        trunks=tuple(Trunk(trunk.name, trunk.host, trunk.port) for trunk in pbx.trunks),
        phones=tuple(
            Phone(phone.name, phone.host, phone.port, phone.password.get_secret_value() if phone.password else None)
            for phone in pbx.phones
        ),
    )


def write(pbx: Pbx, folder: Path) -> None:
    """Write the files, each whole, readable by Asterisk's group and by nobody else.

    Raises:
        OSError: the folder cannot be written.
    """
    for name in ("etc", "moh"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for name, text in render_whole(pbx).items():
        new = folder / "etc" / f".{name}.new"
        new.unlink(missing_ok=True)
        with os.fdopen(
            os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode_of(name)), "w", encoding="utf-8"
        ) as file:
            file.write(text)
        new.replace(folder / "etc" / name)
    (folder / "moh" / "hold.sln").write_bytes(hold_music())


def main(arguments: Sequence[str]) -> int:
    """The exit status."""
    parser = argparse.ArgumentParser(prog="configure_asterisk.py", description="Write an Asterisk's configuration.")
    for option in ("--settings", "--pbx", "--tree", "--folder"):
        parser.add_argument(option, type=Path, required=True)
    parser.add_argument("--on", help="which of several switches this Asterisk is, by its name in the settings")
    given = parser.parse_args(arguments)
    try:
        settings = load(given.settings, os.environ)
        settings = alone(settings, chosen(settings, given.on).name)
        write(values(settings, read_pbx(given.pbx), Tree(given.tree), given.folder), given.folder)
    except UserError as fault:
        sys.stderr.write(f"{fault}\n")
        return EX_CONFIG
    except OSError as error:
        sys.stderr.write(f"{error.filename}: cannot be written: {error.strerror}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
