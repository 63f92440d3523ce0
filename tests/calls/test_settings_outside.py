"""What the settings say of what lies outside: hosts, look-ups, gateways, numbers, recognition; and their faults."""

from __future__ import annotations

from pathlib import Path

import pytest

from calls.errors import SettingsError
from calls.settings import require_named_secrets
from tests.calls.settings_file import GOOD, fault, loaded

HOOK = '[[webhooks]]\nname = "crm"\nurl = "https://crm.example/hook"\n'


def test_a_webhook_has_its_defaults(folder: Path) -> None:
    (hook,) = loaded(folder, HOOK).webhooks
    assert (hook.timeout_s, hook.give_up_after_s, hook.insecure, hook.allow_private) == (
        10.0,
        259_200.0,
        False,
        False,
    )


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("ftp://crm.example/", "expected an address such as"),
        ("https:///hook", "expected an address such as"),
        ("https://me:pw@crm.example/", "without a user"),
        ("https://crm.example/#x", "without a user, a fragment"),
        ("https://crm.example/a b", "blanks"),
        ("https://crm.example:70000/", "expected an address such as"),
        ("https://crm_1.example/", "expected an address such as"),
        ("http://crm.example/", "expected https, or insecure = true"),
        ("http://10.0.0.1/", "expected https, or insecure = true"),
    ],
)
def test_an_address_that_is_none_or_is_open_to_all_is_refused(folder: Path, url: str, words: str) -> None:
    problem = fault(folder, HOOK.replace("https://crm.example/hook", url))
    assert (problem.where.line, problem.where.key) == (3, "webhooks[0].url")
    assert words in problem.problem


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/x", "http://localhost/x", "http://[::1]/x", "https://[fd00::1]/"]
)
def test_this_machine_may_be_asked_in_the_open(folder: Path, url: str) -> None:
    assert loaded(folder, HOOK.replace("https://crm.example/hook", url)).webhooks[0].url == url


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ('headers = {Host = "x"}', "Host is written by Callwright itself"),
        ('headers = {Authorization = "x"}', "a token is given as bearer"),
        ('headers = {"X-A" = "a\\nb"}', "headers and values"),
        ('headers = {"X-A" = "1"}\nsecret_headers = {"x-a" = "crm"}', "stands in headers too"),
        ('bearer = "A B"', "the name of a secret"),
        ('networks = ["10.0.0.0/33"]', "a list of networks"),
        ("timeout_s = 61", "at most 60"),
    ],
)
def test_what_a_request_cannot_have_is_refused(folder: Path, line: str, words: str) -> None:
    assert words in str(fault(folder, f"{HOOK}{line}\n"))


def test_a_name_stands_once(folder: Path) -> None:
    assert "crm is there already" in str(fault(folder, HOOK + HOOK))


def test_secrets_that_are_named_must_be_there_for_who_uses_them(folder: Path) -> None:
    text = f'{HOOK}secret = "crm_key"\nbearer = "crm_token"\nsecret_headers = {{X-Key = "crm_key"}}\n'
    found = loaded(folder, text, {"CALLWRIGHT_SECRET_CRM_KEY": "what-they-gave-us"})
    assert found.secrets.named["crm_key"].get_secret_value() == "what-they-gave-us"
    with pytest.raises(SettingsError, match=r"no secret is named crm_token: .*CALLWRIGHT_SECRET_CRM_TOKEN"):
        require_named_secrets(found)
    both = {"CALLWRIGHT_SECRET_CRM_KEY": "a-key", "CALLWRIGHT_SECRET_CRM_TOKEN": "a-token"}
    require_named_secrets(loaded(folder, text, both))


LOOKUP = '[[lookups]]\nname = "orders"\nurl = "https://shop.example/o/{order}?x={x}"\n'
TABLE = """\
[[lookups]]
name = "items"
database = "data/shop.db"
sql = "SELECT a FROM t WHERE b = :code AND c = ':no'"
"""


