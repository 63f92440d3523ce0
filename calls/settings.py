"""The settings of an installation: one TOML file, single values by the environment, secrets apart.

``CALLWRIGHT_<SECTION>__<KEY>`` (``CALLWRIGHT_ENGINE__HTTP_PORT=8087``) takes the place of one value of the file, and
``CALLWRIGHT_FLOWS`` and ``CALLWRIGHT_CAMPAIGNS`` of the two that stand outside a section; members of a list are
separated by commas. Lists of tables (trunks, queues, agents ...) stand in the file only. Relative paths start at the
settings file's folder, wherever they were given. A wrong setting stops the start: nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal, Self, TypeVar

from pydantic import AfterValidator, Field, SecretStr, model_validator

from calls import outside
from calls.callbacks import CallbackSettings
from calls.desk_settings import DeskSettings, ScreenPop
from calls.dispositions import Dispositions
from calls.errors import Location, SettingsError
from calls.floor_settings import FeatureCodes, PauseReason, SupervisorSettings
from calls.freeswitch_settings import FreeSwitchSettings
from calls.hours import WeeklyHours, parse
from calls.mail import MailSettings
from calls.outside import LookupSettings, PaymentGateway, WebhookSettings
from calls.parts import (
    DIAL_LETTERS,
    Count,
    Endpoint,
    FilePath,
    Flag,
    Host,
    Language,
    Name,
    Part,
    Port,
    Rate,
    Region,
    Seconds,
    Title,
    Wait,
)
from calls.recording_rule import RecordRule
from calls.reports.schedules import ScheduledReport
from calls.reports.settings import ReportSettings
from calls.reports.targets import Target
from calls.retention import RetentionSettings
from calls.scorecards import Scorecard
from calls.secrets import FILE_NAME, NAMED, VARIABLES, Secrets, load_secrets
from calls.settings_environment import with_environment
from calls.settings_faults import faults
from calls.switch_settings import Asterisk, NamedSwitch, SwitchSettings
from calls.switches import alone, switches_of
from calls.toml_file import Document, Fault, checked, read

TEMPLATE = re.compile(rf"[A-Za-z][A-Za-z0-9_]*/[{DIAL_LETTERS}]*\{{number\}}[{DIAL_LETTERS}]*\Z")


def _dial_template(dial: str) -> str:
    if not TEMPLATE.match(dial):
        raise Fault(
            "expected technology/target with {number} once and else only letters, digits and _ . / @ : -,"
            f" e.g. PJSIP/{{number}}@carrier; found {dial!r}"
        )
    return dial


NEEDED: Mapping[str, tuple[str, ...]] = {
    "asterisk": ("ami_secret", "agi_token"),
    "freeswitch": ("esl_password", "esl_token"),
    "loopback": (),
}
"""The secrets of each kind of switch."""

Level = Annotated[int, Field(ge=1, le=9, description="a level from 1 to 9")]
P = TypeVar("P", bound=Part)


class Engine(Part):
    """``[engine]``: the process that does the work."""

    database: FilePath = Path("callwright.db")
    socket: FilePath = Path("callwright.sock")
    http_host: Host = "127.0.0.1"
    http_port: Port = 8086
    settle_s: Seconds = 3.0
    """How long the switch is left to itself after a start, before what it does not know is called lost."""
    drain_s: Seconds = 30.0
    region: Region | None = None
    """The country of callers' numbers that come without their own; such numbers are not understood without it."""
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], Field(description='"debug", "info", "warning" or "error"')
    ] = "info"


class ConsoleSettings(Part):
    """``[console]``: the web console."""

    http_host: Host = "127.0.0.1"
    http_port: Port = 8087


Prefix = Annotated[
    str, Field(pattern=r"^\+[0-9]{1,15}$", description='the beginning of a number in E.164 such as "+49", in quotes')
]
Cost = Annotated[float, Field(ge=0, le=1000, description="a number, 0 to 1000")]


