"""Flows that change while calls are up: new calls take the new, running ones keep theirs, bad ones change nothing."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest

from calls.errors import CallwrightError, FlowError, RecordError
from calls.ids import AgentId, FlowId
from calls.records import flow_versions
from calls.records.flow_versions import FlowVersion, version_of
from calls.switch.loopback.callers import HangUp, Hear, Press, Wait
from console.publishing import Change
from ivr.check import Draft, Known, load
from prompts.library import PromptLibrary
from prompts.rendering import render_all
from tests.console.held_time import held
from tests.console.world import FLOW, World, agent, world_in
from tests.prompts.conftest import FakeSynthesizer

OTHER = FLOW.replace('"1": hours', '"1": survey')
"""Key 1 leads elsewhere."""
THIRD = FLOW.replace("first_key: 2s", "first_key: 3s")


def render(world: World, *more: str) -> None:
    """Render every prompt of the flow, and what a test says besides."""
    keys = set(load(world.folder / "main.yaml", Known()).prompts()) | {*more, "system.sorry"}
    prompts = world.settings.prompts
    prompts.texts.mkdir(exist_ok=True)
    (prompts.texts / "en.yaml").write_text("".join(f"{key}: Hm.\n" for key in sorted(keys)), encoding="utf-8")
    render_all(PromptLibrary(prompts), FakeSynthesizer())


def text(world: World, source: str | bytes, name: str = "main.yaml") -> Draft:
    """As a person publishes it, from a folder of their own."""
    return Draft(Path("/home/eve") / name, source if isinstance(source, bytes) else source.encode())


def history(world: World) -> list[FlowVersion]:
    """What is kept of the flow, the oldest first."""
    with sqlite3.connect(f"file:{world.settings.engine.database}?mode=ro", uri=True) as connection:
        found = flow_versions.history(connection, "main")
    connection.close()
    return found[::-1]


def kept(world: World) -> list[tuple[str, str, str]]:
    return [(each.version, each.how.value, each.who) for each in history(world)]


def on_disk(world: World) -> str:
    return (world.folder / "main.yaml").read_text(encoding="utf-8")


def write(world: World, text: str | bytes) -> None:
    """Edit the file in the folder."""
    (world.folder / "main.yaml").write_bytes(text if isinstance(text, bytes) else text.encode())


def files(world: World) -> list[Path]:
    return sorted(world.folder.iterdir())


def versions(*texts: str) -> list[str]:
    return [version_of(each.encode()) for each in texts]


@held
async def test_new_calls_take_the_new_text_and_running_calls_keep_theirs(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        render(world)
        old = world.call(Hear("main.menu"), Wait(1.0), Press("1"))
        await world.until(lambda: len(world.engine.books.open_calls) == 1)
        done = await world.engine.flows.publish([text(world, OTHER)], "eve", "a better one")
        v_old, v_new = versions(FLOW, OTHER)
        assert done.said == f"flow main: version {v_new} takes new calls; 1 under way keep theirs"
        new = world.call(Hear("main.menu"), Wait(1.0), Press("1"))
        await old.over()
        await new.over()
        await world.settled()
        by_id = {record.call_id: record for record in world.records()}
        assert [by_id[call.info.call_id].flow_version for call in (old, new)] == [v_old, v_new]
        nodes = [
            [each.detail["node"] for each in world.events(call.info.call_id) if each.kind == "node_entered"]
            for call in (old, new)
        ]
        assert nodes == [["menu", "hours", "bye"], ["menu", "survey", "bye"]]
        assert on_disk(world) == OTHER
        assert kept(world) == [(v_old, "start", "engine"), (v_new, "publish", "eve")]
        audit = world.rows("SELECT who, what, json_extract(detail, '$.version'), json_extract(detail, '$.was'),"
                           " json_extract(detail, '$.note') FROM audit ORDER BY audit_id")  # fmt: skip
        assert audit == [
            ("engine", "flow.start", v_old, None, ""),
            ("eve", "flow.publish", v_new, v_old, "a better one"),
        ]


async def refused(world: World, *texts: Draft) -> str:
    with pytest.raises(FlowError) as problem:
        await world.engine.flows.publish(texts, "eve", "")
    return str(problem.value)


@held
async def test_a_bad_text_changes_nothing_and_touches_no_call(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        render(world)
        before = files(world), kept(world)
        old = world.call(Hear("main.menu"), Wait(1.0), Press("1"))
        await world.until(lambda: len(world.engine.books.open_calls) == 1)
        bad = FLOW.replace("queue: sales, failed", "queue: slaes, failed")
        assert await refused(world, text(world, bad)) == (
            '/home/eve/main.yaml:9: nodes.twice.queue: there is no queue "slaes" in the settings;'
            ' did you mean "sales"?'
        )
        assert "/home/eve/main.yaml:1: is not UTF-8" in await refused(world, text(world, b"\xff"))
        assert "/home/eve/main.yaml:1" in await refused(world, text(world, b""))
        assert "letters, digits, _ and -" in await refused(world, text(world, OTHER, "ma in.yaml"))
        assert "given twice" in await refused(world, text(world, OTHER), text(world, FLOW))
        assert "slaes" in await refused(world, text(world, OTHER), text(world, bad, "second.yaml")), "all or none"
        assert world.engine.flows[FlowId("main")].version == versions(FLOW)[0]
        new = world.call(Hear("main.menu"), Press("1"))
        await old.over()
        await new.over()
        await world.settled()
        assert {record.flow_version for record in world.records()} == set(versions(FLOW))
        assert (files(world), kept(world)) == before and on_disk(world) == FLOW


@held
async def test_a_prompt_that_is_not_rendered_keeps_a_flow_out(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        render(world)
        wanting = FLOW.replace("[main.hours]", "[main.news]")
        assert 'there is no prompt "main.news" in en' in await refused(world, text(world, wanting))
        texts = world.settings.prompts.texts / "en.yaml"
        texts.write_text(texts.read_text(encoding="utf-8") + "main.news: News.\n", encoding="utf-8")
        assert await refused(world, text(world, wanting)) == (
            "/home/eve/main.yaml: the prompt main.news (en) is not rendered:"
            " run callwright prompts render, then this again"
        )
        render(world, "main.news")
        texts.write_text(
            texts.read_text(encoding="utf-8").replace("main.news: Hm.", "main.news: Ha."), encoding="utf-8"
        )
        done = await world.engine.flows.publish([text(world, wanting)], "eve", "")
        assert "takes new calls\nthe prompt main.news (en) is still in the words of an older text" in done.said


@held
async def test_the_pieces_of_values_must_be_rendered_too(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        render(world)
        texts = world.settings.prompts.texts / "en.yaml"
        texts.write_text(texts.read_text(encoding="utf-8") + "main.owe: You owe {tries:ordinal} parts.\n", "utf-8")
        owing = FLOW.replace("start: menu", "variables: {tries: 3}\nstart: menu").replace(
            "[main.hours]", "[main.owe]"
        )
        problem = await refused(world, text(world, owing))
        assert "/home/eve/main.yaml: the prompts " in problem and "more are not rendered" in problem
        render_all(PromptLibrary(world.settings.prompts), FakeSynthesizer())
        assert "takes new calls" in (await world.engine.flows.publish([text(world, owing)], "eve", "")).said


@held
async def test_a_reload_takes_what_lies_in_the_folder(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        render(world)
        assert "was the newest already" in (await world.engine.flows.reload("eve", "")).said
        write(world, OTHER)
        assert world.engine.flows[FlowId("main")].version == versions(FLOW)[0], "a file alone changes nothing"
        assert "takes new calls" in (await world.engine.flows.reload("eve", "")).said
        assert world.engine.flows[FlowId("main")].version == versions(OTHER)[0]
        write(world, "start: [")
        with pytest.raises(FlowError, match=r"main\.yaml:2: is not YAML"):
            await world.engine.flows.reload("eve", "")
        assert world.engine.flows[FlowId("main")].version == versions(OTHER)[0]
        (world.folder / "main.yaml").unlink()
        with pytest.raises(CallwrightError, match="there is no file"):
            await world.engine.flows.reload("eve", "")
        assert [each[:2] for each in kept(world)] == list(
            zip(versions(FLOW, OTHER), ("start", "reload"), strict=True)
        )


@held
async def test_one_command_rolls_back_and_another_takes_that_back(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        render(world)
        flows = world.engine.flows
        with pytest.raises(FlowError, match="nothing to go back to"):
            await flows.roll_back("main", None, "eve", "")
        await flows.publish([text(world, OTHER)], "eve", "")
        await flows.roll_back("main", None, "eve", "was worse")
        assert on_disk(world) == FLOW and flows[FlowId("main")].version == versions(FLOW)[0]
        await flows.roll_back("main", None, "eve", "")
        assert on_disk(world) == OTHER and flows[FlowId("main")].version == versions(OTHER)[0]
        await flows.roll_back("main", versions(FLOW)[0][:5], "eve", "")
        assert on_disk(world) == FLOW
        with pytest.raises(FlowError, match="is no version of the flow main; there are: "):
            await flows.roll_back("main", "beef" * 3, "eve", "")
        assert [each.how for each in history(world)] == ["start", "publish", "rollback", "rollback", "rollback"]
        assert history(world)[2].note == "was worse"


@held
async def test_an_edit_that_was_never_published_is_kept_when_it_is_replaced(tmp_path: Path) -> None:
    """Broken or not: nothing that somebody wrote is lost. A rollback does not lead to it by itself."""
    async with world_in(tmp_path) as world:
        render(world)
        path = world.folder / "main.yaml"
        path.chmod(0o640)
        await world.engine.flows.publish([text(world, OTHER)], "eve", "")
        write(world, b"half an ed\xff")
        await world.engine.flows.publish([text(world, THIRD)], "eve", "")
        assert on_disk(world) == THIRD and path.stat().st_mode & 0o777 == 0o640
        assert [each.how for each in history(world)] == ["start", "publish", "replaced", "publish"]
        assert history(world)[2].source == b"half an ed\xff"
        await world.engine.flows.roll_back("main", None, "eve", "")
        assert on_disk(world) == OTHER


@held
async def test_a_start_keeps_what_is_new_in_the_folder_and_nothing_else(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        await world.kill()
        await world.start()
        assert kept(world) == [(versions(FLOW)[0], "start", "engine")]
        await world.kill()
        write(world, OTHER)
        world.load_flows()
        await world.start()
        assert [each[0] for each in kept(world)] == versions(FLOW, OTHER)
        await world.call(Hear("main.menu"), HangUp()).over()
        await world.settled()
        assert world.record().flow_version == versions(OTHER)[0]


@held
async def test_what_cannot_be_kept_or_written_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world_in(tmp_path) as world:
        render(world)
        before = files(world)

        def fail(*_: object) -> None:
            raise RecordError("no room")

        with monkeypatch.context() as patch:
            patch.setattr(Change, "keep", fail)
            with pytest.raises(RecordError, match="no room"):
                await world.engine.flows.publish([text(world, OTHER)], "eve", "")
        with monkeypatch.context() as patch:
            patch.setattr("tempfile.mkstemp", _refuse)
            problem = await refused(world, text(world, OTHER))
        assert "main.yaml: cannot be written here (Read-only file system): put the file there yourself" in problem
        assert "callwright ivr reload" in problem
        assert world.engine.flows[FlowId("main")].version == versions(FLOW)[0]
        assert (on_disk(world), files(world), len(kept(world))) == (FLOW, before, 1)


@held
async def test_a_file_that_cannot_be_replaced_after_all_is_told_and_the_old_flow_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with world_in(tmp_path) as world:
        render(world)
        before = files(world)
        with monkeypatch.context() as patch:
            patch.setattr("console.publishing.os.replace", _refuse)
            problem = await refused(world, text(world, OTHER))
        (v_old, v_new) = versions(FLOW, OTHER)
        assert f"the new text is kept as version {v_new} and could not be put here: Read-only file system" in problem
        assert (on_disk(world), files(world), world.engine.flows[FlowId("main")].version) == (FLOW, before, v_old)
        assert "takes new calls" in (await world.engine.flows.reload("eve", "")).said, "the file is what counts"
        assert [each[0] for each in kept(world)] == [v_old, v_new, v_old]


def _refuse(*_: object, **__: object) -> None:
    raise OSError(30, os.strerror(30))


@held
async def test_a_link_stays_a_link(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        render(world)
        real = tmp_path / "release"
        real.mkdir()
        (tmp_path / "main.yaml").rename(real / "main.yaml")
        (tmp_path / "main.yaml").symlink_to(real / "main.yaml")
        await world.engine.flows.publish([text(world, OTHER)], "eve", "")
        assert (tmp_path / "main.yaml").is_symlink() and on_disk(world) == OTHER
        assert [each.name for each in real.iterdir()] == ["main.yaml"]


@held
async def test_a_caller_in_a_talk_keeps_the_text_to_the_end(tmp_path: Path) -> None:
    async with world_in(tmp_path, agent("anna")) as world:
        render(world)
        await world.log_in("anna")
        call = world.call(Hear("main.menu"), Press("2"))
        await world.until(lambda: world.state("anna") == "talking")
        await world.engine.flows.publish([text(world, FLOW.replace("next: survey", "next: bye"))], "eve", "")
        channel = world.engine.meetings.channel_of(AgentId("anna"))
        assert channel is not None
        await channel.end_talk()
        await call.over()
        await world.settled()
        record = world.record()
        assert record.flow_version == versions(FLOW)[0]
        entered = [each.detail["node"] for each in world.events(record.call_id) if each.kind == "node_entered"]
        assert entered == ["menu", "sales", "survey", "bye"]


CALLING = """\
language: en
start: menu
nodes:
  menu: {menu: [main.menu], keys: {"1": pay}, first_key: 2s, failed: bye}
  pay: {subflow: pay, next: bye}
  bye: {hangup: [system.goodbye]}