def test_a_look_up_knows_its_places(folder: Path) -> None:
    orders, items = loaded(folder, LOOKUP + TABLE).lookups
    assert orders.parameters == frozenset({"order", "x"})
    assert (items.parameters, items.database) == (frozenset({"code"}), folder / "data/shop.db")
    assert loaded(folder, f'{LOOKUP}method = "POST"\n').lookups[0].parameters is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (LOOKUP.replace("shop.example", "{host}"), "never in the host"),
        (LOOKUP.replace("shop.example", "shop.{tld}"), "never in the host"),
        (LOOKUP.replace("shop.example", "shop.example:{port}"), "expected an address such as"),
        (LOOKUP.replace("{order}", "{Order}"), "expected places such as"),
        (LOOKUP.replace("{order}", "{order"), "expected places such as"),
        (LOOKUP.replace("https", "http"), "insecure = true"),
        (LOOKUP + 'database = "x.db"\n', "and not both"),
        ('[[lookups]]\nname = "orders"\n', "expected url, or database and sql"),
        (TABLE.replace("sql =", "# sql ="), "expected sql as well"),
        (LOOKUP + 'sql = "SELECT 1"\n', "belongs to a database"),
        (TABLE.replace("SELECT a", "DELETE"), "expected one SELECT"),
        (TABLE.replace("SELECT a", "SELECT 1; SELECT a"), "expected one SELECT"),
        (LOOKUP + LOOKUP, "orders is there already"),
    ],
)
def test_a_look_up_that_asks_nothing_or_too_much_is_refused(folder: Path, text: str, words: str) -> None:
    assert words in str(fault(folder, text))


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        ('countries = ["DE"]', "transfer.countries", "need a trunk"),
        ('trunk = "nowhere"', "transfer.trunk", "there are carrier"),
        ('trunks = ["carrier", "nowhere"]', "transfer.trunks[1]", "there are carrier"),
        ('trunks = ["carrier", "carrier"]', "transfer.trunks[1]", "named twice"),
        ('trunk = "carrier"\ntrunks = ["carrier"]', "transfer.trunks", "not both"),
        ('hours = {mon-fry = "09:00-17:00"}', "transfer.hours", "mon-fry"),
        ('zone = "Mars/Olympus"', "transfer.hours", "Mars"),
        ('countries = ["Germany"]', "transfer.countries", "DE"),
    ],
)
def test_transfers_to_numbers_need_rules_that_hold(folder: Path, text: str, key: str, words: str) -> None:
    wrong = fault(folder, GOOD + f"\n[transfer]\n{text}\n")
    assert key in str(wrong) and words in str(wrong)


def test_a_destination_leads_over_a_trunk_of_its_switch(folder: Path) -> None:
    boss = '[[destinations]]\nname = "boss"\ndial = "PJSIP/55@carrier"\ntrunk = '
    assert loaded(folder, f'{GOOD}\n{boss}"carrier"\n').destinations[-1].trunk == "carrier"
    text = f'{GOOD}\n{boss}"nowhere"\n'
    wrong = fault(folder, text)
    assert "destinations[1].trunk" in str(wrong) and "there are carrier" in str(wrong)
    line = next(number for number, each in enumerate(text.splitlines(), 1) if "nowhere" in each)
    assert wrong.where is not None and wrong.where.line == line


REASON = '[[pause_reasons]]\nid = "a"\nlabel = "A"\nkey = "1"\n'


