"""A new campaign from a few answers: what is asked, what would be wrong with an answer, and the file that follows."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from calls.errors import CampaignError, Location
from calls.ids import is_safe_id
from calls.settings import Settings, Trunk
from dialer.pace import MODES
from dialer.presets import PRESETS

MODE_NAMES = ("progressive", "power", "predictive", "zero-abandon", "preview", "manual")
"""A broadcast needs a flow as well: it is written by hand."""

BY_REGION = {"US": "us-telemarketing", "CA": "canada", "DE": "germany", "AU": "australia", "GB": "uk-strict"}
LOOPBACK_CALLER = "+12025550100"

Answers = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Question:
    """``key`` is the file's; ``choices`` are all that will do, empty where anything of the kind will."""

    key: str
    words: str
    choices: tuple[str, ...] = ()
    default: str = ""
    """"" where nobody can guess it."""


def questions(given: Answers, settings: Settings, lists: tuple[str, ...]) -> tuple[Question, ...]:
    """What is to be known, in its order; defaults follow from the settings and from what is ``given`` so far."""
    trunks = tuple(trunk.name for trunk in settings.trunks)
    queues = tuple(queue.name for queue in settings.queues)
    trunk = _trunk(given, settings)
    return (
        Question("name", "What people call it", default=title(given.get("id", ""))),
        Question("list", "The list of leads", lists, _only(lists) if lists else given.get("id", "")),
        Question("queue", "The queue whose agents talk to who answers", queues, _only(queues)),
        Question("trunk", "The trunk", trunks, _only(trunks)),
        Question("caller_id", "The number that people see", default=_caller_id(trunk)),
        Question("preset", "The rules of the place you call", _presets(trunk), _preset(trunk, settings)),
        Question("mode", "How it dials", MODE_NAMES, "progressive"),
        Question("max_lines", "Calls at a time", default=str(trunk.lines if trunk is not None else 10)),
    )


def require_laid_out(settings: Settings) -> None:
    """Refuse to ask for what the settings do not have yet.

    Raises:
        CampaignError: there is no trunk, or no queue.
    """
    if not settings.trunks:
        raise CampaignError("the settings have no trunk to dial on: add [[trunks]] to callwright.toml, see README.md")
    if not settings.queues:
        raise CampaignError("the settings have no queue for who answers: add [[queues]] to callwright.toml")


def problem(question: Question, answer: str) -> str:
    """What is wrong with the answer, and what was expected; "" where nothing is. A list may be imported later."""
    if question.choices and answer not in question.choices and question.key != "list":
        return f"expected one of {', '.join(question.choices)}"
    match question.key:
        case "name" if not 1 <= len(answer) <= 100:
            return "expected a text of 1 to 100 characters"
        case "list" if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", answer):
            return "expected a name of 1 to 64 letters, digits, _ and -"
        case "caller_id" if not re.fullmatch(r"\+?[0-9]{3,15}", answer):
            return "expected a number of 3 to 15 digits, with or without +"
        case "max_lines" if not re.fullmatch(r"[1-9][0-9]{0,4}", answer):
            return "expected a whole number, 1 to 99999"
    return ""


def target(campaign_id: str, settings: Settings) -> Path:
    """Where the file goes.

    Raises:
        CampaignError: it is no id, or there is a file already.
    """
    path = file_of(campaign_id, settings)
    if path.exists():
        raise CampaignError("is there already: edit it, or choose another id", Location(path))
    return path


def file_of(campaign_id: str, settings: Settings) -> Path:
    """Where a campaign's file lies, or will.

    Raises:
        CampaignError: it is no id.
    """
    if not is_safe_id(campaign_id):
        raise CampaignError(f"{campaign_id!r}: expected 1 to 64 letters, digits, _ and -, such as autumn")
    return settings.campaigns / f"{campaign_id}.toml"


def lists_of(connection: sqlite3.Connection) -> tuple[str, ...]:
    """The names of the lists that were imported."""
    return tuple(row[0] for row in connection.execute("SELECT name FROM lists ORDER BY created_at DESC, name"))


