"""People: who they are, what they have, what moved, what was settled."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from gongji.entrances import wording
from gongji.entrances.api.door import Call, Door
from gongji.entrances.api.problems import RESPONSES, Words
from gongji.entrances.api.settlements import settlement_out
from gongji.entrances.api.shapes import (
    ACCOUNT_NAMES,
    BalanceOut,
    BalancesOut,
    CodeIn,
    CodeOut,
    EnrolmentOut,
    HoldOut,
    HoldsOut,
    PersonOut,
    SettlementsOut,
    StatementLineOut,
    StatementOut,
)
from gongji.entrances.web.citizen.balance import balance_of
from gongji.entrances.wording import Language
from gongji.family import freezes_store
from gongji.foundation.access import Role
from gongji.foundation.clock import CHINA
from gongji.foundation.errors import InvalidInput
from gongji.ledger import service as ledger
from gongji.ledger.model import personal_account
from gongji.registry import e_credential
from gongji.registry import service as registry
from gongji.registry.model import Enrolment
from gongji.settlement import queries
from gongji.settlement.holds.queries import open_holds_of

router = APIRouter(prefix="/v1/people", tags=["people"], responses=RESPONSES)

At = Annotated[Door, Depends()]
PsnNo = Annotated[str, Path(description="人员编号, 20 digits")]


def words(msgid: str, **values: object) -> Words:
    """A sentence of the catalogue in both languages."""
    return Words(zh=wording.text(msgid, Language.CHINESE, **values), en=wording.text(msgid, Language.ENGLISH, **values))


@router.get("/{psn_no}")
def read_person(psn_no: PsnNo, door: At) -> PersonOut:
    """A person with their insurance: the citizen themself, or an officer of the region. Every reading is audited."""
    with door.open(Role.CITIZEN, Role.OFFICER) as call:
        person, enrolments = call.person(psn_no)
        call.note("person.read", person.id)
        return PersonOut(
            psn_no=person.psn_no,
            name=person.name,
            certificate_type=person.certificate_type,
            certificate_number=person.masked_certificate,
            gender=person.gender,  # type: ignore[arg-type]  # the database holds no other
            born_on=person.born_on,
            died_on=person.died_on,
            enrolments=[_enrolment(one) for one in enrolments],
        )


def _enrolment(one: Enrolment) -> EnrolmentOut:
    return EnrolmentOut(
        scheme=one.scheme,
        region=one.region,
        status=one.status,
        in_order=one.standing == "1",
        since=one.since,
        until=one.until,
    )


@router.get("/{psn_no}/balances")
def read_balances(psn_no: PsnNo, door: At) -> BalancesOut:
    """What is in a person's accounts now, and which zero it is when there is nothing."""
    with door.open(Role.CITIZEN, Role.OFFICER) as call:
        person, _ = call.person(psn_no)
        call.note("balances.read", person.id)
        on = call.now.date()
        balances = ledger.balances_of(call.connection, person.id)
        frozen = bool(freezes_store.standing(call.connection, [person.id], on))
        balance = balance_of(registry.enrolment_on(call.connection, person.id, on), balances, on, frozen=frozen)
        return BalancesOut(
            at=call.now,
            available_fen=balance.total,
            accounts=[
                BalanceOut(account=name, amount_fen=balances[kind])
                for kind, name in ACCOUNT_NAMES.items()
                if kind in balances
            ],
            hint=balance.hint,
            hint_words=words(f"zero.{balance.hint}") if balance.hint else None,
        )


@router.get("/{psn_no}/holds")
def read_holds(psn_no: PsnNo, door: At) -> HoldsOut:
    """What of a person's own money is set aside (a deposit, a premium), for whom it is theirs to see."""
    with door.open(Role.CITIZEN, Role.OFFICER) as call:
        person, _ = call.person(psn_no)
        call.note("holds.read", person.id)
        found = open_holds_of(call.connection, person.id)
        return HoldsOut(
            at=call.now,
            held_fen=sum(one.remaining for one in found),
            items=[
                HoldOut(
                    id=str(one.id),
                    purpose=one.purpose.value,
                    amount_fen=one.amount,
                    remaining_fen=one.remaining,
                    placed_at=one.placed_at,
                    expires_at=one.expires_at,
                    # A relative's admission is the relative's own business.
                    reference=one.reference if one.person_id == person.id else None,
                    authorisation=str(one.authorisation_id) if one.authorisation_id else None,
                )
                for one in found
            ],
        )


