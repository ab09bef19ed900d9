"""The account's movements: a month at a time, each with the balance after it, and the month's statement on paper."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby, islice
from typing import Final

from starlette.responses import Response

from gongji.entrances import wording
from gongji.entrances.naming import name_of
from gongji.entrances.papers.press import Paper, Sheet
from gongji.entrances.web.citizen.pot_statement import pot_sheets
from gongji.entrances.web.citizen.printing import as_pdf, verification
from gongji.entrances.web.visits import Visit
from gongji.entrances.wording import catalogue, money
from gongji.family import freezes_store
from gongji.family.questions import authorisations_question, users_of
from gongji.foundation import audit
from gongji.foundation.clock import CHINA
from gongji.foundation.errors import InvalidInput
from gongji.foundation.issued import issue
from gongji.foundation.questions import Asking, together
from gongji.ledger.history import StatementQuestions
from gongji.ledger.model import AccountKind, JournalKind, StatementLine, personal_account
from gongji.registry import service as registry
from gongji.settlement.model import wire_id
from gongji.settlement.queries import Place, places_question

#: The money that can be used now; what is set aside has left it and comes back to it.
_USABLE: Final = (AccountKind.PERSONAL_CURRENT, AccountKind.PERSONAL_HISTORICAL)

#: What the address calls the money that is allotted to relatives.
_POT: Final = "pot"

#: How many months back can be chosen, and most movements of one.
_MONTHS: Final = 24
_MOST: Final = 2_000

_MONTH: Final = re.compile(r"20\d\d-(0[1-9]|1[0-2])")

#: What lines can be chosen by.
KINDS: Final = ("own", "shared", "held", "in")

_ASIDE: Final = (
    *(JournalKind.HOLD, JournalKind.CAPTURE, JournalKind.RELEASE, JournalKind.REFUND),
    *(JournalKind.ALLOT, JournalKind.TAKE_BACK, JournalKind.UNUSED_BACK),
)
_CARE: Final = (JournalKind.SETTLEMENT, JournalKind.REVERSAL, JournalKind.UNDO, JournalKind.SECOND)


@dataclass(frozen=True, slots=True)
class Line:
    """One event of the account.

    Attributes:
        at: when.
        what: in words.
        who: whom it was for; "" where nobody in particular.
        place: the institution; "" where there is none.
        amount: fen, below zero when it left.
        balance: fen that could be used after it.
        kind: one of `KINDS`.
        under: the authorisation, None for the holder's own.
        address: of the page that explains it; "" where there is none.
        dispute: where to say that it is wrong; "" where that cannot be.
    """

    at: datetime
    what: str
    who: str
    place: str
    amount: int
    balance: int
    kind: str
    under: int | None
    address: str
    dispute: str


@dataclass(frozen=True, slots=True)
class Month:
    """A month of an account: fen at its beginning and its end, what came and what went, and the lines in between."""

    name: str
    opening: int
    closing: int
    lines: tuple[Line, ...]

    @property
    def came(self) -> int:
        """Fen that came in."""
        return sum(line.amount for line in self.lines if line.amount > 0)

    @property
    def went(self) -> int:
        """Fen that went out, above zero."""
        return -sum(line.amount for line in self.lines if line.amount < 0)


def account(visit: Visit) -> Response:
    """``GET /account``: a month's lines, newest first, by person and kind if wanted; ``of=pot``: of what is allotted."""
    month = _month(visit)
    pot = visit.query("of") == _POT
    with together(visit.connection) as asked:
        freezes = asked(freezes_store.freezes_question(visit.person_id))
        moved = _asked(asked, visit, month, (AccountKind.POT,) if pot else _USABLE)
    whole = _month_from(visit, month, moved)
    who, kind = visit.query("who"), visit.query("kind")
    names = {str(line.under): line.who for line in whole.lines if line.under is not None}
    on = visit.now.date()
    shown = [
        line
        for line in reversed(whole.lines)
        if (not kind or line.kind == kind) and (not who or str(line.under or "me") == who)
    ]
    return visit.render(
        "citizen/account.html",
        month=whole,
        lines=shown,
        chosen={"month": month, "who": who, "kind": kind},
        months=[(one, _month_name(visit, one)) for one in _months(visit.now)],
        people=[("me", visit.reader.text("home.payments.mine")), *sorted(names.items())],
        kinds=[(one, visit.reader.text(f"account.kind.{one}")) for one in KINDS],
        title=_month_name(visit, month),
        freeze=next((one for one in freezes.answer if one.stands(on)), None),
        past_freezes=[(one.asked_at, one.free_again, one.reason) for one in freezes.answer if not one.stands(on)],
        pot=_POT if pot else "",
    )


