"""Whole calls through every other kind of node: what they ask of the books and of what lies outside is done above any
switch, and what they ask of the caller is the same on each."""

from __future__ import annotations

from tests.conformance.engine.parts import ANSWERED, BYE, ENDS_TALK, GOODBYE, US
from tests.conformance.engine.vocabulary import FlowScript, Record, about
from tests.conformance.vocabulary import Need, Press, Speak

QUIET = "noinput: [], nomatch: []"

NODES = (
    FlowScript(
        "node-collect",
        "Digits are keyed, heard again and accepted.",
        "ask: {collect: [conformance.short], into: code, length: 4, read_back: [conformance.short],"
        f" confirm: [conformance.short], {QUIET}, failed: bye, next: look}}\n"
        'look: {branch: {code == "4711": bye}, otherwise: wrong}\n'
        "wrong: {hangup: [conformance.short], outcome: wrong}" + BYE,
        (Press(2.5, "4711"), Press(7.5, "1")),
        "answer | gather short for 4 digits | gather short short for 1,2 | play short | hangup 16",
        """
        node_entered ask type=collect
        collected ask into=code digits=4711 length=4
        node_left ask exit=next
        node_entered look type=branch
        branch look condition=code == "4711" to=bye
        node_left look exit=branch.code == "4711"
        """
        + GOODBYE,
        Record(ANSWERED, US, "bye", menu_s=about(8.5)),
    ),
    FlowScript(
        "node-listen",
        "Who would rather not speak presses a key.",
        "ask: {listen: [conformance.short], into: words, failed: bye, next: wrong}\n"
        "wrong: {hangup: [conformance.short], outcome: wrong}" + BYE,
        (Press(2.5, "5"),),
        "answer | gather short for #,*,0,1,2,3,4,5,6,7,8,9 | play short | hangup 16",
        """
        node_entered ask type=listen
        node_left ask exit=failed
        """
        + GOODBYE,
        Record(ANSWERED, US, "bye", menu_s=about(3.5)),
    ),
    FlowScript(
        "node-lookup",
        "A database is asked for what there is and for what there is not, and the caller is led by it.",
        "here: {lookup: orders, arguments: {order: '\"4711\"'}, into: {status: status}, missing: bye, failed: bye,"
        " next: look}\n"
        'look: {branch: {status == "sent": there}, otherwise: bye}\n'
        "there: {lookup: orders, arguments: {order: '\"1\"'}, into: {status: status}, missing: gone, failed: bye,"
        " next: bye}\n"
        "gone: {say: [conformance.short], next: bye}" + BYE,
        (),
        "answer | play short | play short | hangup 16",
        """
        node_entered here type=lookup
        looked_up here lookup=orders result=found
        node_left here exit=next
        node_entered look type=branch
        branch look condition=status == "sent" to=there
        node_left look exit=branch.status == "sent"
        node_entered there type=lookup
        looked_up there lookup=orders result=missing
        node_left there exit=missing
        node_entered gone type=say
        node_left gone exit=next
        """
        + GOODBYE,
        Record(ANSWERED, US, "bye", menu_s=(2.0, 4.0)),
        may_hold=True,
    ),
    FlowScript(
        "node-authenticate",
        "A wrong PIN, and the right one.",
        "prove: {authenticate: customers, account: '\"4711\"', pin: [conformance.short], length: 4, noinput: [],"
        " wrong: [conformance.short], failed: wrong, next: bye}\n"
        "wrong: {hangup: [conformance.short], outcome: wrong}" + BYE,
        (Press(2.5, "1111"), Press(8.0, "2580")),
        "answer | gather short for 4 digits | gather short short for 4 digits | play short | hangup 16",
        """
        node_entered prove type=authenticate
        authenticated prove result=notverified
        nomatch prove keys= count=1 left=1
        authenticated prove result=verified
        node_left prove exit=next
        """
        + GOODBYE,
        Record(ANSWERED, US, "bye", menu_s=(9.6, 13.6)),
        needs=Need.AGENTS,
        may_hold=True,
    ),
    FlowScript(
        "node-webhook",
        "What is told to others is written down, and has a number.",
        "tell: {webhook: tickets, values: {kind: '\"late\"'}, reference: ticket, failed: wrong, next: look}\n"
        "look: {branch: {length(ticket) > 3: bye}, otherwise: wrong}\n"
        "wrong: {hangup: [conformance.short], outcome: wrong}" + BYE,
        (),
        "answer | play short | hangup 16",
        """
        node_entered tell type=webhook
        webhook tell webhook=tickets failed=None
        node_left tell exit=next
        node_entered look type=branch
        branch look condition=length(ticket) > 3 to=bye
        node_left look exit=branch.length(ticket) > 3
        """
        + GOODBYE,
        Record(ANSWERED, US, "bye", menu_s=about(1.0)),
    ),
    FlowScript(
        "node-order",
        "One item is ordered, and the whole confirmed.",
        'shop: {order: [conformance.short], items: {"12": {price: 4}}, quantity: [conformance.short],'
        " confirm: [conformance.short], more: [conformance.short], total: [conformance.short], send: tickets,"
        f" {QUIET}, next_key: 2s, failed: wrong, cancelled: wrong, next: bye}}\n"
        "wrong: {hangup: [conformance.short], outcome: wrong}" + BYE,
        (Press(2.5, "12"), Press(5.5, "3#"), Press(8.5, "1"), Press(11.5, "2"), Press(14.5, "1")),
        "answer"
        " | gather short for 2 digits"
        " | gather short for 1 digits or 2 digits"
        " | gather short for 1,2"
        " | gather short for 1,2"
        " | gather short for 1,2"
        " | play short"
        " | hangup 16",
        """
        node_entered shop type=order
        order_line shop code=12 quantity=3 confirmed=True
        ordered shop lines=1 total=12 failed=None
        node_left shop exit=next
        """
        + GOODBYE,
        Record(ANSWERED, US, "bye", menu_s=about(15.5)),
    ),
    FlowScript(
        "node-payment",
        "A card is keyed, and charged once; nothing of it is in the record.",
        'pay: {payment: "19.50", gateway: cards, card: [conformance.short], expiry: [conformance.short],'
        " last_four: last4, " + QUIET + ", failed: wrong, unknown: wrong, next: look}\n"
        'look: {branch: {last4 == "1111": bye}, otherwise: wrong}\n'
        "wrong: {hangup: [conformance.short], outcome: wrong}" + BYE,
        (Press(2.5, "4111111111111111#"), Press(10.0, "1239")),
        "answer"
        " | mute"
        " | gather short for 12 to 19 digits"
        " | gather short for 4 digits"
        " | unmute"
        " | play short"
        " | hangup 16",
        """
        node_entered pay type=payment
        payment_settled gateway=cards amount=19.5 currency=EUR result=paid reason=None
        payment pay gateway=cards amount=19.5 result=paid reason=None
        node_left pay exit=next
        node_entered look type=branch
        branch look condition=last4 == "1111" to=bye
        node_left look exit=branch.last4 == "1111"
        """
        + GOODBYE,
        Record(ANSWERED, US, "bye", menu_s=(11.6, 13.6)),
        needs=Need.RECORD,
        may_hold=True,
    ),
    FlowScript(
        "node-guard",
        "A number that calls for the first time is let through.",
        "first: {guard: 1, blocked: wrong, next: bye}\nwrong: {hangup: [conformance.short], outcome: wrong}" + BYE,
        (),
        "answer | play short | hangup 16",
        """
        node_entered first type=guard
        guard first way=next calls=1
        node_left first exit=next
        """
        + GOODBYE,
        Record(ANSWERED, US, "bye", menu_s=about(1.0)),
    ),
    FlowScript(
        "node-directory",
        "A name is spelled by keys, and leads to its node.",
        "who: {directory: [conformance.short], people: {Ann: {says: [conformance.short], to: bye}}, "
        f"{QUIET}, failed: wrong}}\n"
        "wrong: {hangup: [conformance.short], outcome: wrong}" + BYE,
        (Press(2.5, "266#"), Press(6.5, "1")),
        "answer | gather short for 1 to 20 digits | gather system.directory_key short for 1 | play short | hangup 16",
        """
        node_entered who type=directory
        directory who keys=266 to=bye
        node_left who exit=people.Ann.to
        """
        + GOODBYE,
        Record(ANSWERED, US, "bye", menu_s=about(7.5)),
    ),
    FlowScript(
        "node-callback",
        "A request to be called back is confirmed and written down.",
        "call: {callback: own, confirm: [conformance.short], enter: [conformance.short],"
        " booked: [conformance.short], failed: wrong, next: bye}\n"
        "wrong: {hangup: [conformance.short], outcome: wrong}" + BYE,
        (Press(2.5, "1"),),
        "answer | gather short for 1,2 | play short | play short | hangup 16",
        """
        node_entered call type=callback
        callback call queue=own failed=None
        node_left call exit=next
        """
        + GOODBYE,
        Record(ANSWERED, US, "bye", menu_s=about(4.5)),
    ),
    FlowScript(
        "node-transfer-to",
        "A number that no rule allows is not dialled.",
        "out: {transfer_to: '\"+19005550199\"', failed: wrong, refused: bye}\n"
        "wrong: {hangup: [conformance.short], outcome: wrong}" + BYE,
        (),
        "answer | play short | hangup 16",
        """
        node_entered out type=transfer_to
        transfer_started out destination=+19005550199
        transfer_refused out destination=+19005550199 rule=off
        node_left out exit=refused
        """
        + GOODBYE,
        Record(ANSWERED, US, "bye", menu_s=about(1.0)),
    ),
    FlowScript(
        "node-survey",
        "Two questions are answered by keys.",
        "ask: {survey: [{id: agent, kind: csat, ask: [conformance.short]}, {id: again, kind: nps,"
        f" ask: [conformance.short]}}], {QUIET}, failed: wrong, next: bye}}\n"
        "wrong: {hangup: [conformance.short], outcome: wrong}" + BYE,
        (Press(2.5, "5"), Press(5.5, "10")),
        "answer | gather short for *,1,2,3,4,5 | gather short for *,0,1,10,2,3,4,5,6,7,8,9 | play short | hangup 16",
        """
        node_entered ask type=survey
        survey_answer ask question=agent asks=csat value=5
        survey_answer ask question=again asks=nps value=10
        survey_ended ask survey=survey asked=2 answered=2 failed=None
        node_left ask exit=next
        """
        + GOODBYE,
        Record(ANSWERED, US, "bye", menu_s=about(6.7)),
    ),
    FlowScript(
        "node-subflow",
        "Another flow is gone through, and comes back with a word and a value.",
        "ask: {subflow: own, arguments: {asked: '\"order\"'}, into: {got: answer}, returns: {right: look},"
        " next: wrong}\n"
        'look: {branch: {got == "order!": bye}, otherwise: wrong}\n'
        "wrong: {hangup: [conformance.short], outcome: wrong}" + BYE,
        (Press(2.5, "1"),),
        "answer | gather short for 1 | play short | hangup 16",
        """
        node_entered ask type=subflow
        node_entered node-subflow-inner/menu type=menu
        choice node-subflow-inner/menu keys=1 to=keep barged_in=False
        node_left node-subflow-inner/menu exit=keys.1
        node_entered node-subflow-inner/keep type=set
        node_left node-subflow-inner/keep exit=next
        node_entered node-subflow-inner/done type=return
        node_left node-subflow-inner/done exit=return
        subflow_returned ask flow=node-subflow-inner word=right
        node_left ask exit=returns.right
        node_entered look type=branch
        branch look condition=got == "order!" to=bye
        node_left look exit=branch.got == "order!"
        """
        + GOODBYE,
        Record(ANSWERED, US, "bye", menu_s=about(3.5)),
        inner='menu: {menu: [conformance.short], keys: {"1": keep}, noinput: [], nomatch: [], failed: done}\n'
        "keep: {set: {answer: asked + '!'}, next: done}\n"
        "done: {return: right}",
    ),
    FlowScript(
        "node-voicemail",
        "A message is left, and kept.",
        "leave: {voicemail: box, greeting: [conformance.short], longest: 20s, silence: 2s, review: [],"
        " sent: [conformance.short], empty: [conformance.short], failed: wrong, next: bye}\n"
        "wrong: {hangup: [conformance.short], outcome: wrong}" + BYE,
        (Speak(2.5, 3.0), Press(6.5, "#")),
        "answer | record short for 20 | play short | play short | hangup 16",
        """
        node_entered leave type=voicemail
        voicemail leave mailbox=box ended_by=key failed=None
        node_left leave exit=next
        """
        + GOODBYE,
        Record(ANSWERED, US, "bye", menu_s=about(8.5)),
        needs=Need.RECORD,
    ),
    FlowScript(
        "node-record",
        "The call is recorded from here on.",
        "tape: {record: start, failed: wrong, next: bye}\nwrong: {hangup: [conformance.short], outcome: wrong}" + BYE,
        (),
        "answer | start recording | play short | hangup 16",
        """
        node_entered tape type=record
        recording tape what=start failed=None
        node_left tape exit=next
        """
        + GOODBYE,
        Record(ANSWERED, US, "bye", menu_s=about(1.0)),
        needs=Need.RECORD,
    ),
    FlowScript(
        "node-emergency",
        "Somebody in need meets an agent at once.",
        "help: {emergency: own, failed: bye, next: bye}" + BYE,
        (),
        "answer | hold | connect | play short | hangup 16",
        """
        node_entered help type=emergency
        queue_entered help queue=own priority=1000
        agent_offered help agent=own
        agent_connected help agent=own
        talk_ended agent=own by=agent
        queue_served help queue=own
        node_left help exit=next
        """
        + GOODBYE,
        Record(ANSWERED, US, "bye", talks=1, in_queue=True, menu_s=about(1.0), wait_s=about(0.0), talk_s=about(1.5)),
        agent=ENDS_TALK,
        needs=Need.AGENTS,
    ),
)
