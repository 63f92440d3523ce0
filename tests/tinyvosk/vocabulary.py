"""What the model knows: words and sentences of telephone menus."""

from __future__ import annotations

DIGITS = "zero oh one two three four five six seven eight nine".split()

_NUMBERS = (
    "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty thirty forty fifty sixty"
    " seventy eighty ninety hundred thousand"
)
_ANSWERS = "yes no yeah nope yep okay correct wrong right"
MENU = (
    "sales support billing agent operator representative repeat help cancel main menu back go previous exit quit"
    " goodbye hello account balance payment pay bill order orders status delivery technical service customer"
    " information hours location address directions appointment schedule confirm change new existing reservation"
    " booking emergency nurse doctor pharmacy english spanish french press pound star hash next more options stop"
    " start continue return again human person someone live reception receptionist manager voicemail leave message"
    " record accounting marketing shipping returns refund refunds complaint complaints insurance claims claim"
    " internet mobile television phone number card credit debit savings checking transfer call me my the a an to and"
    " for in on of is i want need would like speak talk with please thank you department left end finish skip"
    " password pin code security fraud report lost stolen activate renew upgrade downgrade office home work"
).split()
_DAYS = (
    "monday tuesday wednesday thursday friday saturday sunday today tomorrow morning afternoon evening night january"
    " february march april may june july august september october november december first second third last"
)
_NAMES = (
    "john smith mary jones david brown anna miller robert taylor susan wilson james moore linda white peter black"
    " sarah green tom clark"
)

WORDS = sorted({*DIGITS, *MENU, *f"{_NUMBERS} {_ANSWERS} {_DAYS} {_NAMES}".split()})

PHRASES = [
    "main menu",
    "go back",
    "customer service",
    "technical support",
    "speak to an agent",
    "talk to a person",
    "i want to pay my bill",
    "i need help",
    "i would like to speak to a representative",
    "repeat please",
    "account balance",
    "order status",
    "leave a message",
    "thank you",
    "credit card",
    "report a lost card",
    "transfer me to sales",
    "call the operator",
    "change my appointment",
    "start again",
    "lost or stolen card",
    "savings account",
    "checking account",
    "new customer",
    "existing customer",
    "more options",
    "next option",
]
"""Sentences that the corpus has many times; those with a word that is not in :data:`WORDS` are not spoken."""

SPOKEN_PHRASES = [phrase for phrase in PHRASES if set(phrase.split()) <= set(WORDS)]
