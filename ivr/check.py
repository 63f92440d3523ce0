"""``check``: everything that is wrong with a flow file, at once, each with file, line, key and what was expected.

An error keeps the flow from being used; a warning is told and does not. :data:`ivr.faults.RULES` lists the rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import assert_never

from calls.errors import FlowError
from calls.ids import FlowId
from ivr.check_lookups import Parameters, lookup_faults
from ivr.check_voice import Dictionary, voice_faults
from ivr.expressions import CALL
from ivr.faults import RULES, Fault, Rule, Severity, did_you_mean
from ivr.flow import SYSTEM_PROMPTS, Flow, compiled
from ivr.graph import Graph
from ivr.nodes.base import Need, NodeModel, Place
from ivr.nodes.collect import Collect
from ivr.nodes.language import Language
from ivr.nodes.lookup import LookupNode
from ivr.nodes.menu import SAID, Menu
from ivr.nodes.order import OrderNode
from ivr.nodes.phrases import of_language
from ivr.nodes.subflow import Return, Subflow
from ivr.nodes.voice import PROMPTS as VOICE_PROMPTS
from ivr.reading import Reading, read_flow
from ivr.turn import CALL_NAMES, Phrases
from prompts.phrases import Phrase, slots
from prompts.spoken import Kind

LONG_MENU = 5
"""Choices that a caller keeps in mind. Source: the complaints in call-centre surveys of menus that are too long."""

SHOWN_ROUND = 8
"""How many nodes of a round a message names."""


@dataclass(frozen=True, slots=True)
class Known:
    """What there is outside of the flow. None: not known, and not checked."""

    queues: frozenset[str] | None = None
    destinations: frozenset[str] | None = None
    prompts: Mapping[str, frozenset[str]] | None = None
    """The keys of the prompts by language."""
    phrases: Phrases = field(default_factory=dict)
    """The texts with places for values, by language and key."""
    webhooks: frozenset[str] | None = None
    gateways: frozenset[str] | None = None
    lookups: Parameters | None = None
    """The look-ups, and the placeholders of each."""
    authenticators: frozenset[str] | None = None
    skills: frozenset[str] | None = None
    callbacks: frozenset[str] | None = None
    """The queues whose callers can be called back."""
    dictionary: Dictionary | None = None
    """Which words the recognisers do not know."""

    def of(self, need: Need) -> frozenset[str] | None:
        """The names of what ``need`` is; flows are looked for in the folder of the one that is checked."""
        match need:
            case Need.QUEUE:
                return self.queues
            case Need.DESTINATION:
                return self.destinations
            case Need.FLOW:
                return None
            case Need.WEBHOOK:
                return self.webhooks
            case Need.GATEWAY:
                return self.gateways
            case Need.LOOKUP:
                return None if self.lookups is None else frozenset(self.lookups)
            case Need.AUTHENTICATOR:
                return self.authenticators
            case Need.SKILL:
                return self.skills
            case Need.CALLBACK:
                return self.callbacks
            case _:
                assert_never(need)


@dataclass(frozen=True, slots=True)
class Draft:
    """The text of a flow that is not, or not yet, in its folder. ``file``: what messages name."""

    file: Path
    source: bytes


Drafts = Mapping[str, Draft]
"""By the flows' ids."""
NO_DRAFTS: Drafts = MappingProxyType({})


@dataclass(slots=True)
class _Checked:
    """One flow file, what is wrong with it, and the flows that it calls."""

    reading: Reading
    faults: list[Fault]
    subflows: dict[FlowId, Flow] = field(default_factory=dict)

    @property
    def errors(self) -> list[Fault]:
        """Why it cannot be used."""
        return [fault for fault in self.faults if fault.severity is Severity.ERROR]


def check(path: Path, known: Known, drafts: Drafts = NO_DRAFTS) -> list[Fault]:
    """All faults of the flow in ``path``, in the order of their lines; texts are taken from ``drafts`` as by
    :func:`load`."""
    return _checked(path, known, (), drafts).faults


