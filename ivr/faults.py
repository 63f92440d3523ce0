"""What is wrong with a flow file: each fault with its place, how grave it is, and what was expected."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum

from calls.errors import Location


class Severity(Enum):
    """An error keeps a flow from being used; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


class Rule(StrEnum):
    """What a flow file can break. The names are stable; :data:`RULES` says what each finds."""

    UNREADABLE = "unreadable"
    TOO_LARGE = "too-large"
    NOT_UTF8 = "not-utf8"
    SYNTAX = "syntax"
    DOCUMENTS = "documents"
    ANCHOR = "anchor"
    ALIAS = "alias"
    TAG = "tag"
    KEY = "key"
    DEPTH = "depth"
    DUPLICATE_KEY = "duplicate-key"
    FLOW_ID = "flow-id"
    UNKNOWN_KEY = "unknown-key"
    MISSING_KEY = "missing-key"
    UNKNOWN_KIND = "unknown-kind"
    BAD_VALUE = "bad-value"
    BAD_EXPRESSION = "bad-expression"
    UNKNOWN_NODE = "unknown-node"
    UNKNOWN_QUEUE = "unknown-queue"
    UNKNOWN_DESTINATION = "unknown-destination"
    UNKNOWN_FLOW = "unknown-flow"
    UNKNOWN_LOOKUP = "unknown-lookup"
    UNKNOWN_ARGUMENT = "unknown-argument"
    UNKNOWN_GATEWAY = "unknown-gateway"
    UNKNOWN_WEBHOOK = "unknown-webhook"
    UNKNOWN_AUTHENTICATOR = "unknown-authenticator"
    UNKNOWN_SKILL = "unknown-skill"
    UNKNOWN_CALLBACK = "unknown-callback"
    FAULTY_FLOW = "faulty-flow"
    UNKNOWN_VARIABLE = "unknown-variable"
    SPOKEN_SECRET = "spoken-secret"
    UNKNOWN_LANGUAGE = "unknown-language"
    MISSING_PROMPT = "missing-prompt"
    AMBIGUOUS_PHRASE = "ambiguous-phrase"
    UNKNOWN_WORD = "unknown-word"
    NO_EXTENSIONS = "no-extensions"
    ENDLESS_LOOP = "endless-loop"
    FAILURE_AS_SUCCESS = "failure-as-success"
    CONDITIONAL_LOOP = "conditional-loop"
    UNREACHABLE = "unreachable"
    UNUSED_EXTENSIONS = "unused-extensions"
    OVERLAPPING_KEYS = "overlapping-keys"
    LONG_MENU = "long-menu"
    SIMILAR_PHRASES = "similar-phrases"
    MISSING_PHRASES = "missing-phrases"
    SPOKEN_ONLY = "spoken-only"
    NO_RECOGNIZER = "no-recognizer"
    NO_PERSON = "no-person"


@dataclass(frozen=True, slots=True)
class RuleNote:
    """What a rule finds, in one line, and how grave that is."""

    severity: Severity
    finds: str


def _error(finds: str) -> RuleNote:
    return RuleNote(Severity.ERROR, finds)


def _warning(finds: str) -> RuleNote:
    return RuleNote(Severity.WARNING, finds)


