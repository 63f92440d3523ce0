"""FreeSWITCH's part of the dialplan: what it says, that it is XML, and its way into a configuration and out again."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from calls.errors import SettingsError, UserError
from dialplans import callcenter, install
from dialplans.callcenter import FallbackAgent, FallbackQueue
from dialplans.freeswitch import FreeSwitchIncludes, render

VALUES = FreeSwitchIncludes(
    token="a-token-that-nobody-knows", password="a-password-that-nobody-knows", sorry=Path("/var/lib/cw/sorry.ulaw")
)
DIALPLAN = "dialplan/callwright.xml"
SOCKET = "autoload_configs/event_socket.conf.xml"


def extension(name: str, values: FreeSwitchIncludes = VALUES) -> list[tuple[str, str]]:
    """The actions of one extension, in order."""
    root = ElementTree.fromstring(render(values)[DIALPLAN])
    (found,) = (each for each in root.iter("extension") if each.get("name") == name)
    return [(each.get("application", ""), each.get("data", "")) for each in found.iter("action")]


@pytest.mark.parametrize("name", ["cw-in", "cw-dialled", "cw-agents", "cw-back"])
def test_whoever_the_engine_does_not_serve_hears_something_and_the_call_ends(name: str) -> None:
    actions = extension(name)
    at = actions.index(("socket", "127.0.0.1:8084 async full"))
    assert ("set", f"cw_token={VALUES.token}") in actions[:at]
    behind = actions[at + 1 :]
    assert behind == [
        ("set", "cw_watched=${sched_del(cw-${uuid})}"),
        ("unset", "transfer_after_bridge"),
        ("answer", ""),
        ("playback", str(VALUES.sorry)),
        ("hangup", "NORMAL_TEMPORARY_FAILURE"),
    ]


@pytest.mark.parametrize("name", ["cw-in", "cw-dialled", "cw-agents"])
def test_a_connection_that_is_accepted_and_silent_ends(name: str) -> None:
    actions = extension(name)
    assert ("set", "socket_resume=true") in actions
    assert ("sched_hangup", "+14400 ALLOTTED_TIMEOUT") in actions


def test_a_customer_who_comes_back_is_led_on_only_once_the_engine_says_so() -> None:
    assert not [data for _, data in extension("cw-back") if data.startswith("socket_resume")]


def test_the_fallback_leads_where_it_is_said() -> None:
    values = dataclasses.replace(VALUES, fallback="200 XML default")
    assert extension("cw-in", values)[-1] == ("transfer", "200 XML default")


@pytest.mark.parametrize(("name", "limit"), [("cw-agent", "57600"), ("cw-outside", "${cw_limit_s}")])
def test_a_leg_that_waits_is_ended_in_time_though_the_engine_is_gone(name: str, limit: str) -> None:
    actions = extension(name)
    assert ("sched_hangup", f"+{limit} ALLOTTED_TIMEOUT") in actions[:-1]
    assert actions[-1] == ("park", "")


QUEUE = FallbackQueue("sales", (FallbackAgent("anna", "user/anna", 10), FallbackAgent("ben", "user/ben", 5)), 300)
WAITING = dataclasses.replace(VALUES, queue=QUEUE)


@pytest.mark.parametrize("name", ["cw-in", "cw-back", "cw-lost"])
def test_callers_wait_in_freeswitchs_own_queue_while_the_engine_is_away(name: str) -> None:
    """Neither the watchdog nor the talk that they had may take them out of it."""
    assert extension(name, WAITING)[-6:] == [
        ("set", "cw_watched=${sched_del(cw-${uuid})}"),
        ("unset", "transfer_after_bridge"),
        ("answer", ""),
        ("playback", str(VALUES.sorry)),
        ("callcenter", "sales@callwright"),
        ("transfer", "cw-waited XML callwright"),
    ]


@pytest.mark.parametrize("name", ["cw-dialled", "cw-agents"])
def test_who_was_dialled_and_an_agents_code_wait_in_no_queue(name: str) -> None:
    assert extension(name, WAITING)[-1] == ("hangup", "NORMAL_TEMPORARY_FAILURE")


def test_who_was_served_by_the_fallback_queue_hears_no_sorry() -> None:
    assert extension("cw-served", WAITING) == [("hangup", "NORMAL_CLEARING")]
    assert extension("cw-unserved", WAITING)[0] == ("playback", str(VALUES.sorry))
    names = [each.get("name") for each in ElementTree.fromstring(render(WAITING)[DIALPLAN]).iter("extension")]
    assert names.index("cw-served") < names.index("cw-unserved")


def test_the_fallback_queue_has_the_agents_who_are_on_the_hook() -> None:
    root = ElementTree.fromstring(render(WAITING)[callcenter.FILE])
    (queue,) = root.iter("queue")
    assert queue.get("name") == "sales@callwright"
    assert {each.get("name"): each.get("value") for each in queue}["max-wait-time"] == "300"
    assert [(each.get("name"), each.get("contact")) for each in root.iter("agent")] == [
        ("anna@callwright", "[leg_timeout=20]user/anna"),
        ("ben@callwright", "[leg_timeout=20]user/ben"),
    ]
    assert {each.get("queue") for each in root.iter("tier")} == {"sales@callwright"}
    assert callcenter.FILE not in render(VALUES)


@pytest.mark.parametrize(
    "made",
    [
        lambda: FallbackAgent('a"b', "user/a", 10),
        lambda: FallbackAgent("anna", "[x=y]user/a", 10),
        lambda: FallbackAgent("anna", "user/a,user/b", 10),
        lambda: FallbackAgent("anna", "user/a", -1),
        lambda: FallbackQueue("sales@x", (), 300),
        lambda: FallbackQueue("sales", (), 0),
        lambda: FallbackQueue("sales", (), 300, music="a/b"),
    ],
)
def test_a_fallback_queue_that_could_mean_more_is_refused(made: Callable[[], object]) -> None:
    with pytest.raises(SettingsError):
        made()


def test_callers_reach_no_place_of_legs() -> None:
    root = ElementTree.fromstring(render(VALUES)[DIALPLAN])
    for name in ("cw-agent", "cw-outside", "cw-dialled"):
        (found,) = (each for each in root.iter("extension") if each.get("name") == name)
        first = next(found.iter("condition"))
        assert (first.get("field"), first.get("expression")) == ("${direction}", "^outbound$")


def test_the_event_socket_is_on_loopback_behind_a_list_and_a_password() -> None:
    root = ElementTree.fromstring(render(VALUES)[SOCKET])
    found = {each.get("name"): each.get("value") for each in root.iter("param")}
    assert found["listen-ip"] == "127.0.0.1"
    assert found["apply-inbound-acl"] == "loopback.auto"
    assert found["password"] == VALUES.password


@pytest.mark.parametrize(
    "change",
    [
        {"token": "short"},
        {"password": 'x" value="0123456789'},
        {"sorry": Path("/a/${b}.wav")},
        {"fallback": "200 XML default\n<evil/>"},
        {"fallback": "200,default,1"},
        {"host": "engine.example"},
        {"esl_port": 0},
        {"acl": "a b"},
        {"codes": "*9|"},
    ],
)
def test_values_that_could_mean_more_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(SettingsError):
        dataclasses.replace(VALUES, **change)  # type: ignore[arg-type]


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    """A configuration folder as FreeSWITCH's vanilla one is laid out."""
    (tmp_path / "dialplan").mkdir()
    (tmp_path / "autoload_configs").mkdir()
    (tmp_path / "freeswitch.xml").write_text(
        '<X-PRE-PROCESS cmd="include" data="autoload_configs/*.xml"/>\n'
        '<X-PRE-PROCESS cmd="include" data="dialplan/*.xml"/>\n'
    )
    (tmp_path / SOCKET).write_text('<param name="password" value="ClueCon"/>\n')
    return tmp_path


