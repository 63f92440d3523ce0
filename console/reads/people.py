"""People looked for by a name or a number, or a part of one."""

from __future__ import annotations

import re
import sqlite3

from pydantic import BaseModel, ConfigDict

from calls.errors import UserError
from calls.numbers import NumberProblem, to_e164
from calls.people import persons

MOST = 50
SHORTEST = 3
NUMERIC = re.compile(r"[\d +()/.-]+")


class PersonFound(BaseModel):
    """Somebody who fits: ``lead`` is empty for a number that stands in no list, and has called or was called."""

    model_config = ConfigDict(frozen=True)
    number: str
    name: str = ""
    list: str = ""
    lead: str = ""


def search(connection: sqlite3.Connection, text: str, region: str | None) -> list[PersonFound]:
    """Up to 50 people: those of a whole number; else by a part of a name, or of a number from its beginning or end,
    and last the number itself, of which there may be calls.

    Raises:
        UserError: fewer than three letters or digits.
    """
    wanted = " ".join(text.split())
    digits = re.sub(r"\D", "", wanted)
    if len(wanted) < SHORTEST:
        raise UserError("say three letters or digits, or more")
    found: dict[str, PersonFound] = {}
    try:
        number = to_e164(wanted, region)
    except NumberProblem:
        number = ""
    if number:
        for person in persons.of_number(connection, number):
            found[person.lead_id] = PersonFound(
                number=number, name=person.name, list=person.list_name, lead=person.lead_id
            )
        if found:
            return list(found.values())
    is_digits = len(digits) >= SHORTEST and NUMERIC.fullmatch(wanted) is not None
    where = "number LIKE ? OR number LIKE ?" if is_digits else "leads.name LIKE ? ESCAPE '\\'"
    values = (f"+{digits}%", f"%{digits}") if is_digits else (f"%{_escaped(wanted)}%",)
    rows = connection.execute(
        "SELECT lead_id, number, leads.name, lists.name FROM leads JOIN lists USING (list_id)"
        f" WHERE ({where}) ORDER BY leads.name, number LIMIT {MOST}",
        values,
    )
    parts = [
        PersonFound(lead=row[0], number=row[1], name=row[2], list=row[3]) for row in rows if row[1].startswith("+")
    ]
    return parts if not number else [*parts, PersonFound(number=number)]


def _escaped(text: str) -> str:
    return re.sub(r"([\\%_])", r"\\\1", text)
