"""The command line: prompts, the doctor and dialplans."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from calls.errors import SettingsError, SwitchUnavailable, UserError
from calls.settings import load
from calls.switch.asterisk.ami_client import AmiSettings
from calls.switch.asterisk.audio_way import RTP, SIGNALS, SOCKET, SPY, Choice, judge
from console.cli.doctor import Finding, examine
from prompts.espeak import EspeakSynthesizer
from tests.console.command_line import invoke
from tests.console.served import install


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installation without an engine."""
    return install(tmp_path_factory.mktemp("cli"))


def test_prompts_are_listed_checked_and_cleaned(tmp_path: Path) -> None:
    installed = install(tmp_path)
    assert "0 missing, 0 stale" in invoke(installed, "prompts", "check")
    keys = {row["key"] for row in json.loads(invoke(installed, "prompts", "list", "--json"))}
    assert "main.menu" in keys
    texts = tmp_path / "texts" / "en.yaml"
    text = texts.read_text(encoding="utf-8")
    texts.write_text(text.replace("main.hours: Always.\n", ""), encoding="utf-8")
    assert "unused: " in invoke(installed, "prompts", "check")
    assert invoke(installed, "prompts", "clean") == "1 deleted\n"
    assert "unused: " not in invoke(installed, "prompts", "check")
    texts.write_text(text + "main.new: New.\n", encoding="utf-8")
    assert "missing: main.new (en)" in invoke(installed, "prompts", "check", status=1)
    texts.write_text(text + "main.new: [1]\n", encoding="utf-8")
    assert f"{texts}:8: main.new" in invoke(installed, "prompts", "check", status=1)


def test_a_prompt_with_placeholders_is_listed_with_its_parts(tmp_path: Path) -> None:
    installed = install(tmp_path)
    texts = tmp_path / "texts" / "en.yaml"
    texts.write_text(texts.read_text(encoding="utf-8") + "place: You are {n:ordinal} in line.\n", encoding="utf-8")
    rows = [(row["key"], row["text"]) for row in json.loads(invoke(installed, "prompts", "list", "--json"))]
    assert rows[-3:] == [
        ("place", "You are {n:ordinal} in line."),
        ("place.part-1", "You are"),
        ("place.part-2", "in line."),
    ]
    every = {row["key"] for row in json.loads(invoke(installed, "prompts", "list", "--pieces", "--json"))}
    assert "spoken.ordinal-3" in every
    said = invoke(installed, "prompts", "check", status=1)
    assert "missing: place.part-1 (en)" in said
    assert re.search(r"missing: [0-9]+ pieces of values \(en\)", said)
    assert "spoken." not in said


