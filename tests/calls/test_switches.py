"""Several switches in the settings: owners, what two cannot have in common, secrets, and each one alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from calls.errors import SettingsError, UserError
from calls.settings import Settings, load
from calls.switch.asterisk.config import AsteriskConfig
from calls.switches import alone, chosen, names_of, owned, weights_of

TWO = """\
[[switches]]
name = "east"
kind = "asterisk"
weight = 2
asterisk = {ami_port = 5038, agi_port = 4573}

[[switches]]
name = "west"
kind = "asterisk"
folder = "west"
[switches.asterisk]
ami_host = "10.0.0.2"
agi_port = 4574
context_prefix = "cw-west"
audio_ports = [20300, 20400]

[[queues]]
name = "sales"

[[trunks]]
name = "one"
switch = "east"
dial = "PJSIP/{number}@one"
lines = 5
calls_per_second = 5

[[trunks]]
name = "two"
switch = "west"
dial = "PJSIP/{number}@two"
lines = 5
calls_per_second = 5

[[agents]]
id = "ann"
name = "Ann"
switch = "east"
endpoint = "PJSIP/ann"
mode = "nailed_up"
queues = ["sales"]

[[destinations]]
name = "boss"
switch = "east"
dial = "PJSIP/boss"

[[destinations]]
name = "boss"
switch = "west"
dial = "PJSIP/chief"

[[supervisors]]
id = "sue"
name = "Sue"
switch = "west"
endpoint = "PJSIP/sue"
"""

SECRET, OTHER = "a-secret-of-all-0123", "another-secret-45678"
SECRETS = f"""\
ami_secret = "{SECRET}"
agi_token = "{SECRET}"

[switches.west]
ami_secret = "{OTHER}"
"""


def written(folder: Path, text: str, secrets: str = SECRETS) -> Path:
    (folder / "secrets.toml").touch(0o600)
    (folder / "secrets.toml").write_text(secrets, encoding="utf-8")
    path = folder / "callwright.toml"
    path.write_text(text, encoding="utf-8")
    return path


def refused(folder: Path, text: str, secrets: str = SECRETS) -> str:
    with pytest.raises(SettingsError) as caught:
        load(written(folder, text, secrets), {})
    return str(caught.value)


def test_each_switch_has_its_own(tmp_path: Path) -> None:
    settings = load(written(tmp_path, TWO), {})
    assert names_of(settings) == ("east", "west")
    assert weights_of(settings) == {"east": 2, "west": 1}
    assert settings.switches[1].folder == tmp_path / "west"
    west = alone(settings, "west")
    assert [trunk.name for trunk in west.trunks] == ["two"]
    assert [each.dial for each in west.destinations] == ["PJSIP/chief"]
    assert (west.agents, [each.id for each in west.supervisors]) == ((), ["sue"])
    config = AsteriskConfig.from_settings(west)
    assert (config.name, config.ami.host, config.agi_port, config.context_prefix) == (
        "west",
        "10.0.0.2",
        4574,
        "cw-west",
    )
    assert config.ami.secret.get_secret_value() == OTHER
    assert config.agi_token.get_secret_value() == SECRET, "what it has not of its own is that of all"
    assert AsteriskConfig.from_settings(alone(settings, "east")).ami.secret.get_secret_value() == SECRET
    assert config.trunks.keys() == {"two"}


def test_one_of_several_is_named_and_the_only_one_need_not_be(tmp_path: Path) -> None:
    settings = load(written(tmp_path, TWO), {})
    assert chosen(settings, "west").folder == tmp_path / "west"
    assert chosen(Settings(), None).name == "main"
    with pytest.raises(UserError, match="say with --on which switch: east, west"):
        chosen(settings, None)
    with pytest.raises(UserError, match="no switch is named north: expected one of east, west"):
        chosen(settings, "north")


def test_with_one_switch_nothing_has_to_name_it(tmp_path: Path) -> None:
    one = TWO[TWO.index("[[queues]]") :].replace('switch = "east"\n', "").replace('switch = "west"\n', "")
    one = one.replace('[[destinations]]\nname = "boss"\ndial = "PJSIP/chief"\n', "")
    settings = load(written(tmp_path, '[switch]\nname = "main"\n' + one, SECRETS[: SECRETS.index("[")]), {})
    assert names_of(settings) == ("main",)
    found = owned(settings)
    assert {each.switch for each in found.trunks} == {each.switch for each in found.agents} == {"main"}
    assert [trunk.name for trunk in alone(settings, "main").trunks] == ["one", "two"]
    assert owned(Settings()) == Settings()


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('name = "one"\nswitch = "east"\n', 'name = "one"\n', "trunks[0].switch: missing: say which switch it is of"),
        ('name = "two"\nswitch = "west"', 'name = "two"\nswitch = "north"', "no switch is named north: expected one"),
        ('name = "Ann"\nswitch = "east"\n', 'name = "Ann"\n', "agents[0].switch: missing"),
        ('name = "Sue"\nswitch = "west"\n', 'name = "Sue"\n', "supervisors[0].switch: missing"),
        ('name = "west"\nkind', 'name = "east"\nkind', "switches[1].name: east is there already"),
        ("agi_port = 4574", "agi_port = 4573", "switches[1].asterisk.agi_port: east finds us at port 4573 too"),
        ('ami_host = "10.0.0.2"\n', "", "switches[1].asterisk.ami_port: east is reached there too"),
        ("[20300, 20400]", "[20100, 20400]", "switches[1].asterisk.audio_ports: east has ports among them"),
        ('[[destinations]]\nname = "boss"\nswitch = "west"', '[[destinations]]\nname = "boss"\nswitch = "east"',
         "destinations[1].name: boss is there already"),
        ("[[queues]]", '[switch]\nkind = "asterisk"\n[[queues]]', "switch: stands beside [[switches]]"),
        ("[[queues]]", "[asterisk]\nami_port = 1\n[[queues]]", "asterisk: stands beside [[switches]]"),
        ('name = "west"\nkind = "asterisk"', 'name = "west"\nkind = "loopback"', "is for asterisk, and west is of"),
        ("weight = 2", "weight = 0", "switches[0].weight: expected a whole number, 1 to 100"),
    ],
)  # fmt: skip
def test_faults_name_the_line_and_what_to_do(tmp_path: Path, old: str, new: str, words: str) -> None:
    assert TWO.count(old) == 1
    said = refused(tmp_path, TWO.replace(old, new))
    assert words in said and "callwright.toml" in said


def test_a_secret_that_a_switch_lacks_is_named(tmp_path: Path) -> None:
    said = refused(tmp_path, TWO, f'ami_secret = "{SECRET}"\n[switches.west]\nagi_token = "{OTHER}"\n')
    assert "secrets.toml" in said and "switches.east.agi_token: missing" in said


def test_a_secret_of_a_switch_is_held_to_the_same_rules(tmp_path: Path) -> None:
    said = refused(tmp_path, TWO, SECRETS.replace(OTHER, "short"))
    assert "switches.west.ami_secret: too short" in said


def test_a_secret_for_no_switch_is_a_fault(tmp_path: Path) -> None:
    said = refused(tmp_path, TWO, SECRETS.replace("switches.west", "switches.north"))
    assert "secrets.toml" in said and "no switch is named north" in said