@router.post("/{psn_no}/e-credential")
def show_e_credential(psn_no: PsnNo, body: CodeIn, door: At) -> CodeOut:
    """A fresh code for the citizen's phone: to show who one is (6101), or to pay an order with (6202). It serves once,
    within two minutes; an earlier one that was not used is over."""
    with door.open(Role.CITIZEN) as call:
        person, _ = call.person(psn_no)
        enrolment = registry.enrolment_on(call.connection, person.id, call.now.date())
        region = enrolment.region if enrolment else person.psn_no[:6]
        code = e_credential.issue(call.connection, call.platform.vault, person.id, region, body.use, call.now)
        call.note("credential.issue", person.id, use=body.use)
        return CodeOut(code=code, use=body.use, expires_at=call.now + e_credential.CODE_HOLDS)


@router.get("/{psn_no}/statement")
def read_statement(
    psn_no: PsnNo,
    door: At,
    since: Annotated[date | None, Query(alias="from", description="first day; 1 January when left out")] = None,
    until: Annotated[date | None, Query(alias="to", description="last day; today when left out")] = None,
) -> StatementOut:
    """The movements of both personal accounts in a span of days, each with the balance after it."""
    with door.open(Role.CITIZEN, Role.OFFICER) as call:
        person, _ = call.person(psn_no)
        call.note("statement.read", person.id)
        first, last = _span(call, since, until)
        begins = datetime.combine(first, time(), CHINA)
        ends = datetime.combine(last, time(), CHINA) + timedelta(days=1)
        lines = [
            StatementLineOut(
                at=line.at.astimezone(CHINA),
                account=ACCOUNT_NAMES[kind],
                kind=line.kind,
                amount_fen=line.amount,
                balance_fen=line.balance,
                event=str(line.journal_id),
                authorisation=str(line.authorisation_id) if line.authorisation_id else None,
            )
            for kind in ledger.PERSONAL
            for line in ledger.statement(call.connection, personal_account(kind, person.id), begins, ends)
        ]
        return StatementOut(since=first, until=last, lines=sorted(lines, key=lambda line: (line.at, line.event)))


def _span(call: Call, since: date | None, until: date | None) -> tuple[date, date]:
    last = until or call.now.date()
    first = since or last.replace(month=1, day=1)
    if first > last or last == date.max:
        raise InvalidInput(
            "statement.span",
            "`from` is after `to`",
            "开始日期不能晚于结束日期",
            field="from",
            accepted="a day not after `to`",
        )
    return first, last


@router.get("/{psn_no}/settlements")
def read_settlements(
    psn_no: PsnNo,
    door: At,
    limit: Annotated[int, Query(ge=1, le=100, description="most on a page")] = 20,
    before: Annotated[datetime | None, Query(description="only those before this moment: `next` of a page")] = None,
) -> SettlementsOut:
    """A person's settlements and reversals, newest first; reversed ones are shown with what took them back."""
    with door.open(Role.CITIZEN, Role.OFFICER) as call:
        person, _ = call.person(psn_no)
        call.note("settlements.read", person.id)
        if before is not None and before.tzinfo is None:
            before = before.replace(tzinfo=CHINA)
        found = queries.settlements_of(call.connection, person.id, limit + 1, before)
        shown = found[:limit]
        places = registry.institutions_by_id(call.connection, {one.settlement.institution_id for one in shown})
        return SettlementsOut(
            items=[settlement_out(one, places[one.settlement.institution_id]) for one in shown],
            next=shown[-1].settlement.settled_at if len(found) > limit else None,
        )