Attested = Annotated[
    str, Field(pattern=r"^\+[0-9]{3,15}$", description='a number in E.164 such as "+12025550100", in quotes')
]


class Trunk(Part):
    """``[[trunks]]``: a way out, and how much may go over it."""

    name: Name
    switch: Name | None = None
    """The switch that owns it; needed where there are several."""
    dial: Annotated[str, AfterValidator(_dial_template), Field(description="a dial string with {number}, in quotes")]
    lines: Count
    calls_per_second: Rate
    loopback_only: Flag = False
    """It ends on this machine: test callees, never a person. The preset ``demo`` dials on such trunks only."""
    plus: Flag = True
    """False: the carrier wants the number without its ``+``."""
    prefixes: Annotated[
        tuple[Prefix, ...], Field(max_length=1000, description='a list of beginnings of numbers such as ["+49"]')
    ] = ()
    """What the numbers begin with that it carries, in E.164; none: it carries all."""
    cost_a_minute: Cost = 0.0
    """In any one currency: of trunks that are equally good for a number, the cheaper one is taken."""
    attestation: Annotated[
        Literal["A", "B", "C"] | None, Field(description='"A", "B" or "C", as the carrier signs calls')
    ] = None
    """How the carrier vouches for the numbers that are shown (STIR/SHAKEN); none: it does not, or is not known to."""
    attested_numbers: Annotated[
        tuple[Attested, ...], Field(max_length=1000, description='a list of numbers such as ["+12025550100"]')
    ] = ()
    """Those that the carrier knows to be ours: only they are signed as A; none: all are."""


class QueueSettings(Part):
    """``[[queues]]``: where callers wait for an agent."""

    name: Name
    service_target_s: Wait = 20.0
    max_wait_s: Wait = 300.0
    music: Name = "default"
    max_waiting: Count | None = None
    """More callers than so many do not wait at a time, nobody being free."""
    hours: Annotated[dict[str, str], Field(description='days and times, {mon-fri = "09:00-17:00"}')] = Field(
        default_factory=dict
    )
    """When callers are taken; none: always. Who waits when they end is led on."""
    zone: Annotated[str, Field(description='an IANA time zone such as "Europe/Berlin"')] = "UTC"
    record: RecordRule = "off"
    """Which talks are recorded."""
    override: Name | None = None
    """The name by which supervisors override the hours; none: they cannot."""
    dispositions: Dispositions = Field(default_factory=dict)
    """What agents may say of callers' calls; none: the usual ones."""
    disposition_required: Flag = False
    screen_pop: Annotated[ScreenPop | None, Field(description="an address with places, in quotes")] = None
    """What is opened on the desk of an agent who has a caller."""

    @model_validator(mode="after")
    def _understood(self) -> Self:
        """Refuse hours and zones that are none (``HoursProblem``, a ValueError)."""
        _ = self.weekly
        return self

    @cached_property
    def weekly(self) -> WeeklyHours | None:
        """The hours, to ask whether they are open; None: always."""
        return parse(self.hours, self.zone) if self.hours else None


class AgentSettings(Part):
    """``[[agents]]``: a person who takes calls."""

    id: Name
    name: Title
    switch: Name | None = None
    """The home: where the phone is reached; needed where there are several switches."""
    endpoint: Endpoint
    trunk: Name | None = None
    """The trunk over which the phone is reached: it takes one of the trunk's lines; none: it is reached over none."""
    mode: Annotated[Literal["nailed_up", "on_hook"], Field(description='"nailed_up" or "on_hook"')]
    auto_answer: Flag = False
    queues: Annotated[tuple[Name, ...], Field(description="a list of queues' names")]
    wrap_up_s: Seconds = 10.0
    wrap_up_max_s: Seconds = 120.0
    """How long the agent may make it last."""
    skills: Annotated[dict[Name, Level], Field(description="skills and levels from 1 to 9: {german = 7}")] = Field(
        default_factory=dict
    )