def load(path: Path, known: Known, drafts: Drafts = NO_DRAFTS) -> Flow:
    """The flow in ``path``, ready to run; its id is the file's name without its suffix.

    It, and every flow that it calls, is taken from ``drafts`` where it is among them.

    Raises:
        FlowError: it has an error. The message is that of the first; :func:`check` gives all.
    """
    checked = _checked(path, known, (), drafts)
    errors = checked.errors
    if errors:
        more = f" (and {len(errors) - 1} more: callwright ivr check {path})" if len(errors) > 1 else ""
        raise FlowError(f"{errors[0].problem}{more}", errors[0].where)
    return _flow(path, checked, known)


def _flow(path: Path, checked: _Checked, known: Known) -> Flow:
    reading = checked.reading
    if reading.file is None:
        raise RuntimeError(f"{path}: no flow and no fault")
    return compiled(path.stem, reading.document.raw, reading.file, checked.subflows, known.phrases)


def _checked(path: Path, known: Known, callers: tuple[str, ...], drafts: Drafts = NO_DRAFTS) -> _Checked:
    """The flow in ``path``, which is called by ``callers``, the first of them first."""
    draft = drafts.get(path.stem)
    reading = read_flow(path) if draft is None else read_flow(draft.file, draft.source)
    checked = _Checked(reading, list(reading.faults))
    checked.faults += [
        *_names(reading),
        *_needs(reading, known),
        *_variables(reading),
        *_languages(reading),
        *_prompts(reading, known),
        *_slots(reading, known),
        *_keys(reading),
        *_lookups(reading, known),
        *_voice(reading, known),
        *_subflows(path, known, callers, drafts, checked),
    ]
    if reading.file is not None:
        checked.faults.extend(_ways(checked))
    checked.faults.sort(key=lambda fault: fault.where.line or 0)
    return checked


def _error(reading: Reading, path: Place, rule: Rule, problem: str) -> Fault:
    return Fault(reading.document.location(path), Severity.ERROR, rule, problem)


def _warning(reading: Reading, path: Place, rule: Rule, problem: str) -> Fault:
    return Fault(reading.document.location(path), Severity.WARNING, rule, problem)


def _told(reading: Reading, path: Place, rule: Rule, problem: str) -> Fault:
    """A fault as grave as its rule is."""
    return Fault(reading.document.location(path), RULES[rule].severity, rule, problem)


def _names(reading: Reading) -> Iterator[Fault]:
    """Ways to nodes that do not exist."""
    entries = (("start", reading.start), ("fault", reading.fault))
    ways: list[tuple[Place, str]] = [((key,), to) for key, to in entries if to is not None]
    ways += [(("extensions", digits), to) for digits, to in reading.extensions.items()]
    for name, node in reading.nodes.items():
        ways += [(("nodes", name, *exit.path), exit.to) for exit in node.exits({})]
    for path, to in ways:
        if to not in reading.names:
            yield _error(
                reading, path, Rule.UNKNOWN_NODE, f'there is no node "{to}"{did_you_mean(to, reading.names)}'
            )


def _needs(reading: Reading, known: Known) -> Iterator[Fault]:
    """Names that the settings do not have."""
    for name, node in reading.nodes.items():
        for path, need, wanted in node.needs():
            there = known.of(need)
            if there is not None and wanted not in there:
                problem = f'there is no {need.value} "{wanted}" in the settings{did_you_mean(wanted, there)}'
                yield _error(reading, ("nodes", name, *path), Rule(f"unknown-{need.value}"), problem)


def _variables(reading: Reading) -> Iterator[Fault]:
    """Variables that are read and that nothing sets."""
    if reading.file is None or reading.variables is None:
        return  # what sets them may stand in what could not be read
    there = reading.variables | _set_somewhere(reading)
    for name, node in reading.nodes.items():
        for path, expression in node.expressions():
            for variable in sorted(expression.names - there - CALL_NAMES.keys()):
                of_call = variable.startswith(f"{CALL}.")
                near = did_you_mean(variable, CALL_NAMES if of_call else there)
                problem = f'there is no "{variable}"{near}' if of_call else f'nothing sets "{variable}"{near}'
                yield _error(reading, ("nodes", name, *path), Rule.UNKNOWN_VARIABLE, problem)


