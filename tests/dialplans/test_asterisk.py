"""What is rendered is whole, refers to nothing that is missing, and evaluates nothing that a caller sent."""

from __future__ import annotations

import configparser
from dataclasses import replace
from pathlib import Path

import pytest

from calls.errors import SettingsError
from dialplans.asterisk import MODULES, Pbx, Phone, Trunk, render, render_whole
from dialplans.values import CallerId, Includes
from tests.dialplans.lint import faults, steps

CONTEXTS = {
    "in",
    "call",
    "dialled",
    "room",
    "resume",
    "agent",
    "agents",
    "code",
    "listen",
    "coach",
    "join",
    "tone",
    "whisper",
    "hear",
    "fallback",
}


def whole(base: Includes, **values: object) -> Pbx:
    """A whole configuration's values."""
    given: dict[str, object] = {
        "includes": replace(base, music=Path("/srv/music"), caller_id=CallerId.HEADER),
        "folder": Path("/srv/pbx"),
        "modules": Path("/usr/lib/asterisk/modules"),
        "data": Path("/usr/share/asterisk"),
        "name": "pbx",
        "sip_port": 5060,
        "ami_port": 5038,
        "rtp_first": 20000,
        "rtp_last": 20999,
        "trunks": (Trunk("carrier", "127.0.0.1", 5070),),
        "phones": (Phone("agent1", "127.0.0.1", 5080), Phone("agent2", password="a-long-password-0001")),
    }
    return Pbx(**(given | values))  # type: ignore[arg-type]


def sections(text: str) -> list[tuple[str, dict[str, str]]]:
    """Sections and their keys, in order; names may come twice (PJSIP)."""
    found: list[tuple[str, dict[str, str]]] = []
    for line in text.splitlines():
        if line.startswith("["):
            found.append((line[1 : line.index("]")], {}))
        elif "=" in line and not line.startswith(";"):
            key, _, value = line.partition("=")
            found[-1][1][key.strip()] = value.lstrip(">").strip()
    return found


@pytest.mark.parametrize("caller_id", CallerId)
@pytest.mark.parametrize("prefix", ["callwright", "other"])
def test_the_dialplan_has_no_fault(includes: Includes, caller_id: CallerId, prefix: str) -> None:
    text = render(replace(includes, caller_id=caller_id, prefix=prefix))[f"extensions_{prefix}.conf"]
    assert faults(text) == []
    assert {step.context for step in steps(text)} == {f"{prefix}-{name}" for name in CONTEXTS}


def test_a_fallback_goes_where_the_administrator_says(includes: Includes) -> None:
    text = render(replace(includes, fallback="ext-queues,400,1"))["extensions_callwright.conf"]
    spoken = [step.data for step in steps(text) if step.label == "spoken"]
    assert spoken == ['$["${CW_PHONE}" = ""]?ext-queues,400,1'], "but for an agent who dialled a code"
    assert faults(text) == ["callwright-fallback,s,8: no place ext-queues,400,1"], "it is the administrator's"