class InboundRoute(Part):
    """``[[inbound]]``: which flow takes the calls to a number; ``"*"`` takes what no other route does."""

    called: Annotated[
        str, Field(pattern=r"^(\*|\+?[A-Za-z0-9_-]{1,40})$", description='a number or an extension, or "*"')
    ]
    flow: Name


class Destination(Part):
    """``[[destinations]]``: where a flow may transfer to; dial strings are the administrator's only."""

    name: Name
    switch: Name | None = None
    """The switch from which it is dialled; needed where there are several. Each may have one of the same name."""
    dial: Endpoint
    trunk: Name | None = None
    """The trunk over which ``dial`` leads: a call to it takes one of the trunk's lines; none: it leads over none."""


class AuthenticatorSettings(Part):
    """``[[authenticators]]``: who judges PINs. ``lookup``, asked for the ``account``, says at the path ``pin`` what
    is kept of the account's PIN: a hash, or ``plain:`` and the PIN."""

    name: Name
    lookup: Name
    pin: Annotated[
        str, Field(pattern=r"^[A-Za-z0-9_.\[\]]{1,100}$", description='a path such as "pin", in quotes')
    ] = "pin"
    by_account: Count = 5
    by_caller: Count = 10
    within_s: Wait = 3600.0
    locked_s: Wait = 1800.0


class Prompts(Part):
    """``[prompts]``: what callers hear."""

    texts: FilePath = Path("prompts/texts")
    recorded: FilePath | None = None
    pronunciation: FilePath | None = None
    system_texts: Flag = True
    """The system's prompts are there in the languages that Callwright speaks; ``texts`` may say them otherwise."""
    cache: FilePath = Path("prompts/cache")
    languages: Annotated[tuple[Language, ...], Field(min_length=1, description="a list of languages")] = ("en",)
    voices: Annotated[dict[Language, Title], Field(description='a voice by language: {en = "en-gb"}')] = Field(
        default_factory=dict
    )
    synthesizer: Name = "espeak-ng"
    synthesizer_options: Annotated[dict[Name, Title], Field(description='texts by name: {model = "anna"}')] = Field(
        default_factory=dict
    )
    """Of a synthesizer that another package brings along."""


class SpeechModel(Part):
    """``[[speech.models]]``: what understands callers who speak one language."""

    language: Language
    engine: Name = "vosk"
    folder: Annotated[Path | None, Field(description="a path, in quotes")] = None
    """The model's; none: the engine has its own."""


class SpeechSettings(Part):
    """``[speech]``: what callers say. Recognition runs in processes of its own."""

    workers: Annotated[int, Field(ge=1, le=64, description="a number of processes, 1 to 64")] = 1
    models: Annotated[tuple[SpeechModel, ...], Field(description="tables, [[speech.models]]")] = ()

    @property
    def served(self) -> tuple[SpeechModel, ...]:
        """A model for each language; English has the one inside pocketsphinx where none is set."""
        if any(model.language == "en" for model in self.models):
            return self.models
        return (*self.models, SpeechModel(language="en", engine="pocketsphinx"))


class RecordingSettings(Part):
    """``[recordings]``: calls and messages that are recorded. The switch writes them."""

    folder: FilePath = Path("recordings")
    keep_days: Annotated[int, Field(ge=0, le=36_500, description="days, 0 to 36500")] = 0
    """How long a recording is kept after it was made; 0: until somebody deletes it."""
    pause_limit_s: Wait = 300.0
    """A talk's recording that an agent has paused goes on by itself after this."""
    on_hold: Annotated[Literal["mute", "record"], Field(description='"mute" or "record"')] = "mute"
    """What the recording of a whole call holds while its caller is on hold; that of a talk ends with it."""


class DoNotCallSettings(Part):
    """``[do_not_call]``: imported do-not-call lists."""

    folder: FilePath = Path("do-not-call")
    """Each list has a folder of its own in it, with a file for each of its last versions."""


Price = Annotated[float, Field(ge=0, le=1_000_000, description="an amount of money, 0 to 1000000")]