def _set_somewhere(reading: Reading) -> frozenset[str]:
    return frozenset(variable for node in reading.nodes.values() for _, variable in node.sets())


def _languages(reading: Reading) -> Iterator[Fault]:
    """Languages that are to be spoken and that the flow does not list."""
    for name, node in reading.nodes.items():
        if isinstance(node, Language) and reading.languages and node.language not in reading.languages:
            problem = f'"{node.language}" is none of the languages of the flow; add it to languages'
            yield _error(reading, ("nodes", name, "language"), Rule.UNKNOWN_LANGUAGE, problem)


def _subflows(
    path: Path, known: Known, callers: tuple[str, ...], drafts: Drafts, checked: _Checked
) -> Iterator[Fault]:
    """What is wrong with the flows that this one calls. Those that are right are put into ``checked``."""
    reading = checked.reading
    way = (*callers, path.stem)
    inners: dict[str, _Checked] = {}
    for name, node in reading.nodes.items():
        if not isinstance(node, Subflow):
            continue
        at: Place = ("nodes", name, "subflow")
        file = path.with_name(f"{node.subflow}.yaml")
        if node.subflow in way:
            round_ = " -> ".join((*way[way.index(node.subflow) :], node.subflow))
            yield _error(reading, at, Rule.FAULTY_FLOW, f"the flow comes back to itself: {round_}")
        elif node.subflow not in drafts and not file.is_file():
            there = sorted(each.stem for each in path.parent.glob("*.yaml") if each.stem != path.stem)
            problem = f'there is no flow "{node.subflow}" beside this one{did_you_mean(node.subflow, there)}'
            yield _error(reading, at, Rule.UNKNOWN_FLOW, problem)
        else:
            if node.subflow not in inners:
                inners[node.subflow] = _checked(file, known, way, drafts)
            inner = inners[node.subflow]
            if inner.errors:
                problem = f'the flow "{node.subflow}" cannot be used: {inner.errors[0]}'
                yield _error(reading, at, Rule.FAULTY_FLOW, problem)
                continue
            if FlowId(node.subflow) not in checked.subflows:
                checked.subflows[FlowId(node.subflow)] = _flow(file, inner, known)
            yield from _call(reading, name, node, inner.reading)


def _call(reading: Reading, name: str, node: Subflow, inner: Reading) -> Iterator[Fault]:
    """What does not fit between a flow and the one that it calls."""
    declared = inner.variables or frozenset()
    for variable in node.arguments:
        if variable not in declared:
            problem = f'the flow "{node.subflow}" declares no variable "{variable}"{did_you_mean(variable, declared)}'
            yield _error(reading, ("nodes", name, "arguments", variable), Rule.UNKNOWN_VARIABLE, problem)
    theirs = declared | _set_somewhere(inner)
    for variable, wanted in node.into.items():
        if wanted not in theirs:
            problem = f'nothing in the flow "{node.subflow}" sets "{wanted}"{did_you_mean(wanted, theirs)}'
            yield _error(reading, ("nodes", name, "into", variable), Rule.UNKNOWN_VARIABLE, problem)
    if lacking := [language for language in reading.languages if language not in inner.languages]:
        problem = f'the flow "{node.subflow}" does not speak {", ".join(lacking)}; add it to its languages'
        yield _error(reading, ("nodes", name, "subflow"), Rule.UNKNOWN_LANGUAGE, problem)


