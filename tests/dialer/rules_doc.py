"""Writes the table of presets and the law on recording in docs/rules.md, as the code gives them.

python -m tests.dialer.rules_doc
"""

from __future__ import annotations

from dataclasses import astuple
from pathlib import Path

from dialer import preset_words
from dialer.presets import NOT_HELD, PRESETS
from dialer.recording_law import ALL_AGREE, in_words

TARGET = Path(__file__).resolve().parents[2] / "docs" / "rules.md"
BEGIN, END = "<!-- presets -->\n", "<!-- end of presets -->\n"
LAW_BEGINS, LAW_ENDS = "<!-- recording law -->\n", "<!-- end of recording law -->\n"


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


def recording_law() -> str:
    """The law on recording, a state a line."""
    return "".join(f"- {in_words(state, law)}\n" for state, law in ALL_AGREE.items())


def text(old: str) -> str:
    """The document with both as they are now."""
    found = _within(old, BEGIN, END, table())
    return _within(found, LAW_BEGINS, LAW_ENDS, recording_law())


def _within(old: str, begin: str, end: str, new: str) -> str:
    head, _, rest = old.partition(begin)
    return f"{head}{begin}{new}{end}{rest.partition(end)[2]}"


if __name__ == "__main__":
    TARGET.write_text(text(TARGET.read_text(encoding="utf-8")), encoding="utf-8")
