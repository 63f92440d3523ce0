"""A campaign: which list is dialled over which trunk for which queue, and by which rules. One TOML file each.

The file's name without ``.toml`` is the campaign's id. Faults are named by file, line and key.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Annotated

from pydantic import Field

from calls import dispositions
from calls.causes import Outcome
from calls.desk_settings import ScreenPop, scheme_fault
from calls.dispositions import Dispositions
from calls.errors import CampaignError, Location
from calls.ids import CampaignId, QueueName, is_safe_id
from calls.parts import Count, Flag, Language, Name, Part, Title
from calls.recording_rule import RecordRule
from calls.scripts import Script
from calls.settings import Level, Settings, Trunk
from calls.switch.port import Prompt
from calls.toml_file import Place, checked, read
from dialer import answered, attestation, outgoing, own_rules, pace, preview, schedule
from dialer.answered import Answered
from dialer.filters import Filter
from dialer.mix import ListShare
from dialer.order import Order
from dialer.outgoing import Outgoing
from dialer.own_rules import OwnRules
from dialer.pace import Pacing
from dialer.presets import PRESETS, Preset
from dialer.preview import Preview
from dialer.recording_notice import NOT_RECORDED, Notice
from dialer.schedule import Schedule

LOST_REST_S = 60.0
"""A lost attempt may have reached its person: it is never dialled again sooner."""

PresetName = Annotated[str, Field(pattern=f"^({'|'.join(PRESETS)})$", description=f"one of {', '.join(PRESETS)}")]
RingTime = Annotated[float, Field(gt=0, le=60, description="seconds, more than 0 and at most 60")]
"""A minute at most: an attempt that has heard nothing for two minutes must be over (invariant I8)."""
Times = Annotated[int, Field(ge=1, le=50, description="a whole number, 1 to 50")]
Rest = Annotated[float, Field(ge=1, le=90 * 86400, description="seconds, 1 to 7776000 (90 days)")]


Weight = Annotated[int, Field(ge=1, le=100, description="a whole number, 1 to 100")]
Priority = Annotated[int, Field(ge=-100, le=100, description="a whole number, -100 to 100")]
Skills = Annotated[dict[Name, Level], Field(description="skills and least levels from 1 to 9: {german = 5}")]


class Retry(Part):
    """``[retries.<outcome>]``: dial again after this outcome."""

    after_s: Rest
    times: Times


Again = Annotated[Retry | None, Field(description="a table with after_s and times")]


class Retries(Part):
    """``[retries.<outcome>]``: what is dialled again; an outcome that the file does not name is not.

    Nobody is reached by dialling a number again that does not exist, a refusal is an answer, and a person who was
    answered has been called: those outcomes have no place here.
    """

    busy: Again = None
    no_answer: Again = None
    congestion: Again = None
    unreachable: Again = None
    failed: Again = None
    machine: Again = None
    abandoned: Again = None
    lost: Again = None
    pbx_lost: Again = None


class Attempts(Part):
    """``[attempts]``: the campaign's own limits, beside those of its preset."""

    per_number: Times = 6
    """Of one number, in this campaign."""
    per_person: Times = 6
    """Of one person over all numbers, in this campaign."""
    per_day: Times = 3
    """Of one person in any 24 hours, over all campaigns."""


class CampaignFile(Answered, Outgoing):
    """What a campaign's file says."""

    name: Title
    list: Annotated[Name | None, Field(description="the name of a list, in quotes")] = None
    lists: Annotated[tuple[ListShare, ...], Field(max_length=100, description="tables with name and weight")] = ()
    """Several lists instead of one."""
    preset: PresetName
    max_lines: Count
    ring_timeout_s: RingTime = 25.0
    language: Language = "en"
    pacing: Annotated[Pacing, Field(description="a table")] = Pacing()
    filter: Annotated[Filter, Field(description="a table of conditions")] = Filter()
    schedule: Annotated[Schedule, Field(description="a table")] = Schedule()
    priority: Priority = 0
    """Agents, lines and calls per second go to campaigns of a higher one first, and to others what those leave."""
    weight: Weight = 10
    """Its part where campaigns of the same priority share them, against the others' weights."""
    skills: Skills = Field(default_factory=dict)
    """Only agents who have these, at these levels, count for it and get its calls."""
    order: Annotated[Order, Field(description="a table")] = Order()
    attempts: Annotated[Attempts, Field(description="a table")] = Attempts()
    retries: Annotated[Retries, Field(description="a table for each outcome that is dialled again")] = Retries()
    dispositions: Dispositions = Field(default_factory=dict)
    """What agents may say of a call; none: the usual ones."""
    disposition_required: Flag = False
    record: RecordRule | None = None
    """Which talks are recorded; none: those that its queue's are."""
    compliance: Annotated[OwnRules, Field(description="a table")] = OwnRules()
    script: Annotated[Script | None, Field(description="a table with texts by language")] = None
    """What agents read."""
    screen_pop: Annotated[ScreenPop | None, Field(description="an address with places, in quotes")] = None
    """What is opened on the desk of an agent who has somebody of the campaign."""
    preview: Annotated[Preview | None, Field(description="a table")] = None
    """How agents look at leads with ``mode = "preview"``; None: as usual."""

    @property
    def shares(self) -> tuple[ListShare, ...]:
        """The lists that are dialled, one or several."""
        return self.lists if self.list is None else (ListShare(name=self.list),)