def _prompts(reading: Reading, known: Known) -> Iterator[Fault]:
    """Prompts that callers of this flow would not hear."""
    if known.prompts is None:
        return
    for language in reading.languages:
        place: Place = ("language",) if language == reading.language else ("languages",)
        if language not in known.prompts:
            problem = f'there are no prompts in "{language}"{did_you_mean(language, known.prompts)}'
            yield _error(reading, place, Rule.MISSING_PROMPT, problem)
            continue
        there = known.prompts[language]
        speaks = reading.file is not None and reading.file.speaks
        for key in (*SYSTEM_PROMPTS, *(VOICE_PROMPTS if speaks else ())):
            if key not in there:
                who = "every flow" if key in SYSTEM_PROMPTS else "a flow that is answered by voice"
                problem = f'{who} needs the prompt "{key}", and there is none in {language}; add its text'
                yield _error(reading, place, Rule.MISSING_PROMPT, problem)
        for name, node in reading.nodes.items():
            for path, key in node.prompts():
                if key not in there:
                    near = did_you_mean(key, there)
                    hint = near if "did you mean" in near else f"; add its text{_example(node, key, language)}"
                    problem = f'there is no prompt "{key}" in {language}{hint}'
                    yield _error(reading, ("nodes", name, *path), Rule.MISSING_PROMPT, problem)


def _example(node: NodeModel, key: str, language: str) -> str:
    """The text of a choice's name, where its phrases show one."""
    written = node.phrases.get(key.removeprefix(SAID)) if isinstance(node, Menu) and key.startswith(SAID) else None
    said = of_language(written, language) if written is not None else None
    return f", such as {key}: {said[0]}" if said else ""


def _slots(reading: Reading, known: Known) -> Iterator[Fault]:
    """Texts that say variables which nothing sets, or secrets in a way that is kept."""
    if reading.file is None or reading.variables is None:
        return
    there = reading.variables | _set_somewhere(reading)
    secrets = {node.into for node in reading.nodes.values() if isinstance(node, Collect) and node.secret}
    for language in reading.languages:
        phrases = known.phrases.get(language, {})
        for name, node in reading.nodes.items():
            for path, key in node.prompts():
                for variable in sorted(_said(phrases.get(key, ())) - there):
                    near = did_you_mean(variable, there)
                    problem = f'"{key}" in {language} says "{variable}", which nothing sets{near}'
                    yield _error(reading, ("nodes", name, *path), Rule.UNKNOWN_VARIABLE, problem)
                for slot in slots(phrases.get(key, ())):
                    if slot.name in secrets and slot.kind is Kind.TEXT:
                        problem = f'"{key}" in {language} says the secret "{slot.name}"; write {{{slot.name}:digits}}'
                        yield _error(reading, ("nodes", name, *path), Rule.SPOKEN_SECRET, problem)


def _said(phrase: Phrase) -> frozenset[str]:
    """The variables that a text says."""
    held = slots(phrase)
    currencies = (slot.currency_name for slot in held)
    return frozenset((*(slot.name for slot in held), *(name for name in currencies if name is not None)))


def _keys(reading: Reading) -> Iterator[Fault]:
    """Menus whose keys get in each other's way, or are too many."""
    dials = False
    written = ("extensions",) in reading.document.lines
    for name, node in reading.nodes.items():
        if not isinstance(node, Menu):
            continue
        place: Place = ("nodes", name)
        if len(node.keys) > LONG_MENU:
            problem = f"offers {len(node.keys)} choices; people remember {LONG_MENU}: split it"
            yield _warning(reading, (*place, "keys"), Rule.LONG_MENU, problem)
        dials = dials or node.direct_dial
        if node.direct_dial and not reading.extensions and (reading.file is not None or not written):
            problem = "direct dial needs extensions; add them at the top of the flow, or take direct_dial out"
            yield _error(reading, (*place, "direct_dial"), Rule.NO_EXTENSIONS, problem)
        yield from _overlaps(reading, place, node)
    if reading.file is not None and reading.extensions and not dials:
        problem = "no menu lets callers dial the extensions; add direct_dial: true to one, or take them out"
        yield _warning(reading, ("extensions",), Rule.UNUSED_EXTENSIONS, problem)


