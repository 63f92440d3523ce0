"""An answer as a file of any format: of HTML with pictures and definitions, of others a row for each figure."""

from __future__ import annotations

from calls.reports import page, tables
from calls.reports.definitions import Section
from calls.reports.left_out import left_out
from calls.reports.pictures import pictures
from calls.reports.question import Answer
from calls.reports.settings import ReportSettings
from calls.reports.sheets import Format, as_html, write


def write_answer(answer: Answer, section: Section, title: str, how: Format, settings: ReportSettings) -> bytes:
    """The file.

    Raises:
        UserError: Parquet without its library.
    """
    if how is not Format.HTML:
        return write(tables.long(answer, title), how)
    definitions = [(each.title, each.said(settings.targets())) for each in answer.figures]
    parts = [
        *(page.figure(each.title, each.svg + each.narrow) for each in pictures(answer, section, settings.lines())),
        as_html(tables.broad(answer, title)),
        page.definitions(definitions),
        page.left_out([each.said() for each in left_out(answer)]),
    ]
    return page.whole(title, f"Days and hours are those of {settings.zone}.", parts).encode("utf-8")
