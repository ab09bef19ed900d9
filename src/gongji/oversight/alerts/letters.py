"""Letters: somebody is asked to explain, answers with words and documents, and is told how it ended."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import psycopg
import sqlalchemy as sa

from gongji.foundation import audit
from gongji.foundation.access import Caller
from gongji.foundation.documents import Document
from gongji.foundation.files import FileStore
from gongji.foundation.inbox import Message, tell
from gongji.foundation.personal import Vault
from gongji.foundation.workdays import Calendar
from gongji.ledger.tables import STANDS
from gongji.oversight.alerts import refusals, store
from gongji.oversight.alerts.model import (
    Alert,
    Case,
    Letter,
    LetterKind,
    Outcome,
    Reader,
    RowBehind,
    RowKind,
    Step,
    Subject,
)
from gongji.oversight.alerts.tables import alert_case, alert_letter

#: Working days in which an answer is hoped for. Ours: no text at hand says.
ANSWER_WITHIN: Final = 10

#: Fewest and most characters of an answer.
WORDS: Final = (4, 1000)

#: The kind of our files (see `gongji.foundation.files`); their owner is the letter's number.
FILES: Final = "oversight.answer"


def ask(
    connection: sa.Connection,
    calendar: Calendar,
    case: Case,
    reader: Reader,
    reader_id: int,
    words: str,
    caller: Caller,
    at: datetime,
) -> None:
    """Send a letter that asks for an explanation; who asks whom about what is checked by `gongji.oversight.alerts.casework`.

    Raises:
        Refused: ``alert_letter.asked_already``.
    """
    due_on = calendar.deadline(at, ANSWER_WITHIN).date()
    values = {
        "case_id": case.id,
        "kind": LetterKind.ASK,
        "reader_kind": reader,
        "reader_id": reader_id,
        "words": words,
        "sent_by": caller.holder,
        "sent_at": at,
        "due_on": due_on,
    }
    try:
        with connection.begin_nested():
            number = connection.execute(alert_letter.insert().values(values).returning(alert_letter.c.id)).scalar_one()
    except sa.exc.IntegrityError as problem:
        if not isinstance(problem.orig, psycopg.errors.UniqueViolation):
            raise
        raise refusals.asked_already() from problem
    store.note_step(connection, case.id, Step.ASK, caller.holder, at, words, letter=number, reader=str(reader))
    person_id = reader_id if reader is Reader.PERSON else None
    audit.record(connection, caller, "alert_case.ask", at=at, person_id=person_id, case=case.id, letter=number)
    if person_id is not None:
        tell(
            connection,
            [Message(person_id, "money.asked", {"until": due_on.isoformat()}, f"letters/{number}")],
            at=at,
        )


def tell_decision(
    connection: sa.Connection,
    case: Case,
    readers: Iterable[tuple[Reader, int]],
    words: str,
    caller: Caller,
    at: datetime,
) -> None:
    """Tell each of some people and institutions how a case ended."""
    for reader, reader_id in sorted(readers):
        number = connection.execute(
            alert_letter.insert()
            .values(
                case_id=case.id,
                kind=LetterKind.DECISION,
                reader_kind=reader,
                reader_id=reader_id,
                words=words,
                sent_by=caller.holder,
                sent_at=at,
            )
            .returning(alert_letter.c.id)
        ).scalar_one()
        if reader is Reader.PERSON:
            tell(
                connection,
                [Message(reader_id, "money.explained", {"outcome": case.outcome}, f"letters/{number}")],
                at=at,
            )


def letters_to(
    connection: sa.Connection, vault: Vault, reader: Reader, reader_id: int, *, limit: int = 100
) -> list[Letter]:
    """Somebody's letters, newest first."""
    query = _LETTERS.where(alert_letter.c.reader_kind == reader, alert_letter.c.reader_id == reader_id)
    return [_letter(row, vault) for row in connection.execute(query.order_by(alert_letter.c.id.desc()).limit(limit))]


def letters_in(connection: sa.Connection, vault: Vault, case_id: int) -> list[Letter]:
    """The letters of a case, oldest first."""
    query = _LETTERS.where(alert_letter.c.case_id == case_id).order_by(alert_letter.c.id)
    return [_letter(row, vault) for row in connection.execute(query)]


def letter_to(connection: sa.Connection, vault: Vault, number: int, reader: Reader, reader_id: int) -> Letter:
    """One of somebody's letters.

    Raises:
        NotFound: ``alert_letter.unknown``, also when it is another's.
    """
    row = connection.execute(_LETTERS.where(alert_letter.c.id == number)).one_or_none()
    if row is None or (row.reader_kind, row.reader_id) != (reader, reader_id):
        raise refusals.letter_unknown()
    return _letter(row, vault)


def asked_in(connection: sa.Connection, case_id: int) -> list[tuple[Reader, int]]:
    """Who was asked in a case, each once."""
    one = alert_letter.c
    rows = connection.execute(sa.select(one.reader_kind, one.reader_id).where(one.case_id == case_id).distinct())
    return [(Reader(row.reader_kind), row.reader_id) for row in rows]