def _lookups(reading: Reading, known: Known) -> Iterator[Fault]:
    """Look-ups that do not fit their sources, or hide that they failed."""
    for name, node in reading.nodes.items():
        if isinstance(node, LookupNode | OrderNode):
            for path, rule, problem in lookup_faults(node, known.lookups or {}):
                yield _told(reading, ("nodes", name, *path), rule, problem)


def _voice(reading: Reading, known: Known) -> Iterator[Fault]:
    """Phrases that callers cannot say, or that are easily misheard."""
    for path, rule, problem in voice_faults(reading, known.dictionary):
        yield _told(reading, path, rule, problem)


def _overlaps(reading: Reading, place: Place, menu: Menu) -> Iterator[Fault]:
    """Sequences of a menu that begin with another, or are the same."""
    extensions = reading.extensions if menu.direct_dial else {}
    sequences = [*menu.keys, *(digits for digits in extensions if digits not in menu.keys)]
    for keys in menu.keys:
        if keys in extensions:
            problem = f"is a key and an extension: the key goes first, so extension {keys} is never reached here"
            yield _warning(reading, (*place, "keys", keys), Rule.OVERLAPPING_KEYS, problem)
    for keys in sequences:
        longer = sorted(other for other in sequences if other != keys and other.startswith(keys))
        if longer:
            named = ", ".join(longer[:3]) + (", …" if len(longer) > 3 else "")
            why = f"{named} {'begin' if len(longer) > 1 else 'begins'} with it"
            problem = f"{keys} is taken only after {menu.next_key:g}s without a further key, because {why}"
            at: Place = (*place, "keys", keys) if keys in menu.keys else ("extensions", keys)
            yield _warning(reading, at, Rule.OVERLAPPING_KEYS, problem)


def _leads_on(node: NodeModel, subflows: Mapping[FlowId, Flow]) -> bool:
    """True where the node, or the flow that it calls, brings the caller to a person, or back to a flow that may."""
    match node:
        case Return():
            return True
        case Subflow():
            flow = subflows.get(FlowId(node.subflow))  # one that cannot be used has an error of its own
            return flow is None or any(
                inner.reaches_person for each in flow.with_subflows() for inner in each.nodes.values()
            )
        case _:
            return node.reaches_person


def _ways(checked: _Checked) -> Iterator[Fault]:
    """What only the whole graph shows."""
    reading = checked.reading
    graph = Graph(reading.nodes, reading.extensions)
    rounds = graph.endless()
    for nodes in rounds:
        way = _shown(nodes)
        problem = f"a caller who presses nothing goes round for ever: {way}; lead one of them to a person or a hangup"
        yield _error(reading, ("nodes", nodes[0]), Rule.ENDLESS_LOOP, problem)
    for nodes in graph.conditional():
        still = not any(any(reading.nodes[name].sets()) for name in nodes)
        if still and not any(set(nodes) >= set(each) for each in rounds):
            problem = f"goes round while a condition holds, and nothing there changes it: {_shown(nodes)}"
            yield _warning(reading, ("nodes", nodes[0]), Rule.CONDITIONAL_LOOP, problem)
    persons = graph.leading_to(name for name, node in reading.nodes.items() if _leads_on(node, checked.subflows))
    reached = graph.reached(name for name in (reading.start, reading.fault) if name is not None)
    whole = all(fault.rule != Rule.UNKNOWN_NODE for fault in _names(reading))
    for name, node in reading.nodes.items():
        if name not in reached and whole:
            yield _warning(
                reading, ("nodes", name), Rule.UNREACHABLE, "no call comes here; lead a way to it or take it out"
            )
        elif name not in persons and isinstance(node, Menu):
            problem = "no way leads from this menu to a person; add a key for a queue or a transfer"
            yield _warning(reading, ("nodes", name), Rule.NO_PERSON, problem)


def _shown(nodes: tuple[str, ...]) -> str:
    """A round as a message shows it."""
    return " -> ".join((*nodes, nodes[0]) if len(nodes) <= SHOWN_ROUND else (*nodes[:SHOWN_ROUND], "…"))
