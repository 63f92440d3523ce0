"""Writes docs/records.md: every table and column, from the schema and its words.

python -m tests.calls.records.records_doc
"""

from __future__ import annotations

from pathlib import Path

from calls.causes import Outcome
from calls.records.contract import Column, Table, tables

TARGET = Path(__file__).resolve().parents[3] / "docs" / "records.md"

HEAD = """\
# Records

All that Callwright keeps is one SQLite database, `[engine] database`. This page is its contract: whoever reads it
with SQL, Datasette, DuckDB or a spreadsheet may rest on it. It is written by
`python -m tests.calls.records.records_doc` from the schema and from `calls/records/contract.toml`; a test fails where
a table or a column has no words.

## What holds

- **One row a call.** Every call, inbound or outbound, from whichever switch, ends in exactly one row of `calls`,
  after a crash too. What happened in it stands in `call_events`.
- **Times** that end in `_at` are UTC, ISO 8601 with microseconds and `+00:00`, and sort as text. **Durations** end in
  `_s`, are seconds, and come from a monotonic clock; of a call that outlives an engine, what came before the restart
  is by the wall clock. `duration_s >= billed_s >= 0`.
- **Numbers** are E.164 with `+` where they are such; what a switch gave otherwise stays as it was, without control
  characters.
- **NULL** says that there is nothing to tell; "" and 0 are values.
- Money is a decimal number as a text, which keeps it exact.
- One process writes. Read beside it as much as you like, best with `?mode=ro`; a reader never holds the writer up.

## Versions

The schema changes only by named migrations. A database of any earlier release is upgraded in place, in one
transaction, when the engine starts or by `callwright db migrate`; one of a newer release is refused and left as it
is. Columns and tables may be added by any release; none is renamed, removed or given another meaning without a new
major version and a line in the changelog.

## Reading it with other tools

```sh
callwright db datasette > metadata.json
datasette serve --metadata metadata.json --setting sql_time_limit_ms 20000 callwright.db
```

Datasette then shows each column with its words, and has questions ready: the calls of a day, everything in one call,
outcomes by campaign, all calls with one number, where callers hang up, what keeps leads from being dialled. It shows
the first thousand rows, and ends a question after one second where nothing else is set: with millions of calls a
month of them takes longer.

## Outcomes

"""

OUTCOMES = {
    Outcome.ANSWERED: "A person answered, or was taken by a flow or an agent.",
    Outcome.BUSY: "The line was busy.",
    Outcome.NO_ANSWER: "It rang and nobody answered.",
    Outcome.CONGESTION: "No line or no circuit: says nothing of the person.",
    Outcome.UNALLOCATED: "The number leads to nobody.",
    Outcome.UNREACHABLE: "The number exists and cannot be reached now.",
    Outcome.REJECTED: "The person or the network declined.",
    Outcome.FAILED: "It did not come about, and nothing says why.",
    Outcome.MACHINE: "A machine answered, and was hung up or left a message.",
    Outcome.ABANDONED: "Inbound: left while waiting. Outbound: a person answered and no agent came in time.",
    Outcome.CANCELLED: "We ended it before it was answered.",
    Outcome.LOST: "Nobody knows: we crashed, and the switch no longer knows it.",
    Outcome.PBX_LOST: "The switch crashed or restarted under it.",
}


def text() -> str:
    """The whole document."""
    outcomes = [f"| `{outcome.value}` | {OUTCOMES[outcome]} |" for outcome in Outcome]
    parts = [HEAD + "\n".join(["| outcome | what became of it |", "|---|---|", *outcomes]) + "\n"]
    parts += [_section(table) for table in tables()]
    return "\n".join(parts)


def _section(table: Table) -> str:
    rows = [f"| `{each.name}` | {_kind(each)} | {_words(each)} |" for each in table.columns]
    return "\n".join([f"## {table.name}\n", table.about, "", "| column | | |", "|---|---|---|", *rows, ""])


def _kind(column: Column) -> str:
    kind = column.kind.lower() + (", key" if column.in_key else "")
    return kind + (", may be NULL" if column.may_be_null else "")


def _words(column: Column) -> str:
    refers = f" → `{column.refers}`" if column.refers and f"`{column.refers}`" not in column.words else ""
    return column.words.replace("|", "\\|") + refers


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