def text(answers: Answers, settings: Settings) -> str:
    """The campaign's file."""
    preset = PRESETS[answers["preset"]]
    ring_s = max(25.0, preset.min_ring_s)
    window = f"{100 * preset.abandonment_cap:g}%"
    return f"""\
# The campaign {answers["id"]}. Every key: docs/campaigns.md; the pace: docs/pacing.md.
name = {_quoted(answers["name"])}
list = {_quoted(answers["list"])}
queue = {_quoted(answers["queue"])}  # its agents talk to who answers
trunk = {_quoted(answers["trunk"])}
caller_id = {_quoted(answers["caller_id"])}  # what people see
preset = {_quoted(answers["preset"])}  # the law: confirm it with counsel before the first call
max_lines = {answers["max_lines"]}  # calls of this campaign at a time
ring_timeout_s = {ring_s:g}
safe_harbour = "system.safe_harbour"  # what a person hears whom no agent reached in time
language = {_quoted(settings.prompts.languages[0])}

[pacing]
# {_wrapped(MODES)}
mode = {_quoted(answers["mode"])}
# cap = {preset.abandonment_cap:g}  # less than the preset's {window} of people abandoned

# [schedule]  # when it dials; outside it waits
# days = {{mon-fri = "09:00-17:00"}}
# zone = "UTC"

[attempts]
per_number = 6  # of one number, in this campaign
per_person = 6  # of one person, in this campaign
per_day = 3  # of one person in any 24 hours, over all campaigns

[retries.busy]  # dialled again after this outcome; others are not, unless named
after_s = 600
times = 3

[retries.no_answer]
after_s = 14400
times = 2
"""


def copied(source: Path, given: Answers, settings: Settings) -> str:
    """The file of another campaign, comments and all, with what is ``given`` in the place of its own.

    Raises:
        CampaignError: there is no such file, an answer will not do, or the file has no line of its own for it.
    """
    try:
        lines = source.read_text(encoding="utf-8").splitlines(keepends=True)
    except OSError as fault:
        raise CampaignError(f"cannot be read: {fault.strerror}", Location(source)) from fault
    asked = {question.key: question for question in questions(given, settings, ())}
    tables = next((place for place, line in enumerate(lines) if line.startswith("[")), len(lines))
    for key, answer in given.items():
        if key == "id":
            continue
        if words := problem(asked[key], answer):
            raise CampaignError(f"--{key.replace('_', '-')} {answer}: {words}")
        own = re.compile(rf"{key}\s*=\s*(\"(?:[^\"\\]|\\.)*\"|[^#\s]+)")
        place = next((place for place, line in enumerate(lines[:tables]) if own.match(line)), None)
        if place is None:
            raise CampaignError(f"has no line {key} = to be changed: copy it and edit the copy", Location(source))
        value = answer if key == "max_lines" else _quoted(answer)
        lines[place] = own.sub(lambda _, said=f"{key} = {value}": said, lines[place], count=1)  # type: ignore[misc]
    return "".join(lines)


def _quoted(value: str) -> str:
    """A basic string of TOML, whose escapes are those of JSON."""
    return json.dumps(value, ensure_ascii=False)


def _wrapped(words: str) -> str:
    lines, line = [], ""
    for word in words.split(" "):
        if len(line) + len(word) > 100:
            lines.append(line)
            line = ""
        line = f"{line} {word}" if line else word
    return "\n# ".join([*lines, line])


def _only(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else ""


def title(campaign_id: str) -> str:
    """What people may call it."""
    return campaign_id.replace("-", " ").replace("_", " ").capitalize()


def _trunk(given: Answers, settings: Settings) -> Trunk | None:
    wanted = given.get("trunk") or _only(tuple(trunk.name for trunk in settings.trunks))
    return next((trunk for trunk in settings.trunks if trunk.name == wanted), None)


def _caller_id(trunk: Trunk | None) -> str:
    return LOOPBACK_CALLER if trunk is not None and trunk.loopback_only else ""


def _presets(trunk: Trunk | None) -> tuple[str, ...]:
    """Those that the trunk may be dialled with."""
    outside = trunk is not None and not trunk.loopback_only
    return tuple(name for name, preset in PRESETS.items() if not (outside and preset.loopback_only))


def _preset(trunk: Trunk | None, settings: Settings) -> str:
    if trunk is not None and trunk.loopback_only:
        return "demo"
    return BY_REGION.get(settings.engine.region or "", "")
