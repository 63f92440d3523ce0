"""Whole calls that need no more than a menu."""

from __future__ import annotations

from calls.causes import Outcome
from tests.conformance.engine.parts import ANSWERED, BYE, CALLER, FAR_END, GOODBYE, US
from tests.conformance.engine.vocabulary import FlowScript, Record, about
from tests.conformance.vocabulary import HangUp, Press

MENUS = (
    FlowScript(
        "call-say",
        "Prompts are played, and our goodbye ends the call.",
        "welcome: {say: [conformance.short, conformance.short], next: bye}" + BYE,
        (),
        "answer | play short short | play short | hangup 16",
        """
        node_entered welcome type=say
        node_left welcome exit=next
        """
        + GOODBYE,
        Record(ANSWERED, US, "bye", menu_s=about(3.0)),
    ),
    FlowScript(
        "call-right-key",
        "A right key leads on.",
        'menu: {menu: [conformance.short], keys: {"1": more, "*": bye}, noinput: [], nomatch: [], failed: bye}\n'
        "more: {say: [conformance.short], next: bye}" + BYE,
        (Press(2.5, "1"),),
        "answer | gather short for *,1 | play short | play short | hangup 16",
        """
        node_entered menu type=menu
        choice menu keys=1 to=more barged_in=False
        node_left menu exit=keys.1
        node_entered more type=say
        node_left more exit=next
        """
        + GOODBYE,
        Record(ANSWERED, US, "bye", menu_s=about(4.5)),
    ),
    FlowScript(
        "call-star-barges-in",
        "A key during the prompt stops it, * as any other.",
        'menu: {menu: [conformance.long], keys: {"1": menu, "*": bye}, noinput: [], nomatch: [], failed: bye}' + BYE,
        (Press(2.0, "*"),),
        "answer | gather long for *,1 | play short | hangup 16",
        """
        node_entered menu type=menu
        choice menu keys=* to=bye barged_in=True
        node_left menu exit=keys.*
        """
        + GOODBYE,
        Record(ANSWERED, US, "bye", menu_s=about(3.0)),
    ),
    FlowScript(
        "call-wrong-key",
        "A wrong key costs a try; the menu is played again after its own prompt, and a right key leads on.",
        'menu: {menu: [conformance.short], keys: {"1": bye}, noinput: [], nomatch: [conformance.short], failed: bye}'
        + BYE,
        (Press(2.5, "9"), Press(6.0, "1")),
        "answer | gather short for 1 | gather short short for 1 | play short | hangup 16",
        """
        node_entered menu type=menu
        nomatch menu keys=9 count=1 left=1
        choice menu keys=1 to=bye barged_in=False
        node_left menu exit=keys.1
        """
        + GOODBYE,
        Record(ANSWERED, US, "bye", menu_s=about(7.0)),
    ),
    FlowScript(
        "call-wrong-keys",
        "When the tries are used up the caller goes on without a key.",
        'menu: {menu: [conformance.long], keys: {"1": bye}, noinput: [], nomatch: [conformance.short], failed: end}\n'
        "end: {hangup: [], outcome: no_key}" + BYE,
        (Press(2.0, "9"), Press(4.0, "#")),
        "answer | gather long for 1 | gather short long for 1 | hangup 16",
        """
        node_entered menu type=menu
        nomatch menu keys=9 count=1 left=1
        nomatch menu keys=# count=2 left=0
        node_left menu exit=failed
        node_entered end type=hangup
        node_left end exit=hangup
        hung_up end by=us
        outcome end outcome=no_key
        """,
        Record(ANSWERED, US, "end", menu_s=about(4.0)),
    ),
    FlowScript(
        "call-silence",
        "Silence costs a try after the first key's time; then the caller goes on without a key.",
        'menu: {menu: [conformance.short], keys: {"1": bye}, noinput: [conformance.short], first_key: 1.5s,'
        " failed: bye}" + BYE,
        (),
        "answer | gather short for 1 | gather short short for 1 | play short | hangup 16",
        """
        node_entered menu type=menu
        noinput menu count=1 left=1
        noinput menu count=2 left=0
        node_left menu exit=failed
        """
        + GOODBYE,
        Record(ANSWERED, US, "bye", menu_s=about(7.0)),
    ),
    FlowScript(
        "call-no-barge-in",
        "Without barge-in a key during the prompt is none, in a menu as in a say.",
        "welcome: {say: [conformance.short], next: menu}\n"
        'menu: {menu: [conformance.long], keys: {"1": bye}, barge_in: false, noinput: [], first_key: 1.5s,'
        " failed: bye}" + BYE,
        (Press(0.8, "1"), Press(3.0, "1")),
        "answer | play short | gather long whole for 1 | play short | hangup 16",
        """
        node_entered welcome type=say
        node_left welcome exit=next
        node_entered menu type=menu
        noinput menu count=1 left=0
        node_left menu exit=failed
        """
        + GOODBYE,
        Record(ANSWERED, US, "bye", menu_s=about(7.5)),
    ),
    FlowScript(
        "call-keys-ahead",
        "Keys pressed one after another choose in one menu after another.",
        'menu: {menu: [conformance.short], keys: {"1": other}, noinput: [], nomatch: [], failed: bye}\n'
        'other: {menu: [conformance.long], keys: {"2": bye}, noinput: [], nomatch: [], failed: menu}' + BYE,
        (Press(2.5, "12"),),
        "answer | gather short for 1 | gather long for 2 | play short | hangup 16",
        """
        node_entered menu type=menu
        choice menu keys=1 to=other barged_in=False
        node_left menu exit=keys.1
        node_entered other type=menu
        choice other keys=2 to=bye barged_in=True
        node_left other exit=keys.2
        """
        + GOODBYE,
        Record(ANSWERED, US, "bye", menu_s=about(3.7)),
    ),
    FlowScript(
        "call-direct-dial",
        "An extension may be dialled in a menu.",
        'menu: {menu: [conformance.short], keys: {"2": menu}, direct_dial: true, noinput: [], nomatch: [],'
        " failed: bye}" + BYE,
        (Press(2.5, "200"),),
        "answer | gather short for 2,200,201 | play short | hangup 16",
        """
        node_entered menu type=menu
        direct_dial menu keys=200 to=bye barged_in=False
        node_left menu exit=direct_dial
        """
        + GOODBYE,
        Record(ANSWERED, US, "bye", menu_s=about(3.9)),
        head='extensions: {"200": bye, "201": menu}',
    ),
    FlowScript(
        "call-direct-dial-wrong",
        "An extension that does not exist costs one try, not one for each of its digits.",
        'menu: {menu: [conformance.short], keys: {"1": menu}, direct_dial: true, noinput: [], nomatch: [],'
        " failed: bye}" + BYE,
        (Press(2.5, "299"),),
        "answer | gather short for 1,200 | gather for 1 digits | play short | hangup 16",
        """
        node_entered menu type=menu
        nomatch menu keys=299 count=1 left=0
        node_left menu exit=failed
        """
        + GOODBYE,
        Record(ANSWERED, US, "bye", menu_s=about(3.9)),
        head='extensions: {"200": bye}',
    ),
    FlowScript(
        "call-hours",
        "Hours lead one way while open and another while closed, and the caller hears nothing of it.",
        'never: {hours: {mon-sun: "closed"}, zone: Europe/Berlin, open: end, closed: always}\n'
        'always: {hours: {mon-sun: "00:00-24:00"}, zone: Europe/Berlin, open: bye, closed: end}\n'
        "end: {hangup: []}" + BYE,
        (),
        "answer | play short | hangup 16",
        """
        node_entered never type=hours
        hours never way=closed overridden=False
        node_left never exit=closed
        node_entered always type=hours
        hours always way=open overridden=False
        node_left always exit=open
        """
        + GOODBYE,
        Record(ANSWERED, US, "bye", menu_s=about(1.0)),
    ),
    FlowScript(
        "call-branch",
        "A split, a variable, a condition, a language and a jump lead the caller, who hears nothing of it.",
        "share: {split: {count: 80, end: 20}}\n"
        "count: {set: {tries: tries + 2}, next: look}\n"
        "look: {branch: {tries > 2: end, tries == 2: tongue}, otherwise: end}\n"
        "tongue: {language: en, next: hop}\n"
        "hop: {goto: bye}\n"
        "end: {hangup: []}" + BYE,
        (),
        "answer | play short | hangup 16",
        """
        node_entered share type=split
        split share arm=count
        node_left share exit=split.count
        node_entered count type=set
        node_left count exit=next
        node_entered look type=branch
        branch look condition=tries == 2 to=tongue
        node_left look exit=branch.tries == 2
        node_entered tongue type=language
        language tongue language=en
        node_left tongue exit=next
        node_entered hop type=goto
        node_left hop exit=goto
        """
        + GOODBYE,
        Record(ANSWERED, US, "bye", menu_s=about(1.0)),
        head="variables: {tries: 0}",
    ),
    FlowScript(
        "call-opt-out",
        "A caller who asks for it is on the do-not-call list before the goodbye.",
        'menu: {menu: [conformance.short], keys: {"9": out}, noinput: [], nomatch: [], failed: end}\n'
        "out: {opt_out: call.customer, failed: end, next: bye}\n"
        "end: {hangup: []}" + BYE,
        (Press(2.5, "9"),),
        "answer | gather short for 9 | play short | hangup 16",
        """
        node_entered menu type=menu
        choice menu keys=9 to=out barged_in=False
        node_left menu exit=keys.9
        node_entered out type=opt_out
        opted_out out failed=None
        node_left out exit=next
        """
        + GOODBYE,
        Record(ANSWERED, US, "bye", is_opted_out=True, menu_s=about(3.5)),
    ),
    FlowScript(
        "call-nobody-logged-in",
        "Where no agent is logged in the caller does not wait.",
        "sales: {queue: own, failed: sorry, nobody: bye}\nsorry: {hangup: []}" + BYE,
        (),
        "answer | play short | hangup 16",
        """
        node_entered sales type=queue
        queue_entered sales queue=own priority=0
        queue_left sales queue=own reason=nobody
        node_left sales exit=nobody
        """
        + GOODBYE,
        Record(ANSWERED, US, "bye", menu_s=about(1.0)),
    ),
    FlowScript(
        "call-left-in-prompt",
        "A caller who hangs up in a prompt has dropped off there.",
        "welcome: {say: [conformance.long], next: bye}" + BYE,
        (HangUp(2.0),),
        "answer | play long",
        """
        node_entered welcome type=say
        hung_up welcome by=caller
        node_left welcome exit=hung_up
        outcome welcome outcome=hung_up
        """,
        Record(ANSWERED, CALLER, "welcome", FAR_END, menu_s=about(2.0)),
    ),
    FlowScript(
        "call-left-in-menu",
        "A caller who hangs up after a first key of two has chosen nothing.",
        'menu: {menu: [conformance.short], keys: {"42": bye}, next_key: 5s, noinput: [], nomatch: [], failed: bye}'
        + BYE,
        (Press(2.5, "4"), HangUp(4.0)),
        "answer | gather short for 42",
        """
        node_entered menu type=menu
        hung_up menu by=caller
        node_left menu exit=hung_up
        outcome menu outcome=hung_up
        """,
        Record(ANSWERED, CALLER, "menu", FAR_END, menu_s=about(4.0)),
    ),
    FlowScript(
        "call-left-in-goodbye",
        "A caller who hangs up in the goodbye has had what the flow had to give.",
        "bye: {hangup: [conformance.long]}",
        (HangUp(2.0),),
        "answer | play long",
        """
        node_entered bye type=hangup
        hung_up bye by=caller
        node_left bye exit=hung_up
        outcome bye outcome=completed
        """,
        Record(ANSWERED, CALLER, "bye", FAR_END, menu_s=about(2.0)),
    ),
    FlowScript(
        "call-lost-prompt",
        "A prompt that is lost is a fault of ours: the caller hears an apology, and the record says failed.",
        "lost: {say: [conformance.lost], next: bye}" + BYE,
        (),
        "answer | play lost | play system.sorry | hangup 16",
        """
        node_entered lost type=say
        fault error=CommandRefused: there is no prompt conformance.lost in en
        hung_up lost by=us
        node_left lost exit=hung_up
        outcome lost outcome=hung_up
        """,
        Record(Outcome.FAILED, US, "lost", menu_s=about(1.0)),
    ),
    FlowScript(
        "call-unknown-number",
        "A number that no flow takes is refused with cause 1, unanswered.",
        "",
        (),
        "hangup 1",
        "",
        Record(Outcome.REJECTED, US, causes=frozenset({1}), is_answered=False),
    ),
)