PROMISED = "promised-"
"""What the campaign's id begins with under which a promise of another campaign is kept."""

LONGEST_ID = 64
"""Characters; see :data:`calls.settings.Name`."""


def promised_id(campaign_id: str) -> str:
    """The id of the campaign that keeps the promises of another one: no other has the same, however long the ids."""
    whole = f"{PROMISED}{campaign_id}"
    if len(whole) <= LONGEST_ID:
        return whole
    digest = sha256(campaign_id.encode()).hexdigest()[:8]
    return f"{whole[: LONGEST_ID - 1 - len(digest)]}-{digest}"


class Campaign(Part):
    """A campaign that can be run: its id and what its file says."""

    id: Name
    file: CampaignFile
    on_request: Flag = False
    """People who asked to be called: their attempts are begun one by one, and no list is dialled."""
    promised_by: Name | None = None
    """The campaign whose promises this one keeps; None: of a release before this one the id alone says so."""

    @property
    def campaign_id(self) -> CampaignId:
        """The id, as other modules name it."""
        return CampaignId(self.id)

    def keeps_to(self, campaign_id: CampaignId) -> bool:
        """True where what is forbidden to that campaign is forbidden to this one: itself, or one whose promises it
        keeps."""
        if self.id == campaign_id or not self.on_request:
            return self.id == campaign_id
        if self.promised_by is not None:
            return self.promised_by == campaign_id
        return self.id == f"{PROMISED}{campaign_id}"[:LONGEST_ID]

    @property
    def queue(self) -> QueueName:
        """The queue whose agents talk to who answers; "": there is none, of a broadcast."""
        return QueueName(self.file.queue or "")

    @property
    def preset(self) -> Preset:
        """The rules of the campaign's place."""
        return PRESETS[self.file.preset]

    @property
    def tells_apart(self) -> bool:
        """True where the engine itself listens for machines."""
        return self.file.detect_machine and self.file.detector == "engine"

    @property
    def message(self) -> Prompt:
        """The safe-harbour message."""
        return Prompt(self.file.safe_harbour or "", self.file.language)

    @property
    def machine_message(self) -> Prompt:
        """What is left on an answering machine, where the campaign leaves anything."""
        return Prompt(self.file.machine_message or "", self.file.language)

    @property
    def recording_notice(self) -> Notice:
        """What a person hears who must be told of the recording."""
        own = self.file.compliance
        prompt = Prompt(own.recording_announcement or "", self.file.language)
        return Notice(prompt, own.recording_refuse_key or "")

    @property
    def prompts(self) -> Mapping[Place, Prompt]:
        """Every prompt that the campaign plays, by its place in the file."""
        named: dict[Place, Prompt] = {("safe_harbour",): self.message, ("machine_message",): self.machine_message}
        named[("compliance", "recording_announcement")] = self.recording_notice.prompt
        if self.recording_notice.refuse_key:
            named[("compliance", "recording_refuse_key")] = Prompt(NOT_RECORDED, self.file.language)
        if self.file.opt_out_key is not None:
            named[("opt_out_key",)] = Prompt(answered.OPTED_OUT, self.file.language)
        return {place: prompt for place, prompt in named.items() if prompt.key}

    def retry(self, outcome: Outcome) -> Retry | None:
        """How ``outcome`` is dialled again; None: it is not."""
        found = getattr(self.file.retries, outcome.value, None)
        return found if isinstance(found, Retry) else None


