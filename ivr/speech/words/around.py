"""What people say around an answer: "I would like billing, please". It changes nothing of what they mean.

Short words that sound like a digit or a letter are left out ("to", "for"): they would take it away.
"""

from __future__ import annotations

from collections.abc import Mapping

AROUND: Mapping[str, frozenset[str]] = {
    "en": frozenset(
        {
            *(
                "i want",
                "i want to",
                "i would like",
                "i would like to",
                "i'd like",
                "i'd like to",
                "i need",
                "i need to",
            ),
            *("can i have", "could i have", "give me", "talk to", "speak to", "the", "my"),
            *("please", "thank you", "thanks", "hello", "department"),
        }
    ),
    "de": frozenset(
        {
            *("ich möchte", "ich will", "ich brauche", "ich hätte gern", "ich hätte gerne", "ich möchte zu"),
            *("ich möchte mit", "verbinden sie mich mit", "der", "die", "das", "den", "zum", "zur", "mein", "meine"),
            *("bitte", "danke", "hallo", "sprechen", "abteilung"),
        }
    ),
    "es": frozenset(
        {
            *("quiero", "quisiera", "necesito", "me gustaría", "quiero hablar con", "quisiera hablar con"),
            *("el", "la", "los", "las", "mi", "mis"),
            *("por favor", "gracias", "hola", "departamento de"),
        }
    ),
    "fr": frozenset(
        {
            *("je veux", "je voudrais", "j'aimerais", "il me faut", "je voudrais parler à"),
            *("le", "la", "les", "mon", "ma", "mes"),
            *("s'il vous plaît", "merci", "bonjour", "service"),
        }
    ),
}
"""By the language without its region. A model that lacks one of the words does without the phrase."""


def around_of(language: str) -> frozenset[str]:
    """What may stand around an answer in ``language``; nothing where the language has no table."""
    return AROUND.get(language.partition("-")[0], frozenset())