"""
PAY = """\
language: en
start: say
nodes:
  say: {say: [main.hours], next: back}
  back: {return: paid}
"""


def in_use(world: World) -> str:
    return world.engine.flows[FlowId("main")].version


@held
async def test_a_flow_that_others_call_changes_them_with_it_and_nothing_that_is_only_begun(tmp_path: Path) -> None:
    pay = tmp_path / "pay.yaml"
    pay.write_text(PAY, encoding="utf-8")
    async with world_in(tmp_path, flow=CALLING) as world:
        render(world, "main.none")
        flows, before = world.engine.flows, in_use(world)
        old = world.call(Hear("main.menu"), Wait(1.0), Press("1"))
        await world.until(lambda: len(world.engine.books.open_calls) == 1)
        write(world, "start: [half an edit")
        other = PAY.replace("main.hours", "main.none")
        done = await flows.publish([text(world, other, "pay.yaml")], "eve", "")
        assert pay.read_text(encoding="utf-8") == other and on_disk(world) == "start: [half an edit"
        after = in_use(world)
        assert after != before
        assert [line.split()[1:] for line in done.said.splitlines()] == [
            [
                *("pay:", "version", version_of(other.encode()), "takes", "new", "calls;", "1", "under", "way"),
                "keep",
                "theirs",
            ],
            [*("main:", "version", after, "takes", "new", "calls;", "1", "under", "way"), "keep", "theirs"],
        ]
        assert [each.version for each in history(world)] == [before, after], "as the records of calls name them"
        assert {each.source for each in history(world)} == {CALLING.encode()}
        new = world.call(Hear("main.menu"), Wait(1.0), Press("1"))
        await old.over()
        await new.over()
        await world.settled()
        by_id = {record.call_id: record.flow_version for record in world.records()}
        assert [by_id[call.info.call_id] for call in (old, new)] == [before, after]
        heard = [
            [entry.detail for entry in world.switch.diary.of(call.info.call_id) if "main." in entry.detail]
            for call in (old, new)
        ]
        assert ["none" in each[-1] for each in heard] == [False, True]
        await flows.roll_back("pay", None, "eve", "")
        assert pay.read_text(encoding="utf-8") == PAY and in_use(world) == before
        with pytest.raises(FlowError, match="no earlier version of the flow main"):
            await flows.roll_back("main", None, "eve", "")
        unfit = PAY.replace("language: en", "language: de")
        assert "/home/eve/pay.yaml" in await refused(world, text(world, unfit, "pay.yaml"))
        assert in_use(world) == before


@held
async def test_a_flow_that_no_call_comes_to_is_kept(tmp_path: Path) -> None:
    async with world_in(tmp_path) as world:
        render(world)
        done = await world.engine.flows.publish([text(world, PAY, "pay.yaml"), text(world, OTHER)], "eve", "")
        assert done.said.splitlines() == [
            f"flow pay: version {version_of(PAY.encode())} is kept; no route leads to it, so no call takes it",
            f"flow main: version {version_of(OTHER.encode())} takes new calls",
        ]
        calling = FLOW.replace("hours: {say: [main.hours], next: bye}", "hours: {subflow: pay, next: bye}")
        assert "takes new calls" in (await world.engine.flows.publish([text(world, calling)], "eve", "")).said
        await world.call(Hear("main.menu"), Press("1")).over()
        await world.settled()
        assert "pay/back" in {each.detail.get("node") for each in world.events(world.record().call_id)}