GATEWAY = '[[payment_gateways]]\nname = "cards"\nurl = "https://pay.example/charges"\ncurrency = "EUR"\n'


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        (REASON + REASON.replace('"a"', '"b"'), "pause_reasons[1].key", "1 is the key of a"),
        ('[[pause_reasons]]\nid = "a"\nlabel = "A"\nkey = "12"\n', "pause_reasons[0].key", "one key"),
        ('[feature_codes]\nprefix = "9a"\n', "feature_codes.prefix", "every code begins with"),
        ('[feature_codes]\nauthenticator = "x"\n', "feature_codes.authenticator", "no authenticator is named x"),
        ('[feature_codes]\ntransfers = {1 = "queue x"}\n', "feature_codes.transfers.1", "there is no queue x"),
        ('[feature_codes]\ntransfers = {1 = "+49"}\n', "feature_codes.transfers", "one to three digits"),
        ('[feature_codes]\ntransfers = {a = "queue x"}\n', "feature_codes.transfers", "one to three digits"),
        ('[feature_codes]\nlanguage = "fr"\n', "feature_codes.language", "no prompts are in fr"),
    ],
)
def test_codes_and_pauses_that_cannot_be_are_refused(folder: Path, text: str, key: str, words: str) -> None:
    wrong = fault(folder, f"{GOOD}\n{text}")
    assert key in str(wrong) and words in str(wrong)


def test_a_gateway_has_its_defaults(folder: Path) -> None:
    (gateway,) = loaded(folder, GATEWAY).payment_gateways
    assert (gateway.currency, gateway.deadline_s) == ("EUR", 20.0)
    assert loaded(folder, GATEWAY.replace("https://pay.example", "http://127.0.0.1:9")).payment_gateways


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GATEWAY.replace("https", "http"), "expected https"),
        (f"{GATEWAY}insecure = true\n", "never sent without TLS"),
        (GATEWAY.replace("https", "http") + "insecure = true\n", "never sent without TLS"),
        (GATEWAY.replace("EUR", "Euro"), "a currency such as"),
        (GATEWAY + GATEWAY, "cards is there already"),
    ],
)
def test_a_gateway_that_cards_must_not_be_sent_to_is_refused(folder: Path, text: str, words: str) -> None:
    assert words in str(fault(folder, text))


MODEL = '[[speech.models]]\nlanguage = "de"\nfolder = "models/de"\n'


def test_speech_serves_english_where_nothing_is_said_of_it(folder: Path) -> None:
    speech = loaded(folder).speech
    assert (speech.workers, speech.models) == (1, ())
    assert [(model.language, model.engine, model.folder) for model in speech.served] == [("en", "pocketsphinx", None)]


def test_a_model_of_ones_own_takes_the_place_of_the_bundled_one(folder: Path) -> None:
    speech = loaded(folder, GOOD + "[speech]\nworkers = 2\n" + MODEL.replace('"de"\n', '"en"\n')).speech
    assert speech.workers == 2
    assert [(model.language, model.engine, model.folder) for model in speech.served] == [
        ("en", "vosk", folder / "models/de")
    ]


def test_another_language_stands_beside_the_bundled_model(folder: Path) -> None:
    served = loaded(folder, GOOD + MODEL).speech.served
    assert [(model.language, model.engine) for model in served] == [("de", "vosk"), ("en", "pocketsphinx")]


@pytest.mark.parametrize(
    ("added", "key", "words"),
    [
        ("[speech]\nworkers = 0\n", "speech.workers", "a number of processes, 1 to 64"),
        ("[speech]\nwork = 1\n", "speech.work", "unknown key"),
        (MODEL + MODEL, "speech.models[1].language", "de has a model already"),
        ('[[speech.models]]\nlanguage = "de"\n', "speech.models[0]", "expected the folder"),
        ('[[speech.models]]\nlanguage = "German"\n', "speech.models[0].language", 'a language such as "en"'),
        ('[[speech.models]]\nlanguage = "de"\nengine = "a b"\n', "speech.models[0].engine", "a name of 1 to 64"),
        ('[[speech.models]]\nlanguage = "de"\nfolder = 1\n', "speech.models[0].folder", "a path, in quotes"),
    ],
)
def test_what_is_wrong_with_speech_is_named(folder: Path, added: str, key: str, words: str) -> None:
    found = fault(folder, GOOD + added)
    assert (found.where.key, words in found.problem) == (key, True), str(found)


def test_the_number_of_processes_that_listen_comes_from_the_environment_too(folder: Path) -> None:
    assert loaded(folder, env={"CALLWRIGHT_SPEECH__WORKERS": "3"}).speech.workers == 3