def test_the_voices_of_the_machine_are_listed(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(EspeakSynthesizer, "voices", lambda self: ("gmw/de", "gmw/en"))
    monkeypatch.setattr("console.building.find_espeak", lambda env, places: None)
    assert invoke(path, "prompts", "voices") == "gmw/de\ngmw/en\n"


def test_the_doctor_names_what_is_missing(tmp_path: Path) -> None:
    installed = install(tmp_path, render=False)
    said = invoke(installed, "doctor", status=1)
    assert "callwright prompts render" in said
    assert "not running" in said


def test_the_doctor_names_a_target_of_a_flow_that_is_not_there(tmp_path: Path) -> None:
    target = '\n[[targets]]\nname = "menu"\nfigure = "containment_technical"\nflow = "{}"\naim = 0.5\nalarm = 0.2\n'
    installed = install(tmp_path)
    text = installed.read_text(encoding="utf-8")
    for flow, problem in (("main", ""), ("mian", "targets: target menu is of the flow mian, and there is no file")):
        installed.write_text(text + target.format(flow), encoding="utf-8")
        (found,) = [each.problem for each in examine(load(installed, {})) if each.what == "flows"]
        assert found.startswith(problem) and bool(found) is bool(problem), found


def test_the_doctor_says_who_is_reached_over_a_trunk_and_counted_on_none(tmp_path: Path) -> None:
    installed = install(tmp_path, render=False)
    text = installed.read_text(encoding="utf-8") + (
        '\n[[trunks]]\nname = "road"\ndial = "PJSIP/{number}@road"\nlines = 1\ncalls_per_second = 1\n'
        '\n[[destinations]]\nname = "chief"\ndial = "PJSIP/5550101@road"\n'
    )

    def trunks(text: str) -> str:
        installed.write_text(text, encoding="utf-8")
        return next(each.problem for each in examine(load(installed, {})) if each.what == "trunks")

    assert trunks(text) == (
        '[[destinations]] chief: PJSIP/5550101@road leads over trunk road and takes no line of it: say trunk = "road"'
    )
    assert trunks(text + 'trunk = "road"\n') == ""
    with pytest.raises(SettingsError, match="no trunk is named so"):
        trunks(text + 'trunk = "rood"\n')


def test_the_doctor_says_what_each_trunk_attests_and_what_follows(tmp_path: Path) -> None:
    installed = install(tmp_path, render=False)
    text = installed.read_text(encoding="utf-8")
    trunk = '\n[[trunks]]\nname = "{}"\ndial = "PJSIP/{{number}}@{}"\nlines = 1\ncalls_per_second = 1\n'

    def told(*trunks: str) -> str:
        installed.write_text(text + "".join(trunks), encoding="utf-8")
        (found,) = [each for each in examine(load(installed, {})) if each.what == "attestation"]
        assert not found.problem
        return found.found

    assert told() == "loop: ends on this machine"
    road = trunk.format("road", "road") + 'attestation = "A"\n'
    assert told(road) == "loop: ends on this machine; road: A"
    own = road + 'attested_numbers = ["+12025550100"]\n'
    assert "road: A for +12025550100, B for any other number. Less than A is warned of by" in told(own)
    silent = told(trunk.format("sea", "sea"), road.replace('"A"', '"C"'))
    assert "sea: not said, its calls count as unsigned; road: C. Less than A" in silent
    assert "us-telemarketing, us-florida, us-collections; a campaign that demands more" in silent


def test_the_doctor_says_how_callers_are_heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    installed = install(tmp_path, render=False)
    missing = "callers cannot be heard: Asterisk has not loaded chan_audiosocket.so"

    async def hears(_: AmiSettings, wanted: str) -> Choice:
        if wanted == "audiosocket":
            raise SwitchUnavailable(missing)
        return judge(wanted, {SPY: True, SIGNALS: True, SOCKET: False, RTP: True})

    monkeypatch.setattr("console.cli.doctor.find_way", hears)
    what = "callers' audio"
    asterisk = {
        "CALLWRIGHT_SWITCH__KIND": "asterisk",
        "CALLWRIGHT_AMI_SECRET": "Zu9-kf83mQpw_21x",
        "CALLWRIGHT_AGI_TOKEN": "a8Jq-0Pzn3bVw_7y",
    }
    for given, expected in (
        ({}, Finding(what, "the loopback switch's own")),
        (
            asterisk,
            Finding(
                what,
                "by rtp, to 127.0.0.1, ports 20000 to 20200 (chan_audiosocket.so is not loaded; loaded: app_chanspy,"
                " app_senddtmf, chan_rtp); for a better way load chan_audiosocket.so with res_audiosocket.so (not in"
                " 16)",
            ),
        ),
        (
            asterisk | {"CALLWRIGHT_ASTERISK__AUDIO": "eagi"},
            Finding(
                what,
                "by eagi, to 127.0.0.1, the first free port of 20000 to 20200; the dialplan must have the relay (the"
                ' settings say audio = "eagi"; loaded: app_chanspy, app_senddtmf, chan_rtp)',
            ),
        ),
        (
            asterisk | {"CALLWRIGHT_ASTERISK__AUDIO": "record", "CALLWRIGHT_RECORDINGS__FOLDER": "/no/such/folder"},
            Finding(
                what,
                "",
                "callers cannot be heard by recordings: /no/such/folder is no folder that can be read and written"
                " here; [recordings] folder must be one that Asterisk and the engine share",
            ),
        ),
        (asterisk | {"CALLWRIGHT_ASTERISK__AUDIO": "audiosocket"}, Finding(what, "", missing)),
        (
            asterisk | {"CALLWRIGHT_ASTERISK__AUDIO": "none"},
            Finding(what, "callers are not heard, as the settings say"),
        ),
    ):
        assert expected in examine(load(installed, given))


def test_dialplans_are_shown_installed_and_taken_out(tmp_path: Path) -> None:
    installed = install(tmp_path)
    etc = tmp_path / "asterisk"
    etc.mkdir()
    mine = "[general]\nstatic = yes\n"
    for name in ("extensions.conf", "manager.conf", "confbridge.conf"):
        (etc / name).write_text(mine, encoding="utf-8")
    secrets = tmp_path / "secrets.toml"
    secrets.write_text('ami_secret = "a-long-secret-of-the-test"\nagi_token = "another-long-secret-of-it"\n', "utf-8")
    secrets.chmod(0o600)
    before = {file.name: file.read_bytes() for file in etc.iterdir()}
    folder = ("--folder", str(etc))
    assert "callwright" in invoke(installed, "dialplans", "diff", *folder)
    assert {file.name: file.read_bytes() for file in etc.iterdir()} == before
    assert "Aborted" in invoke(installed, "dialplans", "install", *folder, keys="n\n", status=1)
    assert {file.name: file.read_bytes() for file in etc.iterdir()} == before
    assert "Installed" in invoke(installed, "dialplans", "install", "--yes", *folder)
    assert invoke(installed, "dialplans", "diff", *folder) == "Nothing to do.\n"
    assert "Taken out" in invoke(installed, "dialplans", "uninstall", "--yes", *folder)
    assert {file.name: file.read_bytes() for file in etc.iterdir() if file.name in before} == before


def test_freeswitchs_own_queue_is_installed_for_the_time_without_an_engine(tmp_path: Path) -> None:
    installed = install(tmp_path)
    etc = tmp_path / "freeswitch"
    for name in ("dialplan", "autoload_configs"):
        (etc / name).mkdir(parents=True)
    (etc / "freeswitch.xml").write_text("autoload_configs/*.xml dialplan/*.xml", "utf-8")
    secrets = tmp_path / "secrets.toml"
    secrets.write_text('esl_password = "a-long-secret-of-the-test"\nesl_token = "another-long-secret"\n', "utf-8")
    secrets.chmod(0o600)
    how = ("--switch", "freeswitch", "--folder", str(etc), "--fallback-queue")

    def refused(why: str, *words: str) -> None:
        with pytest.raises(UserError, match=why):
            invoke(installed, "dialplans", "diff", *words)

    refused("no queue is named 'nowhere'", *how, "nowhere")
    refused('mode = "on_hook"', *how, "sales")
    text = installed.read_text(encoding="utf-8")
    assert 'mode = "nailed_up"' in text
    installed.write_text(text.replace('mode = "nailed_up"', 'mode = "on_hook"'), encoding="utf-8")
    refused("one of them only", *how, "sales", "--fallback", "200 XML default")
    refused("is FreeSWITCH's", "--fallback-queue", "sales")
    assert "Installed" in invoke(installed, "dialplans", "install", "--yes", *how, "sales")
    written = (etc / "autoload_configs" / "callcenter.conf.xml").read_text(encoding="utf-8")
    assert '<tier agent="anna@callwright" queue="sales@callwright" level="1" position="1"/>' in written