class TransferSettings(Part):
    """``[transfer]``: to which numbers of callers' choice a flow may transfer, on which trunk, and how much of it."""

    countries: Annotated[tuple[Region, ...], Field(description='a list of countries such as ["DE"]')] = ()
    """Without any, no number of a caller's choice is ever dialled."""
    trunk: Name | None = None
    trunks: Annotated[tuple[Name, ...], Field(max_length=100, description="a list of names of trunks")] = ()
    """Several trunks instead of one: of several switches, or one for the case that another is congested."""
    concurrent: Count = 2
    longest_minutes: Annotated[int, Field(ge=1, le=240, description="minutes, 1 to 240")] = 60
    minutes_a_day: Count = 120
    spend_a_day: Price = 20.0
    price_a_minute: Price = 0.10
    prices: Annotated[dict[Region, Price], Field(description="prices of a minute by country: {CH = 0.25}")] = Field(
        default_factory=dict
    )
    hours: Annotated[dict[str, str] | None, Field(description='days and times such as {mon-fri = "08:00-18:00"}')] = (
        None
    )
    zone: Annotated[str, Field(description='an IANA time zone such as "Europe/Berlin"')] = "UTC"

    @property
    def ways(self) -> tuple[str, ...]:
        """The trunks, one or several, in the order named."""
        return self.trunks if self.trunk is None else (self.trunk,)


class Settings(Part):
    """All settings. ``load`` gives them from a file and the environment."""

    engine: Annotated[Engine, Field(description="a table")] = Engine()
    console: Annotated[ConsoleSettings, Field(description="a table")] = ConsoleSettings()
    switch: Annotated[SwitchSettings, Field(description="a table")] = SwitchSettings()
    asterisk: Annotated[Asterisk, Field(description="a table")] = Asterisk()
    freeswitch: Annotated[FreeSwitchSettings, Field(description="a table")] = FreeSwitchSettings()
    switches: Annotated[tuple[NamedSwitch, ...], Field(description="tables, [[switches]]")] = ()
    secrets: Secrets = Secrets()
    trunks: Annotated[tuple[Trunk, ...], Field(description="tables, [[trunks]]")] = ()
    queues: Annotated[tuple[QueueSettings, ...], Field(description="tables, [[queues]]")] = ()
    agents: Annotated[tuple[AgentSettings, ...], Field(description="tables, [[agents]]")] = ()
    pause_reasons: Annotated[tuple[PauseReason, ...], Field(description="tables, [[pause_reasons]]")] = ()
    supervisors: Annotated[tuple[SupervisorSettings, ...], Field(description="tables, [[supervisors]]")] = ()
    feature_codes: Annotated[FeatureCodes, Field(description="a table")] = FeatureCodes()
    inbound: Annotated[tuple[InboundRoute, ...], Field(description="tables, [[inbound]]")] = ()
    destinations: Annotated[tuple[Destination, ...], Field(description="tables, [[destinations]]")] = ()
    webhooks: Annotated[tuple[WebhookSettings, ...], Field(description="tables, [[webhooks]]")] = ()
    authenticators: Annotated[tuple[AuthenticatorSettings, ...], Field(description="tables, [[authenticators]]")] = ()
    lookups: Annotated[tuple[LookupSettings, ...], Field(description="tables, [[lookups]]")] = ()
    payment_gateways: Annotated[tuple[PaymentGateway, ...], Field(description="tables, [[payment_gateways]]")] = ()
    prompts: Annotated[Prompts, Field(description="a table")] = Prompts()
    speech: Annotated[SpeechSettings, Field(description="a table")] = SpeechSettings()
    desk: Annotated[DeskSettings, Field(description="a table")] = DeskSettings()
    callbacks: Annotated[CallbackSettings | None, Field(description="a table")] = None
    recordings: Annotated[RecordingSettings, Field(description="a table")] = RecordingSettings()
    do_not_call: Annotated[DoNotCallSettings, Field(description="a table")] = DoNotCallSettings()
    reports: Annotated[ReportSettings, Field(description="a table")] = ReportSettings()
    mail: Annotated[MailSettings | None, Field(description="a table")] = None
    scheduled_reports: Annotated[
        tuple[ScheduledReport, ...], Field(max_length=100, description="tables, [[scheduled_reports]]")
    ] = ()
    targets: Annotated[tuple[Target, ...], Field(max_length=100, description="tables, [[targets]]")] = ()
    scorecards: Annotated[tuple[Scorecard, ...], Field(max_length=50, description="tables, [[scorecards]]")] = ()
    retention: Annotated[RetentionSettings, Field(description="a table")] = RetentionSettings()
    transfer: Annotated[TransferSettings, Field(description="a table")] = TransferSettings()
    flows: FilePath = Path("flows")
    campaigns: FilePath = Path("campaigns")


