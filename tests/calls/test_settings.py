"""Settings: every fault is named with file, line, key, what was expected; nothing is guessed."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import pytest

from calls.errors import SettingsError
from calls.secrets import write_secrets
from calls.settings import Settings, load, require_named_secrets

GOOD = """\
flows = "menus"

[engine]
database = "data/calls.db"
http_port = 8090
settle_s = 0.5

[switch]
kind = "asterisk"

[asterisk]
agi_allow = ["127.0.0.0/8", "::1/128"]

[[trunks]]
name = "carrier"
dial = "PJSIP/{number}@carrier"
lines = 30
calls_per_second = 5

[[queues]]
name = "sales"

[[agents]]
id = "ann"
name = "Ann Example"
endpoint = "PJSIP/agent1"
mode = "nailed_up"
queues = [
    "sales",
]

[[inbound]]
called = "*"
flow = "main"

[[destinations]]
name = "desk"
dial = "PJSIP/desk@office"

[prompts]
languages = ["en", "de"]
voices = { de = "german" }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_secrets(tmp_path / "secrets.toml")
    return tmp_path


def loaded(folder: Path, text: str = GOOD, env: dict[str, str] | None = None) -> Settings:
    (folder / "callwright.toml").write_text(text, encoding="utf-8")
    return load(folder / "callwright.toml", env or {})


def fault(folder: Path, text: str, env: dict[str, str] | None = None) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        loaded(folder, text, env)
    return caught.value


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


# --- what lies outside ------------------------------------------------------------------------------------------

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
