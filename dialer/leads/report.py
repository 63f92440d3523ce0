"""What became of each row of a file."""

from __future__ import annotations

from dataclasses import dataclass, field

SHOWN = 20
"""Refused rows that a report names itself; all of them stand in the store."""


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that is not imported, by its number in a spreadsheet (the header is row 1), and why; ``left_out``: only a
    number of it is not."""

    row: int
    reason: str
    left_out: bool = False


@dataclass(frozen=True, slots=True)
class Counts:
    """How far an import has come. ``upto``: the last row of the file that is done."""

    upto: int = 0
    rows: int = 0
    imported: int = 0
    known: int = 0
    """In the list already, or in another where that is asked for; left as they are."""
    refused: int = 0
    left_out: int = 0
    """Numbers that were left out of rows which were imported."""
    without_zone: int = 0
    """Imported, and no time zone is known: never dialled where a law asks for hours."""


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of the rows."""

    import_id: str
    counts: Counts
    columns: dict[str, str]
    """What we know, by the name of its column in the file."""
    kind: str
    """What kind of file it was."""
    resumed_after: int = 0
    """The row behind which an import that had been cut off went on."""
    first_refused: tuple[RefusedRow, ...] = field(default=())

    def as_json(self) -> dict[str, object]:
        """The report as JSON values."""
        return {
            "import": self.import_id,
            "rows": self.counts.rows,
            "imported": self.counts.imported,
            "known": self.counts.known,
            "refused_rows": self.counts.refused,
            "left_out": self.counts.left_out,
            "without_zone": self.counts.without_zone,
            "resumed_after": self.resumed_after,
            "columns": dict(self.columns),
            "kind": self.kind,
            "refused": [{"row": each.row, "reason": each.reason} for each in self.first_refused],
        }

    def __str__(self) -> str:
        taken = ", ".join(f"{ours} from {theirs!r}" for ours, theirs in self.columns.items())
        counts = self.counts
        lines = [
            f"{counts.rows} rows: {counts.imported} imported, {counts.known} in the list already,"
            f" {counts.refused} refused ({taken})"
        ]
        if self.resumed_after:
            lines.append(f"went on behind row {self.resumed_after}, where it was cut off before")
        if counts.without_zone:
            lines.append(f"{counts.without_zone} imported without a known time zone")
        lines += [f"row {each.row}: {each.reason}" for each in self.first_refused]
        if (more := counts.refused + counts.left_out - len(self.first_refused)) > 0:
            lines.append(f"and {more} more")
        return "\n".join(lines)