def load(path: Path | None, env: Mapping[str, str]) -> Settings:
    """The settings of ``path`` (None: the defaults), the environment before the file, secrets from beside it.

    Raises:
        SettingsError: names file, line and key (or the variable), what was expected, and what to do.
    """
    file = Document({}) if path is None else read(path.absolute(), SettingsError)
    base = Path.cwd() if path is None else path.absolute().parent
    if "secrets" in file.data:
        raise SettingsError(
            f"secrets do not belong here: put them into {base / FILE_NAME} (mode 0600) or into the environment",
            file.where(("secrets",)),
        )
    document = with_environment(Settings, file, env)
    settings = _anchored(checked(Settings, document, SettingsError), base)
    settings = settings.model_copy(update={"secrets": load_secrets(None if path is None else base, env)})
    for place, problem in faults(settings):
        raise SettingsError(problem, document.where(place))
    _require_secrets(settings, base)
    return settings


def _anchored(part: P, base: Path) -> P:
    """``part`` with every relative path of it starting at ``base``."""
    changed: dict[str, object] = {}
    for key in type(part).model_fields:
        value = getattr(part, key)
        if isinstance(value, Path):
            changed[key] = base / value.expanduser()
        elif isinstance(value, Part):
            changed[key] = _anchored(value, base)
        elif isinstance(value, tuple) and all(isinstance(each, Part) for each in value):
            changed[key] = tuple(_anchored(each, base) for each in value)
    return part.model_copy(update=changed)


def _require_secrets(settings: Settings, base: Path) -> None:
    names = [each.name for each in settings.switches]
    for name in settings.secrets.switches:
        if name not in names:
            known = f"expected one of {', '.join(names)}" if names else "there is one switch alone"
            raise SettingsError(f"no switch is named {name}: {known}", Location(base / FILE_NAME, key="switches"))
    for each in switches_of(settings):
        secrets = alone(settings, each.name).secrets
        for key in NEEDED[each.kind]:
            secret: SecretStr = getattr(secrets, key)
            if not secret.get_secret_value():
                needs = {"asterisk": "Asterisk", "freeswitch": "FreeSWITCH"}[each.kind]
                raise SettingsError(
                    f"missing, and {needs} needs it: set {VARIABLES[key]} or write the file (mode 0600)",
                    Location(base / FILE_NAME, key=f"switches.{each.name}.{key}" if settings.switches else key),
                )


def require_named_secrets(settings: Settings) -> None:
    """Look whether every secret that the settings name is there; for who uses them, as the console does not.

    Raises:
        SettingsError: says which are not.
    """
    wanted = [
        name
        for each in (*settings.webhooks, *settings.lookups, *settings.payment_gateways)
        for name in outside.secrets_of(each)
    ]
    if settings.mail is not None and settings.mail.secret is not None:
        wanted.append(settings.mail.secret)
    if missing := outside.absent(wanted, settings.secrets.named):
        raise SettingsError(
            f"no secret is named {', '.join(missing)}: put it into {FILE_NAME} under [named], or set"
            f" {NAMED}{missing[0].upper()}"
        )
