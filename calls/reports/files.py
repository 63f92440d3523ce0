"""An answer as a file of any format: of HTML with pictures and definitions, of others a row for each figure."""

from __future__ import annotations

from calls.reports import page, tables
from calls.reports.definitions import Section
from calls.reports.left_out import left_out
from calls.reports.pictures import pictures
from calls.reports.question import Answer
from calls.reports.settings import ReportSettings
from calls.reports.sheets import Format, as_html, write
from calls.reports.tongue import ENGLISH, Tongue


def write_answer(
    answer: Answer, section: Section, title: str, how: Format, settings: ReportSettings, tongue: Tongue = ENGLISH
) -> bytes:
    """The file; HTML is for people and speaks their language.

    Raises:
        UserError: Parquet without its library.
    """
    if how is not Format.HTML:
        return write(tables.long(answer, title), how)
    say, targets = tongue.say, settings.targets()
    drawn = pictures(answer, section, settings.lines(), tongue)
    definitions = [(tongue.figure(each).title, tongue.said(each, targets)) for each in answer.figures]
    parts = [
        *(page.figure(each.title, each.svg + each.narrow) for each in drawn),
        as_html(tables.broad(answer, title, tongue), say),
        page.definitions(say("Definitions"), definitions),
        page.left_out(say("Not counted this way"), [each.said(tongue) for each in left_out(answer)]),
    ]
    zone = say(f"Days and hours are those of {settings.zone}.")
    return page.whole(title, zone, parts, tongue.language).encode("utf-8")
