"""Reads what the pages show, each page in one transaction, and notes in the audit whose data was seen by whom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from gongji.allotment import service as allotments
from gongji.entrances import wording
from gongji.entrances.naming import name_of
from gongji.entrances.web.citizen.balance import Balance, balance_of
from gongji.entrances.web.citizen.payments import PAGE, TIES, Payment, page_of, payments
from gongji.entrances.web.citizen.quotas import lines_of
from gongji.entrances.web.citizen.settlement import (
    PatientsPage,
    SharersPage,
    patients_page,
    sharers_page,
)
from gongji.entrances.web.citizen.sharings import Sharing, sharings
from gongji.entrances.web.visits import Visit
from gongji.entrances.wording import Language
from gongji.family import freezes_store
from gongji.family.application_questions import asking_of, began_question, waiting_question
from gongji.family.applications import Application, ApplicationState
from gongji.family.freezes import Freeze
from gongji.family.model import Authorisation, AuthorisationState
from gongji.family.questions import given_question, had_question, relatives_of, sharers_of
from gongji.foundation import audit
from gongji.foundation.errors import InvalidInput, NotFound
from gongji.foundation.inbox import unread_question
from gongji.foundation.questions import these, together
from gongji.ledger import service as ledger
from gongji.registry import service as registry
from gongji.registry.model import Enrolment
from gongji.settlement import lists, queries
from gongji.settlement.mobile.waiting import waiting_question as waiting_orders_question
from gongji.settlement.model import Settlement, from_wire
from gongji.settlement.second.service import chain_question

if TYPE_CHECKING:
    from gongji.entrances.platform import Platform


@dataclass(frozen=True, slots=True)
class Home:
    """The start page's data.

    Attributes:
        name: the reader's own.
        insurance: scheme and region in words; "" when not insured.
        balance: of the own account.
        sharers, past_sharers: whose account the reader may use or might once.
        users, past_users: who may use the reader's.
        how: how a shared account starts to pay here (``home.how.<how>``); "" when nobody shares.
        payments: newest first.
        older: where the next page begins; "" on the last.
        paged: whether this is not the first page.
        asked: requests that wait for the reader's consent: number, and who asks.
        pending: the reader's own requests under way: number, and for whom.
        unread: messages that were not opened.
        orders: of mobile payment that wait to be paid.
        freeze: under which the reader's account is frozen; None while it is free.
        allots: whether the reader has to allot money before relatives can spend it.
    """

    name: str
    insurance: str
    balance: Balance
    sharers: tuple[Sharing, ...]
    past_sharers: tuple[Sharing, ...]
    users: tuple[Sharing, ...]
    past_users: tuple[Sharing, ...]
    how: str
    payments: tuple[Payment, ...]
    older: str
    paged: bool
    asked: tuple[tuple[str, str], ...]
    pending: tuple[tuple[str, str], ...]
    unread: int
    orders: int
    freeze: Freeze | None
    allots: bool


def home(visit: Visit, before: str | None) -> Home:
    """The start page of a person.

    Args:
        visit: whose page it is.
        before: where the list of payments begins, as a former page told it.

    Raises:
        InvalidInput: ``before.invalid``.
    """
    connection, platform, now, person_id = visit.connection, visit.platform, visit.now, visit.person_id
    language, today = visit.reader.language, visit.now.date()
    start = _moment(before)
    with together(connection) as asked:
        enrolled = asked(registry.enrolment_question(person_id, today))
        had, made = asked(had_question(person_id)), asked(given_question(person_id))
        known = asked(registry.people_question(platform.vault, relatives_of(person_id)))
        reader = asked(registry.people_question(platform.vault, these([person_id])))
        asking = asked(registry.people_question(platform.vault, asking_of(person_id, today)))
        frozen = asked(freezes_store.standing_question([person_id], today))
        held = asked(ledger.balances_question(person_id))
        own = asked(lists.own_question(person_id, PAGE + TIES, start))
        paid = asked(lists.paid_question(person_id, PAGE + TIES, start))
        later = asked(lists.paid_later_question(person_id, PAGE + TIES, start))
        waiting = asked(waiting_question(platform.vault, person_id, today))
        began = asked(began_question(platform.vault, person_id))
        fresh = asked(unread_question(person_id))
        orders = asked(waiting_orders_question(person_id, now))
    enrolment, mine, given, people = enrolled.answer, had.answer, made.answer, known.answer
    # A relative of whom two lists speak was seen twice.
    audit.record_each(connection, visit.caller, "person.read_masked", [*people, *asking.answer], at=now)
    names = {one.user_id: name_of(one, person_id, people, language) for one in given}
    left = allotments.left_of(connection, platform.rules, [*mine, *given], now)
    sharers = sharings(mine, person_id, people, language, left)
    users = sharings(given, person_id, people, language, left)
    regions = {one.id: one.region for one in given}
    shown, older = page_of(payments(own.answer, [*paid.answer, *later.answer], regions, names, language))
    freeze = frozen.answer.get(person_id)
    return Home(
        name=reader.answer[person_id].name,
        insurance=_insurance(platform, enrolment, language),
        balance=balance_of(enrolment, held.answer, today, frozen=freeze is not None),
        sharers=tuple(one for one in sharers if not one.over),
        past_sharers=tuple(one for one in sharers if one.over),
        users=tuple(one for one in users if not one.over),
        past_users=tuple(one for one in users if one.over),
        how=_how(platform, enrolment, now) if any(one.state is AuthorisationState.ACTIVE for one in mine) else "",
        payments=shown,
        older=older,
        paged=before is not None,
        asked=tuple((one.number, asking.answer[one.sharer_id].masked_name) for one in waiting.answer),
        pending=_pending(began.answer, given),
        unread=fresh.answer,
        orders=len(orders.answer),
        freeze=freeze,
        allots=any(one.id in left for one in given),
    )


def _pending(began: Sequence[Application], given: Sequence[Authorisation]) -> tuple[tuple[str, str], ...]:
    states = {one.id: one.state for one in given}
    under_way = (AuthorisationState.SUBMITTED, AuthorisationState.UNDER_REVIEW, AuthorisationState.RETURNED)
    return tuple(
        (one.number, one.name)
        for one in began
        if one.name
        and (
            one.state in (ApplicationState.DRAFT, ApplicationState.WAITING_CONSENT)
            or (one.authorisation_id and states.get(one.authorisation_id) in under_way)
        )
    )


def settlement(visit: Visit, number: str) -> tuple[str, PatientsPage | SharersPage]:
    """The template and the page of one settlement.

    Raises:
        NotFound: ``settlement.unknown`` when there is none, or it is neither the reader's nor paid by the reader.
    """
    connection, platform, caller, now = visit.connection, visit.platform, visit.caller, visit.now
    person_id, language = visit.person_id, visit.reader.language
    identifier = from_wire(number)
    stored = queries.find_settlement(connection, identifier) if identifier else None
    if stored is None:
        raise _unknown()
    one = stored.settlement
    taken_back = queries.find_settlement(connection, stored.reversed_by) if stored.reversed_by else None
    reversal = taken_back.settlement if taken_back else None
    if one.person_id == person_id:
        return "citizen/settlement.html", _patients(visit, one, reversal)
    with together(connection) as asked:
        names = asked(registry.names_question([one.institution_id]))
        chained = asked(chain_question(one.id))
    place, chain = names.answer[one.institution_id], chained.answer
    later = [each.amount for each in chain if each.payer_id == person_id]
    paid = _paid(connection, one.id, person_id) + sum(amount for amount in later if amount > 0)
    if not paid:
        raise _unknown()
    audit.record(
        connection, caller, "settlement.read_as_sharer", at=now, person_id=one.person_id, settlement=str(one.id)
    )
    given_back = -_paid(connection, reversal.id, person_id) if reversal else 0
    given_back -= sum(amount for amount in later if amount < 0)
    with together(connection) as asked:
        given = asked(given_question(person_id))
        people = asked(registry.people_question(platform.vault, these([one.person_id])))
    who = next(
        (
            name_of(share, person_id, people.answer, language)
            for share in given.answer
            if share.user_id == one.person_id
        ),
        wording.text("kin.stranger", language),
    )
    return "citizen/share.html", sharers_page(one, paid, given_back, place, who)


def _patients(visit: Visit, one: Settlement, reversal: Settlement | None) -> PatientsPage:
    language, person_id = visit.reader.language, visit.person_id
    with together(visit.connection) as asked:
        places = asked(registry.names_question([one.institution_id]))
        chain = asked(chain_question(one.id))
        mine = asked(had_question(person_id))
        known = asked(registry.people_question(visit.platform.vault, sharers_of(person_id)))
    audit.record_each(visit.connection, visit.caller, "person.read_masked", known.answer, at=visit.now)
    names = {share.sharer_id: name_of(share, person_id, known.answer, language) for share in mine.answer}
    if one.wallet:
        names |= {quota.one.giver_id: quota.who for quota in lines_of(visit) if not quota.given}
    return patients_page(one, reversal, chain.answer, places.answer[one.institution_id], names, language)


def _paid(connection: sa.Connection, settlement_id: int, sharer_id: int) -> int:
    """Fen that a sharer's account paid for a settlement; below zero when a reversal gave them back."""
    return queries.sharers_of(queries.transfers_of(connection, settlement_id)).get(sharer_id, 0)


def _unknown() -> NotFound:
    return NotFound(
        "settlement.unknown",
        "there is no such settlement of yours",
        "没有找到这笔结算，或者不是您的记录",
        field="number",
    )


def _insurance(platform: Platform, enrolment: Enrolment | None, language: Language) -> str:
    if enrolment is None:
        return ""
    try:
        region = platform.rules.name(enrolment.region)
    except NotFound:
        region = enrolment.region
    return wording.text(f"home.scheme.{enrolment.scheme}", language, region=region)


def _how(platform: Platform, enrolment: Enrolment | None, now: datetime) -> str:
    """What starts a shared account to pay, by the rule of the patient's region."""
    try:
        rule = platform.rules.sharing(enrolment.region, now.date()) if enrolment else None
    except NotFound:
        return ""
    return str(rule.trigger) if rule else ""


def _moment(before: str | None) -> datetime | None:
    if before is None:
        return None
    try:
        moment = datetime.fromisoformat(before)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise InvalidInput(
            "before.invalid",
            "this is no place in the list",
            "链接不完整，请从首页重新进入",
            field="before",
            accepted="what the page before offered",
        )
    return moment
