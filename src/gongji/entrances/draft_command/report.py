"""The report on drafts: one HTML file with everything in it, to print, to send, to put before a meeting."""

from __future__ import annotations

from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from gongji.entrances.assess_command.printing import weak_regions
from gongji.entrances.draft_command import weighed
from gongji.entrances.draft_command.weighed import OF_CLAIMS, OF_PEOPLE, Weighing, few, label
from gongji.entrances.web.pages import environment
from gongji.entrances.wording import Language, moment, money, signed, text
from gongji.rules.book import RuleBook
from gongji.rules.model import ENGINE
from gongji.simulation.targets import unwritable


def write_report(path: Path, weighing: Weighing, book: RuleBook, at: datetime, language: Language) -> None:
    """Write the report; `book` are today's rules.

    Raises:
        InvalidInput: ``out.unwritable``.
    """
    page = report_page(weighing, book, at, language)
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as problem:
        raise unwritable(path, problem) from problem


def report_page(weighing: Weighing, book: RuleBook, at: datetime, language: Language) -> str:
    """The report as HTML without anything outside itself."""
    weak = weak_regions(weighing.appraisal.regions, book)
    return (
        environment()
        .get_template("draft/report.html")
        .render(
            weighing=weighing,
            appraisal=weighing.appraisal,
            language=language,
            at=moment(at, language),
            program=f"gongji {version('gongji')}, engine {ENGINE}",
            warnings=[f"{named}: {text(f'grade.{grade}', language)}" for grade, named in weak.items()],
            of_claims=OF_CLAIMS,
            of_people=OF_PEOPLE,
            t=lambda msgid, **values: text(msgid, language, **values),
            label=lambda dimension, word: label(dimension, word, language),
            between=lambda dimension, low: weighed.between(dimension, low, language),
            money=money,
            signed=signed,
            part=weighed.part,
            counted=weighed.counted,
            few=few,
            shown=weighed.shown,
            name_of=weighed.name_of,
        )
    )
