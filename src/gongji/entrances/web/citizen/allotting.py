"""Money for relatives, where it has to be allotted first (划拨): how it stands, give, take back; each checked, then done."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from gongji.allotment import service
from gongji.allotment.decide import check_allot, check_take_back
from gongji.allotment.model import Deed, Given, Standing
from gongji.allotment.refusals import not_here, own_hands
from gongji.entrances.naming import name_of
from gongji.entrances.web.citizen.binding import amount_typed
from gongji.entrances.web.citizen.stops import stopped
from gongji.entrances.web.visits import Visit, whole
from gongji.family import service as family
from gongji.family.refusals import Code, refuse
from gongji.foundation import audit
from gongji.foundation.errors import GongjiError, Refused
from gongji.foundation.money import yuan
from gongji.registry import service as registry
from gongji.rules.model import TakeBack

#: How an address names the part that is for all relatives.
_ALL: Final = "all"

#: What the page says was just done (``allot.done.<deed>``).
_DONE: Final = tuple(Deed)


@dataclass(frozen=True, slots=True)
class Row:
    """A part of what is given: for whom, how it is named in addresses, fen, and which zero it is, where it is one."""

    who: str
    to: str
    amount: int
    zero: str


def overview(visit: Visit) -> Response:
    """``GET /allotment``: the three figures, every relative's part, and what can be done."""
    now = service.standing_of(visit.connection, visit.platform.rules, visit.person_id, visit.now)
    if now is None:
        return visit.go("/keep")
    done = visit.query("done")
    return visit.render(
        "citizen/allotment.html",
        now=now,
        rows=_rows(visit, now),
        zero=_which_zero(now),
        floor=now.sharing.retained_floor if now.sharing is not None else 0,
        clause=now.allotment.clause if now.allotment is not None else None,
        gives=now.allotment is not None and now.can_give > 0,
        keeps=now.sharing is not None and now.sharing.sharer_limit_allowed,
        takes_back=now.allotment is None or now.allotment.take_back is TakeBack.ANY_TIME,
        done=done if done in _DONE else "",
    )


def give(visit: Visit) -> Response:
    """``GET /allotment/give``: how much more; then the check."""
    return _amount(visit, Deed.ALLOT)


def back(visit: Visit) -> Response:
    """``GET /allotment/back``: how much of it comes back; then the check."""
    return _amount(visit, Deed.TAKE_BACK)


def _amount(visit: Visit, deed: Deed) -> Response:
    now, row = _chosen(visit)
    most = now.can_give if deed is Deed.ALLOT else row.amount
    errors: dict[str, str] = {}
    typed = visit.form.text("amount") if visit.posted else yuan(most) if deed is Deed.TAKE_BACK else ""
    amount = amount_typed(visit, typed, "amount", errors) if visit.posted else most
    if visit.posted and amount is None and not errors:
        errors["amount"] = visit.reader.text("allot.amount.missing")
    if amount is not None and not errors:
        try:
            _check(now, deed, row, amount)
        except Refused as problem:
            if not visit.posted or problem.field != "amount":
                return stopped(visit, problem, back="/allotment")
            errors["amount"] = visit.reader.sentence(problem)
        except GongjiError as problem:
            if visit.posted:
                errors["amount"] = visit.reader.sentence(problem)
        else:
            if visit.posted:
                return visit.go(f"/allotment/check?deed={deed}&to={row.to}&amount={amount}")
    return visit.render(
        "citizen/allotment_amount.html",
        status=422 if errors else 200,
        errors=errors,
        deed=str(deed),
        row=row,
        typed=typed,
        most=most,
    )


def check(visit: Visit) -> Response:
    """``GET /allotment/check``: amount, for whom, and what it leaves; ``POST`` does it."""
    if visit.for_another:
        raise own_hands()
    asked = visit.form.text if visit.posted else visit.query
    deed = Deed.TAKE_BACK if asked("deed") == Deed.TAKE_BACK else Deed.ALLOT
    amount = whole(asked("amount"), 14) or 0
    now, row = _chosen(visit)
    if visit.posted:
        act = service.allot if deed is Deed.ALLOT else service.take_back
        try:
            with visit.connection.begin_nested():
                act(
                    visit.connection,
                    visit.platform.rules,
                    visit.platform.database.serials,
                    sharer_id=visit.person_id,
                    authorisation_id=_authorisation(row.to),
                    amount=amount,
                    key=visit.form.text("key"),
                    caller=visit.caller,
                    at=visit.now,
                )
        except GongjiError as problem:
            return stopped(visit, problem, back="/allotment")
        return visit.go(f"/allotment?done={deed}")
    try:
        _check(now, deed, row, amount)
    except GongjiError as problem:
        return stopped(visit, problem, back="/allotment")
    sign = 1 if deed is Deed.ALLOT else -1
    return visit.render(
        "citizen/allotment_check.html",
        deed=str(deed),
        row=row,
        amount=amount,
        theirs=row.amount + sign * amount,
        mine=now.account - sign * amount,
        take_back=now.allotment.take_back if now.allotment is not None else "",
        year_end=now.allotment.year_end if now.allotment is not None else "",
        key=secrets.token_urlsafe(18),
    )


def _check(now: Standing, deed: Deed, row: Row, amount: int) -> None:
    if deed is Deed.ALLOT:
        check_allot(now, _authorisation(row.to), amount)
    else:
        check_take_back(now, _authorisation(row.to), amount)


def _chosen(visit: Visit) -> tuple[Standing, Row]:
    """The reader's money and the part that the address or the form names.

    Raises:
        Refused: ``allotment.not_here``. NotFound: ``authorisation.unknown`` for what is not the reader's.
    """
    now = service.standing_of(visit.connection, visit.platform.rules, visit.person_id, visit.now)
    if now is None:
        raise not_here()
    wanted = visit.form.text("to") or visit.query("to")
    row = next((one for one in _rows(visit, now) if one.to == wanted), None)
    if row is None:
        raise refuse(Code.UNKNOWN)
    return now, row


def _rows(visit: Visit, now: Standing) -> list[Row]:
    """The parts, each with what the reader calls the relative; whose names were read stands in the audit."""
    shares = {one.id: one for one in family.authorisations_of_sharer(visit.connection, visit.person_id)}
    wanted = {part.user_id for part in now.given if part.user_id is not None}
    people = registry.people_by_id(visit.connection, visit.platform.vault, wanted)
    audit.record_each(visit.connection, visit.caller, "person.read_masked", people, at=visit.now)

    def who(part: Given) -> str:
        if part.authorisation_id is None:
            return visit.reader.text("allot.all")
        return name_of(shares[part.authorisation_id], visit.person_id, people, visit.reader.language)

    def zero(part: Given) -> str:
        if part.amount:
            return ""
        return visit.reader.text("allot.zero.used" if part.ever else "allot.zero.never")

    return [
        Row(
            who(part),
            _ALL if part.authorisation_id is None else str(part.authorisation_id),
            part.amount,
            zero(part),
        )
        for part in now.given
    ]


def _which_zero(now: Standing) -> str:
    """Why nothing can be given (``allot.zero.<word>``); "" where something can."""
    if now.can_give or now.allotment is None:
        return ""
    return "floor" if now.account else "account"


def _authorisation(to: str) -> int | None:
    return None if to == _ALL else int(to)
