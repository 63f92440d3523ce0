"""Secrets: from the environment or a private file; what others can read or guess is refused and never shown."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from calls.errors import SettingsError
from calls.secrets import load_secrets, write_secrets

GOOD = "vN3-kq8_ZzR1xWm4Tt"
OTHER = "pQ7_hJ2-LlB9cYd5Ff"


def put(folder: Path, text: str, mode: int = 0o600) -> None:
    path = folder / "secrets.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(mode)


def test_from_a_private_file(tmp_path: Path) -> None:
    put(tmp_path, f'ami_secret = "{GOOD}"\nagi_token = "{OTHER}"\n')
    found = load_secrets(tmp_path, {})
    assert (found.ami_secret.get_secret_value(), found.agi_token.get_secret_value()) == (GOOD, OTHER)
    assert GOOD not in repr(found)


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    put(tmp_path, f'ami_secret = "{GOOD}"\n')
    found = load_secrets(tmp_path, {"CALLWRIGHT_AMI_SECRET": OTHER, "CALLWRIGHT_AGI_TOKEN": GOOD})
    assert (found.ami_secret.get_secret_value(), found.agi_token.get_secret_value()) == (OTHER, GOOD)


def test_none_at_all_is_empty(tmp_path: Path) -> None:
    assert load_secrets(tmp_path, {}).ami_secret.get_secret_value() == ""
    assert load_secrets(None, {}).agi_token.get_secret_value() == ""


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o620, 0o602, 0o610, 0o777])
def test_a_file_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    put(tmp_path, f'ami_secret = "{GOOD}"\n', mode)
    with pytest.raises(SettingsError, match=f"chmod 600 {tmp_path / 'secrets.toml'}"):
        load_secrets(tmp_path, {})


@pytest.mark.parametrize(
    "secret",
    [
        *("ClueCon", "cluecon", "amp111", "password", "Password12345678", "ClueConClueCon12", "123456amp1111111"),
        *(
            "changeme-changeme",
            "PASSWORD!!!!!!!!!",
            "aaaaaaaaaaaaaaaaaaaa",
            "1234567812345678"[:15],
            "shortbutfine1",
            "",
        ),
        *("callwright-callwright-callwright", "abababababababababab", "secret_secret_secret"),
    ],
)
@pytest.mark.parametrize("key", ["ami_secret", "agi_token"])
def test_what_is_known_or_guessed_is_refused_and_not_shown(tmp_path: Path, key: str, secret: str) -> None:
    put(tmp_path, f'{key} = "{secret}"\n')
    with pytest.raises(SettingsError) as caught:
        load_secrets(tmp_path, {})
    assert (caught.value.where.line, caught.value.where.key) == (1, key)
    assert "make one at random" in caught.value.problem
    assert not secret or secret not in str(caught.value)


@pytest.mark.parametrize(
    ("key", "secret"),
    [
        ("agi_token", GOOD + "/"),
        ("agi_token", GOOD + "?x=1"),
        ("agi_token", GOOD + "\u00e9"),
        ("agi_token", GOOD * 10),
        ("ami_secret", GOOD + " x"),
        ("ami_secret", GOOD + ";x"),
        ("ami_secret", GOOD + "\\r\\nAction: x"),
    ],
)
def test_what_the_wire_gives_a_meaning_to_is_refused(tmp_path: Path, key: str, secret: str) -> None:
    put(tmp_path, f'{key} = "{secret}"\n')
    with pytest.raises(SettingsError, match="expected 16 to 128") as caught:
        load_secrets(tmp_path, {})
    assert GOOD not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("ami_secret = 12345678901234567890\n", "expected a text, in quotes"),
        (f'ami_secret = ["{GOOD}"]\n', "expected a text, in quotes"),
        (f'ami_secrt = "{GOOD}"\n', "did you mean ami_secret"),
        (f'ami_secret = "{GOOD}\n', "not TOML"),
    ],
)
def test_a_wrong_file_is_named_and_nothing_of_it_shown(tmp_path: Path, text: str, words: str) -> None:
    put(tmp_path, text)
    with pytest.raises(SettingsError, match=words) as caught:
        load_secrets(tmp_path, {})
    assert caught.value.where.line in (1, 2)
    assert GOOD not in str(caught.value)
    assert "1234567890" not in str(caught.value)
    assert caught.value.__context__ is None or GOOD not in repr(caught.value)


def test_a_wrong_variable_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        load_secrets(tmp_path, {"CALLWRIGHT_AGI_TOKEN": "ClueCon"})
    assert caught.value.where.key == "CALLWRIGHT_AGI_TOKEN"


def test_new_secrets_are_private_different_and_good(tmp_path: Path) -> None:
    path = tmp_path / "secrets.toml"
    write_secrets(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    found = load_secrets(tmp_path, {})
    assert found.ami_secret != found.agi_token
    assert len(found.ami_secret.get_secret_value()) == 43


def test_the_randomness_is_an_argument(tmp_path: Path) -> None:
    given = iter([GOOD, OTHER, GOOD[::-1], OTHER[::-1]])
    write_secrets(tmp_path / "secrets.toml", lambda: next(given))
    assert load_secrets(tmp_path, {}).agi_token.get_secret_value() == OTHER


def test_secrets_that_are_there_are_never_replaced(tmp_path: Path) -> None:
    put(tmp_path, f'ami_secret = "{GOOD}"\n')
    with pytest.raises(SettingsError, match="is there already"):
        write_secrets(tmp_path / "secrets.toml")
    assert load_secrets(tmp_path, {}).ami_secret.get_secret_value() == GOOD


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be written: No such file"):
        write_secrets(tmp_path / "none" / "secrets.toml")


def test_secrets_of_others_have_names(tmp_path: Path) -> None:
    put(tmp_path, '[named]\ncrm = "Basic dXNlcjpwYXNz"\ndesk_2 = "x"\n')
    found = load_secrets(tmp_path, {"CALLWRIGHT_SECRET_DESK_2": "from the environment"})
    assert {name: secret.get_secret_value() for name, secret in found.named.items()} == {
        "crm": "Basic dXNlcjpwYXNz",
        "desk_2": "from the environment",
    }
    assert "dXNl" not in repr(found)


@pytest.mark.parametrize(
    "secret", ["", "two\\nlines", " blank before", "blank after ", "\u00fcber", "x" * 1001, "changeme"]
)
def test_what_no_header_carries_is_refused_and_not_shown(tmp_path: Path, secret: str) -> None:
    put(tmp_path, f'[named]\ncrm = "{secret}"\n')
    with pytest.raises(SettingsError) as caught:
        load_secrets(tmp_path, {})
    assert caught.value.where.key == "named.crm"
    assert not secret or secret not in str(caught.value)


@pytest.mark.parametrize("name", ["CRM", "crm__key", "1crm", "crm-key"])
def test_a_name_that_no_variable_can_have_is_refused(tmp_path: Path, name: str) -> None:
    put(tmp_path, f'[named]\n{name} = "a good secret"\n')
    with pytest.raises(SettingsError):
        load_secrets(tmp_path, {})