RULES: Mapping[Rule, RuleNote] = {
    Rule.UNREADABLE: _error("a file that cannot be read"),
    Rule.TOO_LARGE: _error("a file that is larger than any flow"),
    Rule.NOT_UTF8: _error("a file that is not UTF-8 text"),
    Rule.SYNTAX: _error("what is not YAML"),
    Rule.DOCUMENTS: _error("a second document in the file"),
    Rule.ANCHOR: _error("an anchor of YAML"),
    Rule.ALIAS: _error("an alias of YAML"),
    Rule.TAG: _error("a tag of YAML"),
    Rule.KEY: _error("a key that is not text"),
    Rule.DEPTH: _error("values nested too deeply"),
    Rule.DUPLICATE_KEY: _error("a key that is written twice"),
    Rule.FLOW_ID: _error("a file whose name is no id"),
    Rule.UNKNOWN_KEY: _error("a key that does not belong where it stands"),
    Rule.MISSING_KEY: _error("a key that must be there and is not"),
    Rule.UNKNOWN_KIND: _error("a node that is of no kind"),
    Rule.BAD_VALUE: _error("a value that does not fit its key"),
    Rule.BAD_EXPRESSION: _error("what is no expression"),
    Rule.UNKNOWN_NODE: _error("a way to a node that does not exist"),
    Rule.UNKNOWN_QUEUE: _error("a queue that the settings do not have"),
    Rule.UNKNOWN_DESTINATION: _error("a destination that the settings do not have"),
    Rule.UNKNOWN_FLOW: _error("a subflow that there is not"),
    Rule.UNKNOWN_LOOKUP: _error("a look-up that the settings do not have"),
    Rule.UNKNOWN_ARGUMENT: _error(
        "a look-up with an argument that its source does not know, or without one that it needs"
    ),
    Rule.UNKNOWN_GATEWAY: _error("a payment gateway that the settings do not have"),
    Rule.UNKNOWN_WEBHOOK: _error("a webhook that the settings do not have"),
    Rule.UNKNOWN_AUTHENTICATOR: _error("an authenticator that the settings do not have"),
    Rule.UNKNOWN_SKILL: _error("a skill that no agent of the settings has"),
    Rule.UNKNOWN_CALLBACK: _error("a callback for a queue that there is not, or where nobody is called back"),
    Rule.FAULTY_FLOW: _error("a subflow that has errors, or that comes back to itself"),
    Rule.UNKNOWN_VARIABLE: _error("a variable that nothing sets, or a `call.*` that there is not"),
    Rule.SPOKEN_SECRET: _error(
        "a text that says a secret without a kind such as `digits`: the speech of it would be kept"
    ),
    Rule.UNKNOWN_LANGUAGE: _error("a language that the flow does not list, or that a subflow does not speak"),
    Rule.MISSING_PROMPT: _error("a prompt with neither text nor recording in one of the flow's languages"),
    Rule.AMBIGUOUS_PHRASE: _error("a phrase that stands for two choices, or for two people"),
    Rule.UNKNOWN_WORD: _error(
        "with --speech: a phrase with a word that the recogniser of its language does not know"
    ),
    Rule.NO_EXTENSIONS: _error("`direct_dial` in a flow without `extensions`"),
    Rule.ENDLESS_LOOP: _error("a round that a caller who presses nothing never leaves"),
    Rule.FAILURE_AS_SUCCESS: _warning("a look-up that goes the same way whether it found something or failed"),
    Rule.CONDITIONAL_LOOP: _warning("a round that goes on while a condition holds, in which no node sets a variable"),
    Rule.UNREACHABLE: _warning("a node that no call comes to"),
    Rule.UNUSED_EXTENSIONS: _warning("extensions that no menu lets callers dial"),
    Rule.OVERLAPPING_KEYS: _warning("a choice that is taken late, or never, because of another"),
    Rule.LONG_MENU: _warning("more choices in a menu than people remember"),
    Rule.SIMILAR_PHRASES: _warning("phrases of two choices that sound alike, or of which one begins with the other"),
    Rule.MISSING_PHRASES: _warning("what can be said in one language of the flow and not in another"),
    Rule.SPOKEN_ONLY: _warning("a choice that can be said and not keyed"),
    Rule.NO_RECOGNIZER: _warning(
        "with --speech: a language in which something can be said, and that no recogniser serves"
    ),
    Rule.NO_PERSON: _warning(
        "a menu from which no way leads to a queue, a transfer, a subflow with one, or a return"
    ),
}
"""Every rule, in the order of ``docs/flows.md``, whose table says the same."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault."""

    where: Location
    severity: Severity
    rule: Rule
    problem: str

    def __str__(self) -> str:
        """``file:line: key: error: what is wrong and what was expected [rule]``."""
        return f"{self.where}: {self.severity.value}: {self.problem} [{self.rule}]"


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """``; did you mean "menu"?`` where one of ``known`` is near to ``name``, else what there is to choose from."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if near:
        return f'; did you mean "{near[0]}"?'
    if not names:
        return "; there are none"
    more = ", …" if len(names) > 8 else ""
    return f"; there are: {', '.join(names[:8])}{more}"
