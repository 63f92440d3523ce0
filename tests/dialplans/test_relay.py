"""The relay, as Asterisk starts it: a process with AGI on its pipes and audio on file descriptor 3."""

from __future__ import annotations

import os
import signal
import socket
import stat
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from dialplans import relay
from dialplans.asterisk import mode_of, render
from dialplans.install import apply, plan, plan_uninstall, uninstall
from dialplans.values import Includes
from tests.dialplans.lint import faults, steps

SOON_S = 20.0
ENVIRONMENT = b"agi_request: relay_callwright\nagi_enhanced: 1.0\n\n"
AUDIO_ID = uuid.UUID(int=7)


@dataclass
class Ends:
    """The relay's two sides: Asterisk's and the engine's."""

    process: subprocess.Popen[bytes]
    audio: int
    """Where Asterisk writes what the caller says."""
    agi: socket.socket
    hears: socket.socket
    """The engine's audio port."""

    def say(self, data: bytes) -> None:
        """Asterisk says it."""
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def asterisk_hears(self) -> bytes:
        """The next line that the relay says to Asterisk."""
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def engine_hears(self, count: int) -> bytes:
        """So many bytes of AGI, or fewer where the relay closes."""
        return exactly(self.agi, count)

    def hear(self) -> socket.socket:
        """Ask for the audio; the connection on which it comes."""
        host, port = self.hears.getsockname()
        self.agi.sendall(f"CALLWRIGHT HEAR {host} {port} {AUDIO_ID}\n".encode())
        connection, _ = self.hears.accept()
        connection.settimeout(SOON_S)
        assert exactly(connection, 19) == b"\x01\x00\x10" + AUDIO_ID.bytes
        return connection

    def ended(self) -> int:
        """The exit code, soon."""
        return self.process.wait(SOON_S)


def exactly(end: socket.socket, count: int) -> bytes:
    found = b""
    while len(found) < count and (piece := end.recv(count - len(found))):
        found += piece
    return found


def installed(folder: Path, includes: Includes, port: int) -> Path:
    """The relay's program, with its settings beside it."""
    program = folder / "relay_callwright"
    values = Includes(
        agi_token=includes.agi_token,
        ami_secret=includes.ami_secret,
        sorry=includes.sorry,
        agi_port=port,
        relay=program,
        python=Path(sys.executable),
    )
    for name, text in render(values).items():
        if name.startswith("relay"):
            (folder / name).write_text(text, encoding="utf-8")
            (folder / name).chmod(mode_of(name))
    return program


@contextmanager
def listening() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(SOON_S)
        yield server


