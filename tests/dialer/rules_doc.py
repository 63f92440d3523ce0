"""Writes the table of presets in docs/rules.md, as the code gives it.

python -m tests.dialer.rules_doc
"""

from __future__ import annotations

from dataclasses import astuple
from pathlib import Path

from dialer import preset_words
from dialer.presets import NOT_HELD, PRESETS

TARGET = Path(__file__).resolve().parents[2] / "docs" / "rules.md"
BEGIN, END = "<!-- presets -->\n", "<!-- end of presets -->\n"


def table() -> str:
    """The presets as tables, and the sources of each."""
    columns = preset_words.COLUMNS
    lines = [f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]
    for preset in PRESETS.values():
        name, *rest = astuple(preset_words.row(preset))
        lines.append(f"| `{name}` | {' | '.join(rest)} |")
    for preset in PRESETS.values():
        lines += ["", f"`{preset.name}`:", "", *(f"- {preset_words.source(each)}" for each in preset.sources)]
    lines += ["", "What no preset holds, and people must see to:", ""]
    lines += [f"- {preset_words.source(each)}" for each in NOT_HELD]
    return "\n".join(lines) + "\n"


def text(old: str) -> str:
    """The document with the table as it is now."""
    head, _, rest = old.partition(BEGIN)
    return f"{head}{BEGIN}{table()}{END}{rest.partition(END)[2]}"


if __name__ == "__main__":
    TARGET.write_text(text(TARGET.read_text(encoding="utf-8")), encoding="utf-8")
