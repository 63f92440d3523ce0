"""What became of each row of a file."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that is not imported, by its number in a spreadsheet (the header is row 1), and why."""

    row: int
    reason: str


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of a batch."""

    imported: int
    known: int
    without_zone: int


@dataclass(slots=True)
class ImportReport:
    """What became of each row."""

    columns: dict[str, str]
    """What we know, by the name of its column in the file."""
    delimiter: str
    rows: int = 0
    imported: int = 0
    known: int = 0
    """In the list already; left as they are."""
    without_zone: int = 0
    """Imported, and no time zone is known: never dialled where a law asks for hours."""
    refused: list[RefusedRow] = field(default_factory=list)

    def take(self, stored: Stored) -> None:
        """Count a batch that is committed."""
        self.imported += stored.imported
        self.known += stored.known
        self.without_zone += stored.without_zone

    def as_json(self) -> dict[str, object]:
        """The report as JSON values."""
        return {
            "rows": self.rows,
            "imported": self.imported,
            "known": self.known,
            "without_zone": self.without_zone,
            "columns": dict(self.columns),
            "delimiter": self.delimiter,
            "refused": [{"row": each.row, "reason": each.reason} for each in self.refused],
        }

    def __str__(self) -> str:
        taken = ", ".join(f"{ours} from {theirs!r}" for ours, theirs in self.columns.items())
        lines = [
            f"{self.rows} rows: {self.imported} imported, {self.known} in the list already,"
            f" {len(self.refused)} refused ({taken})"
        ]
        if self.without_zone:
            lines.append(f"{self.without_zone} imported without a known time zone")
        lines += [f"row {each.row}: {each.reason}" for each in self.refused]
        return "\n".join(lines)