def load(path: Path, settings: Settings) -> Campaign:
    """The campaign in ``path``, which fits these settings: its trunk and queue exist, its preset allows all.

    Raises:
        CampaignError: names file, line and key, and what was expected.
    """
    if not is_safe_id(path.stem):
        raise CampaignError(
            "the file's name is the campaign's id: expected letters, digits, _ and - before .toml", Location(path)
        )
    document = read(path, CampaignError)
    campaign = Campaign(id=path.stem, file=checked(CampaignFile, document, CampaignError))
    for place, words in faults(campaign.file, settings):
        raise CampaignError(words, document.where(place))
    return campaign


def flows_named(folder: Path) -> frozenset[str]:
    """The flows that the campaign files of ``folder`` name; a file that cannot be read names none."""
    found: set[str] = set()
    for path in sorted(folder.glob("*.toml")):
        try:
            flow = tomllib.loads(path.read_text(encoding="utf-8")).get("flow")
        except (OSError, ValueError):
            continue
        if isinstance(flow, str) and is_safe_id(flow):
            found.add(flow)
    return frozenset(found)


def warnings(campaign: Campaign) -> Iterator[tuple[Place, str]]:
    """What a campaign may do and its people should look at, each with its place in the file."""
    yield from answered.warnings(campaign.file, campaign.file.pacing, campaign.preset)


def require_trunk(campaign: Campaign, trunk: Trunk) -> None:
    """Refuse a trunk that the campaign's preset does not allow. Asked again before every start.

    Raises:
        CampaignError: the preset dials loopback trunks only, and this one leads outside.
    """
    words = _trunk_fault(campaign.file, trunk)
    if words:
        raise CampaignError(f"campaign {campaign.id}: {words}")


def _trunk_fault(file: CampaignFile, trunk: Trunk) -> str | None:
    if PRESETS[file.preset].loopback_only and not trunk.loopback_only:
        return (
            f"preset {file.preset} keeps no law and dials only trunks that end on this machine (loopback_only ="
            f" true); trunk {trunk.name} leads outside: choose another preset or another trunk"
        )
    return None


def faults(file: CampaignFile, settings: Settings) -> Iterator[tuple[Place, str]]:
    """What does not fit between a campaign and the settings, each with its place."""
    preset = PRESETS[file.preset]
    yield from _list_faults(file)
    queues = [each.name for each in settings.queues]
    yield from outgoing.faults(file, [each.name for each in settings.trunks])
    for trunk in (each for each in settings.trunks if each.name in file.ways):
        if words := _trunk_fault(file, trunk):
            yield ("preset",), words
    if file.ring_timeout_s < preset.min_ring_s:
        yield (
            ("ring_timeout_s",),
            f"expected {preset.min_ring_s:g} or more, as preset {file.preset} demands; found {file.ring_timeout_s:g}",
        )
    yield from pace.faults(file.pacing, preset)
    yield from schedule.faults(file.schedule)
    if file.detect_machine and not preset.machine_detection:
        yield ("detect_machine",), f"preset {file.preset} does not allow machine detection: expected false"
    yield from answered.faults(file, file.pacing, queues)
    yield from dispositions.faults(file.dispositions)
    yield from own_rules.faults(file.compliance)
    yield from attestation.faults(file, settings.trunks, file.compliance.attestation)
    if file.screen_pop is not None and (words := scheme_fault(file.screen_pop, settings.desk.schemes)):
        yield ("screen_pop",), words
    yield from preview.faults(file.preview, file.pacing)
    for outcome in (Outcome.LOST, Outcome.PBX_LOST):
        retry = getattr(file.retries, outcome.value)
        if retry is not None and retry.after_s < LOST_REST_S:
            yield (
                ("retries", outcome.value, "after_s"),
                f"expected {LOST_REST_S:g} or more: a lost attempt may have reached its person",
            )


def _list_faults(file: CampaignFile) -> Iterator[tuple[Place, str]]:
    if file.list is None and not file.lists:
        yield ("list",), "missing: expected a name, or lists = [{ name = ..., weight = ... }]"
    if file.list is not None and file.lists:
        yield ("lists",), "expected list or lists, not both"
    for index, share in enumerate(file.lists):
        if share.name in [each.name for each in file.lists[:index]]:
            yield ("lists", index, "name"), f"list {share.name} is named twice: expected each list once"