@contextmanager
def running(program: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The program with the audio's pipe on descriptor 3, as ``launch_script`` of res_agi.c lays them."""
    hears, says = os.pipe()

    def lay() -> None:
        os.dup2(hears, relay.AUDIO)

    process = subprocess.Popen(
        [program, "call-1", "", "inbound"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=(relay.AUDIO,),
        preexec_fn=lay,
    )
    os.close(hears)
    try:
        yield process, says
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()
        os.close(says)


@pytest.fixture
def ends(tmp_path: Path, includes: Includes) -> Iterator[Ends]:
    """A relay that is connected and has handed its request over."""
    with listening() as server, listening() as hears:
        program = installed(tmp_path, includes, server.getsockname()[1])
        with running(program) as (process, audio):
            agi, _ = server.accept()
            agi.settimeout(SOON_S)
            with agi:
                found = Ends(process, audio, agi, hears)
                found.say(ENVIRONMENT)
                head = b"agi_network: yes\nagi_network_script: inbound?token=a-token-of-the-install\n"
                assert found.engine_hears(len(head + ENVIRONMENT)) == head + ENVIRONMENT
                yield found


def test_agi_goes_both_ways_and_its_own_line_no_further(ends: Ends) -> None:
    ends.agi.sendall(b"ANSWER\n")
    assert ends.asterisk_hears() == b"ANSWER\n"
    ends.say(b"200 result=0\n")
    assert ends.engine_hears(13) == b"200 result=0\n"
    ends.hear().close()
    ends.agi.sendall(b"STREAM FI")
    ends.agi.sendall(b"LE /x #\n")
    assert ends.asterisk_hears() == b"STREAM FILE /x #\n"


def test_what_is_said_goes_to_the_engine_from_the_moment_it_asks(ends: Ends) -> None:
    os.write(ends.audio, b"before" * 100)
    ends.agi.sendall(b"ANSWER\n")
    assert ends.asterisk_hears() == b"ANSWER\n"
    for turn in range(3):
        with ends.hear() as heard:
            pcm = bytes([turn + 1, 0]) * 160
            os.write(ends.audio, pcm)
            came = b""
            while not came.endswith(pcm):
                frame = exactly(heard, 3)
                assert frame[:1] == b"\x10"
                came += exactly(heard, int.from_bytes(frame[1:], "big"))
            assert came.removesuffix(pcm).strip(b"beforat!") == b"", "what was said just before may come first"
        os.write(ends.audio, b"after!" * 100)


def test_the_end_of_either_side_is_its_end(ends: Ends) -> None:
    ends.agi.close()
    assert ends.ended() == 0


def test_asterisk_s_end_is_its_end(ends: Ends) -> None:
    assert ends.process.stdin is not None
    with ends.hear() as heard:
        ends.process.stdin.close()
        ends.process.stdin = None
        assert ends.ended() == 0
        assert ends.engine_hears(1) == b"" and exactly(heard, 1) == b""


def test_a_hangup_is_told_as_agi_tells_it(ends: Ends) -> None:
    ends.process.send_signal(signal.SIGHUP)
    assert ends.engine_hears(7) == b"HANGUP\n"
    ends.agi.sendall(b"GET VARIABLE HANGUPCAUSE\n")
    assert ends.asterisk_hears() == b"GET VARIABLE HANGUPCAUSE\n", "a dead channel is still asked"
    ends.agi.close()
    assert ends.ended() == 0


def test_an_engine_that_does_not_see_the_hangup_keeps_nothing(
    tmp_path: Path, includes: Includes, monkeypatch: pytest.MonkeyPatch
) -> None:
    with listening() as server:
        program = installed(tmp_path, includes, server.getsockname()[1])
        program.write_text(program.read_text("utf-8").replace("LINGERS_S = 60", "LINGERS_S = 1"), "utf-8")
        with running(program) as (process, _):
            agi, _ = server.accept()
            with agi:
                assert agi.recv(100), "it is up"
                process.send_signal(signal.SIGHUP)
                assert process.wait(SOON_S) == -signal.SIGALRM


def test_an_engine_that_reads_no_audio_hears_no_more_and_the_call_goes_on(ends: Ends) -> None:
    host, port = ends.hears.getsockname()
    ends.hears.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    ends.agi.sendall(f"CALLWRIGHT HEAR {host} {port} {AUDIO_ID}\n".encode())
    heard, _ = ends.hears.accept()
    heard.settimeout(SOON_S)
    with heard:
        os.set_blocking(ends.audio, False)  # as Asterisk has it
        for _ in range(1_000):
            with suppress(BlockingIOError):
                os.write(ends.audio, bytes(16_000))
            time.sleep(0.001)
        ends.agi.sendall(b"ANSWER\n")
        assert ends.asterisk_hears() == b"ANSWER\n"
        while heard.recv(65_536):
            pass


@pytest.mark.parametrize(
    "place", [b"127.0.0.1 1 " + str(AUDIO_ID).encode(), b"nonsense", b"", b"127.0.0.1 99999999 x"]
)
def test_a_place_that_is_not_there_ends_nothing(ends: Ends, place: bytes) -> None:
    ends.agi.sendall(b"CALLWRIGHT HEAR " + place + b"\nANSWER\n")
    assert ends.asterisk_hears() == b"ANSWER\n"
    os.write(ends.audio, bytes(320))
    ends.hear().close()


def test_audio_that_ends_is_not_the_call_s_end(ends: Ends) -> None:
    with ends.hear() as heard:
        silent = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silent, ends.audio)
        os.close(silent)
        assert exactly(heard, 1) == b""
    ends.agi.sendall(b"ANSWER\n")
    assert ends.asterisk_hears() == b"ANSWER\n"


def test_without_an_engine_the_request_has_failed(tmp_path: Path, includes: Includes) -> None:
    with listening() as server:
        port = server.getsockname()[1]
    with running(installed(tmp_path, includes, port)) as (process, _):
        assert process.wait(SOON_S) == 1


def test_it_needs_nothing_but_an_interpreter(tmp_path: Path, includes: Includes) -> None:
    """No site, no environment, no module of ours, and words that old versions know."""
    program = installed(tmp_path, includes, 4573)
    first, text = program.read_text("utf-8").split("\n", 1)
    assert first == f"#!{sys.executable} -IS"
    compile(text, str(program), "exec", dont_inherit=True)
    loaded = subprocess.run(
        [sys.executable, "-ISX", "importtime", "-c", f"import runpy; runpy.run_path({str(program)!r}, run_name='x')"],
        capture_output=True,
        check=True,
        cwd=tmp_path,
    )
    assert b"asyncio" not in loaded.stderr and b"calls" not in loaded.stderr


def test_the_dialplan_asks_by_it_where_the_engine_says_so(includes: Includes) -> None:
    values = Includes(
        includes.agi_token, includes.ami_secret, includes.sorry, relay=Path("/etc/asterisk/relay_callwright")
    )
    files = render(values)
    text = files["extensions_callwright.conf"]
    assert faults(text) == []
    found = list(steps(text))
    assert {step.data for step in found if step.application == "EAGI"} == {
        "/etc/asterisk/relay_callwright,inbound",
        "/etc/asterisk/relay_callwright,${CW_CALL},${AMDSTATUS},${AMDCAUSE},dialled",
        "/etc/asterisk/relay_callwright,${CW_CALL},${CW_TALK},resume",
    }
    asks = [step for step in found if step.data == '$["${CW_EAGI}" = "1"]?relay']
    assert {step.context for step in asks} == {"callwright-call", "callwright-dialled", "callwright-resume"}
    assert files["relay_callwright.conf"].endswith(f"host = 127.0.0.1\nport = 4573\nsecret = {includes.agi_token}\n")
    assert includes.agi_token not in files["relay_callwright"], "everybody may see what runs"
    assert all("EAGI" not in text for text in render(includes).values())


def test_it_is_installed_to_be_run_and_taken_out(tmp_path: Path, includes: Includes) -> None:
    folder = tmp_path / "asterisk"
    folder.mkdir()
    for name in ("extensions", "manager", "confbridge"):
        (folder / f"{name}.conf").write_text("[general]\n", "utf-8")
    before = sorted(path.name for path in folder.iterdir())
    values = Includes(includes.agi_token, includes.ami_secret, includes.sorry, relay=folder / "relay_callwright")
    todo = plan(folder, render(values))
    assert includes.agi_token not in todo.difference
    apply(todo)
    modes = {
        name: stat.S_IMODE((folder / name).stat().st_mode) for name in ("relay_callwright", "relay_callwright.conf")
    }
    assert modes == {"relay_callwright": 0o750, "relay_callwright.conf": 0o640}
    assert plan(folder, render(values)).changes == ()
    uninstall(plan_uninstall(folder))
    assert sorted(path.name for path in folder.iterdir()) == before