def rows_for(connection: sa.Connection, letter: Letter) -> list[RowBehind]:
    """The rows that a letter is about, each once, oldest first: of an institution those at its tills; of a citizen theirs, and
    what their account paid for relatives. A decision is about what was right, where anything was."""
    alerts: Sequence[Alert] = store.alerts_of(connection, [letter.case_id]).get(letter.case_id, [])
    alerts = [one for one in alerts if one.lapsed_at is None]
    if letter.kind is LetterKind.DECISION and any(one.founded for one in alerts):
        alerts = [one for one in alerts if one.founded]
    rows = {(row.kind, row.id): row for one in alerts for row in one.rows}
    subject = connection.execute(
        sa.select(alert_case.c.subject_kind).where(alert_case.c.id == letter.case_id)
    ).scalar_one()
    shown = [row for row in rows.values() if _concerns(row, letter, Subject(subject))]
    return sorted(shown, key=lambda row: (str(row.facts.get("at", "")), row.id))


def amount_for(row: RowBehind, letter: Letter) -> int | None:
    """What a letter tells of a row, in fen: of a relative's settlement only what the reader's account gave; the bill is the
    patient's own affair."""
    another = letter.reader_kind is Reader.PERSON and row.facts.get("person") not in (None, letter.reader_id)
    if another and row.kind is RowKind.SETTLEMENT:
        return row.facts.get("given")
    return row.facts.get("fen")


def _concerns(row: RowBehind, letter: Letter, subject: Subject) -> bool:
    if letter.reader_kind is Reader.INSTITUTION:
        return row.facts.get("institution") == letter.reader_id
    # A person who was picked out of an institution's case sees their own rows alone.
    return subject is not Subject.INSTITUTION or letter.reader_id in (row.facts.get("person"), row.facts.get("to"))


def taken_back(connection: sa.Connection, rows: Iterable[RowBehind]) -> set[int]:
    """The settlements among rows that were taken back since."""
    ids = [row.id for row in rows if row.kind is RowKind.SETTLEMENT]
    statement = f"""
        SELECT r.journal_id FROM unnest(CAST(:ids AS bigint[])) AS n(id)
          JOIN reversal r ON r.bucket = (n.id & 1023)::smallint AND r.journal_id = n.id AND {STANDS}
    """
    return set(connection.execute(sa.text(statement), {"ids": ids}).scalars())


def answer(
    connection: sa.Connection,
    vault: Vault,
    files: FileStore,
    letter: Letter,
    *,
    words: str,
    document: Document | None,
    caller: Caller,
    at: datetime,
) -> Letter:
    """Answer a letter, once, with words and, where there is one, a document.

    Raises:
        InvalidInput: ``alert_letter.answer``.
        Refused: ``alert_letter.answered``, ``alert_letter.over``, ``alert_letter.asks_nothing``.
    """
    if not WORDS[0] <= len(words) <= WORDS[1]:
        raise refusals.words("alert_letter.answer", "answer", WORDS)
    case = connection.execute(sa.select(alert_case).where(alert_case.c.id == letter.case_id).with_for_update()).one()
    now = connection.execute(_LETTERS.where(alert_letter.c.id == letter.id)).one()
    if now.kind != LetterKind.ASK:
        raise refusals.letter_asks_nothing()
    if now.answered_at is not None:
        raise refusals.letter_answered()
    if case.outcome is not None:
        raise refusals.letter_over()
    pages = [
        files.put(connection, [page], kind=FILES, owner=str(letter.id), at=at, limit=len(page)).id
        for page in (document.pages if document else ())
    ]
    values = {"answered_at": at, "answer_sealed": vault.seal(words), "pages": pages}
    connection.execute(alert_letter.update().where(alert_letter.c.id == letter.id).values(values))
    store.note_step(connection, letter.case_id, Step.ANSWER, None, at, letter=letter.id, pages=len(pages))
    person_id = letter.reader_id if letter.reader_kind is Reader.PERSON else None
    audit.record(connection, caller, "alert_letter.answer", at=at, person_id=person_id, letter=letter.id)
    return letter_to(connection, vault, letter.id, letter.reader_kind, letter.reader_id)


def page_of(connection: sa.Connection, files: FileStore, letter: Letter, page: int, at: datetime) -> bytes:
    """One page of the document that came with an answer, counted from 1; a JPEG picture.

    Raises:
        NotFound: ``alert_letter.unknown``.
    """
    pages = connection.execute(sa.select(alert_letter.c.pages).where(alert_letter.c.id == letter.id)).scalar_one()
    if not 1 <= page <= len(pages):
        raise refusals.letter_unknown()
    stored = files.find(connection, pages[page - 1], kind=FILES, owner=str(letter.id), at=at)
    return b"".join(files.open(stored))


_LETTERS: Final = sa.select(alert_letter, alert_case.c.outcome).join(
    alert_case, alert_case.c.id == alert_letter.c.case_id
)


def _letter(row: sa.Row[Any], vault: Vault) -> Letter:
    return Letter(
        id=row.id,
        case_id=row.case_id,
        kind=LetterKind(row.kind),
        reader_kind=Reader(row.reader_kind),
        reader_id=row.reader_id,
        words=row.words,
        sent_by=row.sent_by,
        sent_at=row.sent_at,
        due_on=row.due_on,
        answered_at=row.answered_at,
        answer=vault.open(bytes(row.answer_sealed)) if row.answer_sealed is not None else None,
        pages=len(row.pages),
        over=row.outcome is not None,
        outcome=Outcome(row.outcome) if row.outcome and row.kind == LetterKind.DECISION else None,
    )
