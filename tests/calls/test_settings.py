"""Settings: every fault is named with file, line, key, what was expected; nothing is guessed."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import pytest

from calls.errors import SettingsError
from calls.settings import load
from tests.calls.settings_file import GOOD, fault, loaded


def test_a_whole_file(folder: Path) -> None:
    found = loaded(folder)
    assert found.engine.http_port == 8090
    assert found.engine.database == folder / "data/calls.db"
    assert found.engine.socket == folder / "callwright.sock"
    assert found.flows == folder / "menus"
    assert found.prompts.texts == folder / "prompts/texts"
    assert found.prompts.recorded is None
    assert found.asterisk.agi_allow == (ip_network("127.0.0.0/8"), ip_network("::1/128"))
    assert found.trunks[0].calls_per_second == 5.0
    assert found.trunks[0].plus and not found.trunks[0].loopback_only
    assert found.agents[0].queues == ("sales",)
    assert len(found.secrets.ami_secret.get_secret_value()) >= 32


def test_without_a_file_the_loopback_switch_needs_nothing() -> None:
    found = load(None, {})
    assert found.switch.kind == "loopback"
    assert found.engine.database == Path.cwd() / "callwright.db"
    assert found.asterisk.ami_port == 5038


def test_settings_do_not_change(folder: Path) -> None:
    with pytest.raises(ValueError, match="frozen"):
        loaded(folder).engine.http_port = 1


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "words"),
    [
        ("lines = 30", 'lines = "30"', 17, "trunks[0].lines", 'a whole number, 1 to 100000, found "30"'),
        ("lines = 30", "lines = 3.5", 17, "trunks[0].lines", "found 3.5"),
        ("lines = 30", "lines = true", 17, "trunks[0].lines", "found true"),
        ("lines = 30", "lines = 0", 17, "trunks[0].lines", "found 0"),
        ("lines = 30", "line = 30", 17, "trunks[0].line", "unknown key: did you mean lines?"),
        ("lines = 30\n", "", 14, "trunks[0].lines", "missing: expected a whole number"),
        ("lines = 30", "lines = 2020-01-01", 17, "trunks[0].lines", "expected a whole number"),
        ("= 5\n", "= nan\n", 18, "trunks[0].calls_per_second", "calls per second, more than 0"),
        ("= 5\n", "= inf\n", 18, "trunks[0].calls_per_second", "calls per second, more than 0"),
        ("8090", "99999", 5, "engine.http_port", "a port, 1 to 65535, found 99999"),
        ('"data/calls.db"', "2020-01-01", 4, "engine.database", "a path, in quotes"),
        ('"asterisk"', '"kamailio"', 9, "switch.kind", '"freeswitch" or "loopback", found "kamailio"'),
        ("::1/128", "::1/129", 12, "asterisk.agi_allow[1]", "networks"),
        ('["127.0.0.0/8", "::1/128"]', "[]", 12, "asterisk.agi_allow", "networks"),
        ('"nailed_up"', '"sometimes"', 27, "agents[0].mode", '"nailed_up" or "on_hook"'),
        (
            '"sales",\n]',
            '"sales",\n    "sale",\n]',
            30,
            "agents[0].queues[1]",
            "no queue is named sale: expected one",
        ),
        ('id = "ann"', 'id = "ann b"', 24, "agents[0].id", "letters, digits, _ and -"),
        ('["en", "de"]', '["en", "DE"]', 41, "prompts.languages[1]", 'found "DE"'),
        ("{ de = ", "{ fr = ", 42, "prompts.voices.fr", "not in languages (en, de)"),
        ('called = "*"', 'called = "12 34"', 33, "inbound[0].called", "a number or an extension"),
        ("[engine]", "[engin]", 3, "engin", "unknown key: did you mean engine?"),
        ("[switch]", "colour = 1\n[switch]", 8, "engine.colour", "expected one of database, drain_s"),
    ],
)
def test_a_fault_is_named_with_line_key_and_expectation(
    folder: Path, old: str, new: str, line: int, key: str, words: str
) -> None:
    assert old in GOOD
    found = fault(folder, GOOD.replace(old, new))
    assert found.where.file == folder / "callwright.toml"
    assert (found.where.line, found.where.key) == (line, key)
    assert words in found.problem
    assert str(found).startswith(f"{folder / 'callwright.toml'}:{line}: {key}: ")


@pytest.mark.parametrize(
    ("added", "key", "words"),
    [
        ('[[queues]]\nname = "sales"', "queues[1].name", "sales is there already"),
        ('[[inbound]]\ncalled = "*"\nflow = "x"', "inbound[1].called", "* is there already"),
        ('[[destinations]]\nname = "desk"\ndial = "PJSIP/x"', "destinations[1].name", "desk is there already"),
        (
            '[[trunks]]\nname = "carrier"\ndial = "PJSIP/{number}@b"\nlines = 1\ncalls_per_second = 1',
            "trunks[1].name",
            "carrier is there already",
        ),
        (
            '[[agents]]\nid = "ann"\nname = "B"\nendpoint = "PJSIP/b"\nmode = "on_hook"\nqueues = []',
            "agents[1].id",
            "ann is there already",
        ),
    ],
)
def test_names_are_given_once(folder: Path, added: str, key: str, words: str) -> None:
    found = fault(folder, f"{GOOD}\n{added}\n")
    assert found.where.key == key
    assert words in found.problem
    assert found.where.line == GOOD.count("\n") + 3


@pytest.mark.parametrize(
    "dial",
    [
        *("PJSIP/{number}@a,b", "PJSIP/{number}&PJSIP/1", "PJSIP/{number}@a(x)", "PJSIP/{number}|x", "PJSIP/${X}"),
        *("PJSIP/carrier", "{number}", "PJSIP/{number}{number}", "PJSIP/{name}{number}", "PJSIP/{number} @a"),
        *("PJSIP/{number}\\n@a", "PJSIP/{number}@a;b", "PJSIP/{number}@\\u0000", "", "/{number}", "PJSIP/{{number}}"),
    ],
)
def test_a_dial_template_holds_the_number_once_and_no_sign_with_a_meaning(folder: Path, dial: str) -> None:
    found = fault(folder, GOOD.replace("PJSIP/{number}@carrier", dial))
    assert (found.where.line, found.where.key) == (16, "trunks[0].dial")
    assert "{number} once" in found.problem


@pytest.mark.parametrize(
    "endpoint", ["agent1", "PJSIP/", "PJSIP/a&PJSIP/b", "PJSIP/a,b", "Local/1@x|n", "PJSIP/a\\nb"]
)
def test_an_endpoint_holds_no_sign_with_a_meaning(folder: Path, endpoint: str) -> None:
    found = fault(folder, GOOD.replace("PJSIP/agent1", endpoint))
    assert (found.where.line, found.where.key) == (26, "agents[0].endpoint")


@pytest.mark.parametrize("host", ["192.0.2.1", "example.com:5070", "127.0.0.1.example.com"])
def test_a_loopback_trunk_leads_to_this_machine(folder: Path, host: str) -> None:
    trunk = f"PJSIP/callees/sip:{{number}}@{host}"
    text = GOOD.replace("PJSIP/{number}@carrier", trunk).replace("lines = 30", "lines = 30\nloopback_only = true")
    found = fault(folder, text)
    assert found.where.key == "trunks[0].dial"
    assert "loopback_only" in found.problem
    assert loaded(folder, text.replace(host, "127.0.0.1:5070")).trunks[0].loopback_only
    assert loaded(folder, text.replace("loopback_only = true", "")).trunks[0].dial == trunk


def test_a_socket_path_is_short_enough_for_the_system(folder: Path) -> None:
    found = fault(folder, GOOD.replace("settle_s", f'socket = "{"x" * 120}"\nsettle_s'))
    assert found.where.key == "engine.socket"
    assert "choose a shorter folder" in found.problem


# --- the environment ------------------------------------------------------------------------------------------


def test_the_environment_goes_before_the_file(folder: Path) -> None:
    env = {
        "CALLWRIGHT_ENGINE__HTTP_PORT": "8099",
        "CALLWRIGHT_ENGINE__SETTLE_S": "0.25",
        "CALLWRIGHT_ENGINE__DATABASE": "other.db",
        "CALLWRIGHT_ASTERISK__AMI_USER": "12345",
        "CALLWRIGHT_ASTERISK__AGI_ALLOW": "10.0.0.0/8, ::1/128",
        "CALLWRIGHT_PROMPTS__LANGUAGES": "de,en",
        "CALLWRIGHT_CAMPAIGNS": "/srv/campaigns",
        "CALLWRIGHT_FAILPOINT": "not.a.setting",
        "PATH": "/bin",
    }
    found = loaded(folder, GOOD, env)
    assert (found.engine.http_port, found.engine.settle_s) == (8099, 0.25)
    assert found.engine.database == folder / "other.db"
    assert found.asterisk.ami_user == "12345"
    assert found.asterisk.agi_allow == (ip_network("10.0.0.0/8"), ip_network("::1/128"))
    assert found.prompts.languages == ("de", "en")
    assert found.campaigns == Path("/srv/campaigns")


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("CALLWRIGHT_ENGINE__HTTP_PORT", "many", 'a port, 1 to 65535, found "many"'),
        ("CALLWRIGHT_ENGINE__HTTP_PORT", "99999", "found 99999"),
        ("CALLWRIGHT_ENGINE__HTTP_PRT", "1", "no such setting: expected one of DATABASE, DRAIN_S"),
        ("CALLWRIGHT_MOTOR__HTTP_PORT", "1", "expected CALLWRIGHT_<SECTION>__<KEY> with one of ENGINE, "),
        ("CALLWRIGHT_TRUNKS__LINES", "1", "lists of tables stand in the file"),
        ("CALLWRIGHT_SECRETS__AMI_SECRET", "x", "expected CALLWRIGHT_<SECTION>__<KEY>"),
        ("CALLWRIGHT_ENGINE__HTTP_PORT__X", "1", "expected CALLWRIGHT_<SECTION>__<KEY>"),
    ],
)
def test_a_wrong_variable_is_named(folder: Path, variable: str, value: str, words: str) -> None:
    found = fault(folder, GOOD, {variable: value})
    assert found.where.key == variable
    assert found.where.file is None
    assert words in found.problem


# --- secrets --------------------------------------------------------------------------------------------------


def test_asterisk_needs_a_folder_of_recordings_that_its_commands_may_hold(folder: Path) -> None:
    path = folder / "callwright.toml"
    path.write_text(GOOD + '\n[recordings]\nfolder = "/var/my recordings"\n', encoding="utf-8")
    with pytest.raises(SettingsError, match=r"recordings\.folder: Asterisk takes a path of letters"):
        load(path, {})


def test_asterisk_needs_secrets(tmp_path: Path) -> None:
    found = fault(tmp_path, GOOD)
    assert found.where.key == "ami_secret"
    assert "CALLWRIGHT_AMI_SECRET" in found.problem


def test_secrets_do_not_belong_into_the_settings(folder: Path) -> None:
    found = fault(folder, GOOD + '\n[secrets]\nami_secret = "abc"\n')
    assert found.where.line == 44
    assert "secrets.toml" in found.problem


def test_nothing_of_the_settings_shows_a_secret(folder: Path) -> None:
    found = loaded(folder)
    secret = found.secrets.agi_token.get_secret_value()
    assert secret not in repr(found) + str(found) + found.model_dump_json()