def test_it_is_installed_shown_without_secrets_and_taken_out_byte_for_byte(etc: Path) -> None:
    before = (etc / SOCKET).read_bytes()
    todo = install.plan_freeswitch(etc, render(VALUES))
    assert "cw-back" in todo.difference
    for secret in (VALUES.token, VALUES.password, "ClueCon"):
        assert secret not in todo.difference
    install.apply(todo)
    assert VALUES.token in (etc / DIALPLAN).read_text()
    assert (etc / DIALPLAN).stat().st_mode & 0o007 == 0
    assert install.plan_freeswitch(etc, render(VALUES)).changes == ()
    install.uninstall(install.plan_uninstall(etc))
    assert (etc / SOCKET).read_bytes() == before
    assert not (etc / DIALPLAN).exists()


def test_queues_of_an_administrators_own_are_not_taken_away(etc: Path) -> None:
    path = etc / callcenter.FILE
    path.write_text('<queue name="support@default"/><!-- <queue name="old@default"/> -->')
    files = render(WAITING)
    install.apply(install.plan_freeswitch(etc, files))
    assert install.plan_freeswitch(etc, files).changes == ()
    install.uninstall(install.plan_uninstall(etc))
    path.write_text('<queue name="support@default"/><queue name="doctors@default"/>')
    with pytest.raises(UserError, match="doctors@default"):
        install.plan_freeswitch(etc, files)


def test_a_folder_that_includes_no_such_files_is_left_alone(etc: Path) -> None:
    (etc / "freeswitch.xml").write_text("<document/>")
    with pytest.raises(UserError, match="install by hand"):
        install.plan_freeswitch(etc, render(VALUES))
    (etc / "freeswitch.xml").unlink()
    with pytest.raises(UserError, match=r"freeswitch\.xml"):
        install.plan_freeswitch(etc, render(VALUES))
