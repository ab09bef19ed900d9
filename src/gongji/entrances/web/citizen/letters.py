"""Letters of the agency's supervision: what it asks the reader to explain, their answer, and how it ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from starlette.responses import Response

from gongji.entrances.web.citizen.helping import not_while_helping
from gongji.entrances.web.visits import Visit
from gongji.foundation.documents import read_document
from gongji.foundation.errors import GongjiError
from gongji.oversight.alerts import letters as oversight
from gongji.oversight.alerts.model import Letter, Reader, RowBehind
from gongji.registry import service as registry


@dataclass(frozen=True, slots=True)
class Asked:
    """A payment that a letter asks about: when, where, how much."""

    at: datetime
    place: str
    fen: int | None


def letters(visit: Visit) -> Response:
    """``GET /letters``: the reader's letters, newest first."""
    not_while_helping(visit)
    found = oversight.letters_to(visit.connection, visit.platform.vault, Reader.PERSON, visit.person_id)
    return visit.render("citizen/letters.html", letters=found)


def letter(visit: Visit) -> Response:
    """``GET /letters/{number}``: one letter; ``POST`` answers it, once."""
    not_while_helping(visit)
    one = _mine(visit)
    errors: dict[str, str] = {}
    if visit.posted:
        upload = visit.form.file("file")
        try:
            document = read_document(upload.content) if upload else None
            with visit.connection.begin_nested():
                oversight.answer(
                    visit.connection,
                    visit.platform.vault,
                    visit.platform.files,
                    one,
                    words=visit.form.text("answer"),
                    document=document,
                    caller=visit.caller,
                    at=visit.now,
                )
        except GongjiError as problem:
            field = "file" if problem.code.startswith("document") or problem.field == "file" else "answer"
            errors[field] = visit.reader.sentence(problem)
        else:
            return visit.go(f"/letters/{one.id}?notice=sent")
    rows = oversight.rows_for(visit.connection, one)
    return visit.render(
        "citizen/letter.html",
        status=422 if errors else 200,
        one=one,
        rows=_asked(visit, one, rows),
        sent=visit.query("notice") == "sent",
        form=visit.form,
        errors=errors,
    )


def _mine(visit: Visit) -> Letter:
    return oversight.letter_to(visit.connection, visit.platform.vault, visit.number(), Reader.PERSON, visit.person_id)


def _asked(visit: Visit, one: Letter, rows: list[RowBehind]) -> list[Asked]:
    """The rows that have a moment, without anybody's name."""
    places = {int(row.facts["institution"]) for row in rows if row.facts.get("institution") is not None}
    names = registry.institutions_by_id(visit.connection, places)
    return [
        Asked(
            datetime.fromisoformat(row.facts["at"]),
            names[row.facts["institution"]].name
            if row.facts.get("institution") is not None
            else visit.reader.text(f"alert.row.{row.kind}"),
            oversight.amount_for(row, one),
        )
        for row in rows
        if row.facts.get("at")
    ]