def statement(visit: Visit) -> Response:
    """``GET /account/statement``: the month as PDF."""
    month = _month(visit)
    whole = month_of(visit, month)
    t = visit.reader.text
    holder = registry.people_by_id(visit.connection, visit.platform.vault, [visit.person_id])[visit.person_id]
    content: dict[str, object] = {
        "name": holder.masked_name,
        "number": holder.masked_certificate,
        "month": month,
        "opening": whole.opening,
        "came": whole.came,
        "went": whole.went,
        "closing": whole.closing,
        "lines": len(whole.lines),
    }
    pots = pot_sheets(visit, *_span(month))
    if pots.own is not None:
        content["pot"] = {name: getattr(pots.own, name) for name in ("opening", "came", "went", "closing")}
    code = issue(visit.connection, visit.platform.vault, "statement", content, visit.now)
    facts = [
        (t("paper.name"), holder.masked_name),
        (t("paper.number"), holder.masked_certificate),
        (t("paper.month"), _month_name(visit, month)),
        (t("paper.opening"), money(whole.opening)),
        (t("paper.came"), money(whole.came)),
        (t("paper.went"), money(whole.went)),
        (t("paper.closing"), money(whole.closing)),
    ]
    rows = [
        (
            visit.reader.moment(line.at),
            " · ".join(part for part in (line.who, line.what) if part),
            line.place,
            money(line.amount),
            money(line.balance),
        )
        for line in whole.lines
    ]
    columns = tuple(t(f"paper.column.{name}") for name in ("at", "what", "place", "amount", "balance"))
    sheet = Sheet(t("paper.lines"), columns, rows, (False, False, False, True, True), (0, 3, 3, 0, 0))
    running = month == f"{visit.now:%Y-%m}"
    notes = [t("paper.running", at=visit.now)] if running else []
    paper = Paper(
        visit.reader.language.tag[:2],
        t("paper.statement"),
        t("paper.footer"),
        facts,
        (sheet, *pots.tables),
        (*notes, t("paper.usable"), *([t("paper.pot.note")] if pots.tables else [])),
        verification(visit, code),
    )
    return as_pdf(visit, paper, f"gongji-{month}.pdf")


def month_of(visit: Visit, month: str) -> Month:
    """A month of what the reader can use, lines oldest first."""
    with together(visit.connection) as asked:
        moved = _asked(asked, visit, month, _USABLE)
    return _month_from(visit, month, moved)


def _asked(asking: Asking, visit: Visit, month: str, kinds: tuple[AccountKind, ...]) -> StatementQuestions:
    """Ask for a month of the reader's accounts of some kinds."""
    begin, after = _span(month)
    accounts = [personal_account(kind, visit.person_id) for kind in kinds]
    return StatementQuestions.asked(asking, accounts, after - timedelta.resolution, begin, _MOST)


def _month_from(visit: Visit, month: str, asked: StatementQuestions) -> Month:
    moved, closing = asked.answer()
    lines = tuple(_lines(visit, moved)) if moved else ()
    return Month(month, closing - sum(line.amount for line in lines), closing, lines)


def _span(month: str) -> tuple[datetime, datetime]:
    """The first moment of a month, and the first after it."""
    begin = datetime(int(month[:4]), int(month[5:]), 1, tzinfo=CHINA)
    return begin, (begin + timedelta(days=32)).replace(day=1)


def _lines(visit: Visit, moved: list[StatementLine]) -> Iterator[Line]:
    """One line an event; what only changes from one half of the account to the other is none."""
    under = {one.authorisation_id for one in moved if one.authorisation_id is not None}
    with together(visit.connection) as asked:
        found = asked(places_question({one.journal_id for one in moved}))
        shared = asked(authorisations_question(under))
        people = asked(registry.people_question(visit.platform.vault, users_of(under)))
    places = found.answer
    audit.record_each(visit.connection, visit.caller, "person.read_masked", people.answer, at=visit.now)
    names = {
        key: name_of(one, visit.person_id, people.answer, visit.reader.language) for key, one in shared.answer.items()
    }
    for _, legs in groupby(moved, key=lambda one: one.journal_id):
        event = list(legs)
        amount = sum(leg.amount for leg in event)
        if amount:
            yield _line(visit, event, amount, places.get(event[0].journal_id), names)


def _line(visit: Visit, event: list[StatementLine], amount: int, place: Place | None, names: dict[int, str]) -> Line:
    last = event[-1]
    under = next((leg.authorisation_id for leg in event if leg.authorisation_id is not None), None)
    key = f"account.what.{last.kind}"
    if last.kind in _CARE and amount > 0:
        key = "account.what.reversal"
    elif key not in catalogue(visit.reader.language):
        key = "account.what.other"
    who = names[under] if under is not None else visit.reader.text("home.payments.mine") if place else ""
    address = f"/c/settlements/{wire_id(place.region, place.settlement_id)}" if place else ""
    return Line(
        last.at.astimezone(CHINA),
        visit.reader.text(key),
        who,
        place.institution if place else "",
        amount,
        last.balance,
        _kind(last.kind, under, place),
        under,
        address,
        f"{address}/dispute" if address and last.kind in (JournalKind.SETTLEMENT, JournalKind.SECOND) else "",
    )


def _kind(journal: str, under: int | None, place: Place | None) -> str:
    if journal in _ASIDE:
        return "held"
    if under is not None:
        return "shared"
    return "own" if place else "in"


def _month(visit: Visit) -> str:
    """The month that the address names; this one where it names none.

    Raises:
        InvalidInput: ``month.invalid``.
    """
    text = visit.query("month") or f"{visit.now.astimezone(CHINA):%Y-%m}"
    if not _MONTH.fullmatch(text):
        raise InvalidInput(
            "month.invalid",
            "write the month as in 2024-06",
            "月份要写成 2024-06 这样",
            field="month",
            accepted="2024-06",
        )
    return text


def _months(now: datetime) -> list[str]:
    def back() -> Iterator[str]:
        first = now.astimezone(CHINA).replace(day=1)
        while True:
            yield f"{first:%Y-%m}"
            first = (first - timedelta(days=1)).replace(day=1)

    return list(islice(back(), _MONTHS))


def _month_name(visit: Visit, month: str) -> str:
    return wording.text("account.month", visit.reader.language, year=month[:4], month=int(month[5:]))