BROKEN = {
    "a label that is gone": ("same => n(done),Hangup()", "same => n,Hangup()"),
    "a context that is gone": ("[callwright-fallback]", "[callwright-failback]"),
    "a bracket too few": ("same => n,Wait(1)", "same => n,Wait(${A)"),
    "a bracket too many": ("same => n,Wait(1)", "same => n,Wait(1))"),
    "a name as it stands": ("same => n,Wait(1)", "same => n,NoOp(${CALLERID(name)})"),
    "a number in an expression": ("same => n,Wait(1)", "same => n,GotoIf($[${CALLERID(num)} > 1]?request)"),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_the_linter_finds(includes: Includes, fault: str) -> None:
    good, bad = BROKEN[fault]
    text = render(includes)["extensions_callwright.conf"]
    assert good in text
    assert faults(text.replace(good, bad)) != []


def test_every_request_carries_the_token_and_the_contract_s_arguments(includes: Includes) -> None:
    text = render(includes)["extensions_callwright.conf"]
    requests = {step.data for step in steps(text) if step.application == "AGI"}
    start, token = "agi://127.0.0.1:4573/", "?token=a-token-of-the-install"
    assert requests == {
        f"{start}alive{token}",
        f"{start}inbound{token}",
        f"{start}agents{token},${{CW_PHONE}}",
        f"{start}dialled{token},${{CW_CALL}},${{AMDSTATUS}},${{AMDCAUSE}}",
        f"{start}resume{token},${{CW_CALL}},${{CW_TALK}}",
    }


def test_every_context_that_asks_the_engine_ends_in_the_fallback(includes: Includes) -> None:
    found = list(steps(render(includes)["extensions_callwright.conf"]))
    asking = {step.context for step in found if step.application == "AGI"}
    timed_out = {step.context for step in found if step.exten == "T" and step.data == "callwright-fallback,s,1"}
    failed = {step.context for step in found if step.data.endswith("?callwright-fallback,s,1")}
    contexts = {"callwright-call", "callwright-dialled", "callwright-resume", "callwright-code"}
    assert asking == timed_out == failed == contexts


def test_a_leg_that_hears_a_caller_is_bounded_and_hears_one_side_of_one_channel(includes: Includes) -> None:
    text = render(replace(includes, hear_limit_s=25))["extensions_callwright.conf"]
    hearing = [(step.application, step.data) for step in steps(text) if step.context == "callwright-hear"]
    assert hearing[0] == ("Set", "TIMEOUT(absolute)=25")
    assert ("Set", "CW_HEARS=${FILTER(0-9A-Za-z_.\\-,${CW_HEARS})}") in hearing
    assert ("ChanSpy", "${CW_HEARS},qluoES") in hearing
    assert hearing[-1] == ("Hangup", "")


def test_audio_socket_is_loaded_where_there_is_it(includes: Includes) -> None:
    for has_it in (False, True):
        modules = render_whole(whole(includes, audio_socket=has_it))["modules.conf"]
        assert ("chan_audiosocket.so" in modules) is has_it
        assert "load = chan_rtp.so" in modules and "load = app_senddtmf.so" in modules


def test_only_numbers_are_called(includes: Includes) -> None:
    """A pattern with "." or "!" in the first context would let a name with line ends become a channel."""
    called = [
        step.exten for step in steps(render(includes)["extensions_callwright.conf"]) if step.context.endswith("-in")
    ]
    assert len(called) == 30
    assert {pattern.strip("_+").replace("X", "") for pattern in called} == {""}


def test_no_pattern_takes_a_special_extension(includes: Includes) -> None:
    """ "h" after a hang-up, "T" and "i" must not enter a room: its patterns ask for two characters."""
    for step in steps(render(includes)["extensions_callwright.conf"]):
        if step.context.endswith(("-room", "-agent")):
            assert step.exten == "_[0-9A-Za-z_]."


def test_the_account_is_least_privilege(includes: Includes) -> None:
    values = replace(includes, ami_permit=("10.1.2.0/24", "127.0.0.1/32"))
    text = render(values)["manager_callwright.conf"]
    ((name, account),) = sections(text)
    assert name == "callwright"
    assert account["read"] == "call,cdr,user"
    assert account["write"] == "originate,call,reporting"
    assert account["deny"] == "0.0.0.0/0.0.0.0"
    assert account["writetimeout"] == "5000"
    assert "permit = 10.1.2.0/255.255.255.0\npermit = 127.0.0.1/255.255.255.255\n" in text
    assert text.index("deny =") < text.index("permit ="), "the last rule that matches counts"


def test_music_is_a_class_of_its_own_and_only_if_given(includes: Includes) -> None:
    assert "musiconhold_callwright.conf" not in render(includes)
    text = render(replace(includes, music=Path("/srv/music")))["musiconhold_callwright.conf"]
    assert sections(text) == [("callwright", {"mode": "files", "directory": "/srv/music"})]


def test_the_rooms_mark_the_agent_and_let_the_customer_go(includes: Includes) -> None:
    profiles = dict(sections(render(includes)["confbridge_callwright.conf"]))
    assert profiles["callwright_agent"]["marked"] == "yes"
    assert profiles["callwright_customer"]["end_marked"] == "yes"
    assert {profiles[f"callwright_{who}"]["quiet"] for who in ("agent", "customer")} == {"yes"}


def test_the_whole_configuration_includes_what_it_renders(includes: Includes) -> None:
    files = render_whole(whole(includes))
    wanted = {line.split()[1] for text in files.values() for line in text.splitlines() if line.startswith("#include")}
    assert wanted == {f"{name}_callwright.conf" for name in ("extensions", "manager", "confbridge", "musiconhold")}
    assert wanted <= set(files)
    for name in set(files) - wanted:
        assert "{{" not in files[name] and "{%" not in files[name]


def test_the_whole_configuration_s_dialplan_has_no_fault(includes: Includes) -> None:
    files = render_whole(whole(includes))
    text = files["extensions.conf"].replace(
        "#include extensions_callwright.conf", files["extensions_callwright.conf"]
    )
    assert faults(text) == []
    contexts = {step.context for step in steps(text)}
    used = {keys["context"] for _, keys in sections(files["pjsip.conf"]) if "context" in keys}
    assert used - contexts == {"callwright-phones"}, "agents' phones call nobody: their context is empty"
    assert "[callwright-phones]" in text


def test_endpoints_refer_to_what_is_there(includes: Includes) -> None:
    found = sections(render_whole(whole(includes))["pjsip.conf"])
    kinds = {(name, keys["type"]) for name, keys in found if "type" in keys}
    for name, keys in found:
        for key in ("aors", "auth"):
            if key in keys:
                assert (keys[key], key.rstrip("s")) in kinds, name
    assert [keys.get("contact") for name, keys in found if name == "carrier"] == [None, "sip:127.0.0.1:5070"]


def test_what_may_not_be_loaded_is_not(includes: Includes) -> None:
    text = render_whole(whole(includes))["modules.conf"]
    assert "autoload = no" in text
    loaded = {line.split()[2].removesuffix(".so") for line in text.splitlines() if line.startswith("load =")}
    assert loaded == set(MODULES)
    forbidden = {"func_env", "func_shell", "app_system", "res_pjsip_caller_id", "res_pjsip_diversion", "pbx_spool"}
    assert not loaded & (forbidden | {"res_pjsip_refer", "app_originate", "func_db", "res_monitor", "res_ari"})


def test_plain_files_are_read_by_a_strict_reader_too(includes: Includes) -> None:
    files = render_whole(whole(includes))
    for name in ("asterisk.conf", "rtp.conf", "cdr.conf", "logger.conf", "amd.conf"):
        reader = configparser.RawConfigParser(strict=True, comment_prefixes=(";",), delimiters=("=>", "="))
        reader.read_string(files[name])
        assert reader.sections(), name


def test_silence_is_sent_unless_nobody_waits_for_it(includes: Includes) -> None:
    assert "transmit_silence = yes" in render_whole(whole(includes))["asterisk.conf"]
    assert "transmit_silence = no" in render_whole(whole(includes, transmit_silence=False))["asterisk.conf"]


@pytest.mark.parametrize("names", [("carrier", "carrier"), ("carrier", "callers"), ("carrier", "udp")])
def test_a_name_that_is_taken_is_refused(includes: Includes, names: tuple[str, str]) -> None:
    with pytest.raises(SettingsError, match="phones"):
        whole(includes, trunks=(Trunk(names[0], "127.0.0.1", 1),), phones=(Phone(names[1], "127.0.0.1"),))


def test_a_switch_of_our_own_has_music(includes: Includes) -> None:
    with pytest.raises(SettingsError, match="music"):
        whole(includes, includes=includes)
