"""A request to share, screen by screen: kept from the first answer on, sent once, with the user's consent where the
region asks for it. What it comes to is decided by `binding`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa

from gongji.family import store
from gongji.family.binding import bind, binding_facts, parties
from gongji.family.binding_facts import BindingRequest
from gongji.family.eligibility import Check, check_in_advance, sharer_checks
from gongji.family.model import Authorisation
from gongji.family.refusals import Code, refuse
from gongji.family.tables import binding_application as table
from gongji.foundation.clock import CHINA
from gongji.foundation.ids import Serials
from gongji.foundation.personal import Vault
from gongji.foundation.workdays import WEEKDAYS, Calendar
from gongji.rules.book import RuleBook
from gongji.rules.model import Purpose, Relation, SharingRule

#: Days that a relative has to answer; then the request has to be made anew.
CONSENT_DAYS: Final = 15


class ApplicationState(StrEnum):
    """draft → (waiting_consent → sent | declined) or sent at once; withdrawn from any state before sent."""

    DRAFT = "draft"
    WAITING_CONSENT = "waiting_consent"
    SENT = "sent"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class ConsentWay(StrEnum):
    """How a user can agree; recognising faces is none of them, so nobody is kept out by their face."""

    OWN_LOG_IN = "own_log_in"
    SMS = "sms"
    WINDOW = "window"
    VISIT = "visit"


@dataclass(frozen=True, slots=True)
class Application:
    """A request to share.

    Attributes:
        id: its number.
        sharer_id: who asks.
        state: how far it is.
        relation, certificate_kind, certificate, name: what was answered about the user; None so far.
        user_id: whom the answers name.
        limit_month: fen; None without a limit.
        purposes: None for all that the region allows.
        consent_way, consent_by, consent_at: how the user is asked, and who answered when.
        authorisation_id: what came of it.
        finish_by: the day by which it should be done.
        made_at, sent_at: when it was begun and sent.
    """

    id: int
    sharer_id: int
    state: ApplicationState
    relation: Relation | None
    certificate_kind: str | None
    certificate: str | None
    name: str | None
    user_id: int | None
    limit_month: int | None
    purposes: frozenset[Purpose] | None
    consent_way: ConsentWay | None
    consent_by: str | None
    consent_at: datetime | None
    authorisation_id: int | None
    finish_by: date | None
    made_at: datetime
    sent_at: datetime | None

    @property
    def number(self) -> str:
        """The number that people are told (受理号): the day it was begun, then its id."""
        return f"{self.made_at.astimezone(CHINA):%Y%m%d}{self.id:06d}"


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is known of a request before it is sent.

    Attributes:
        rule: of the sharer's region.
        proven: whether the registers show the relation already.
    """

    rule: SharingRule
    proven: bool


def eligibility(connection: sa.Connection, book: RuleBook, person_id: int, at: datetime) -> tuple[Check, ...]:
    """What a person has to meet to share with anybody, each with the reason where it does not hold."""
    on = at.astimezone(CHINA).date()
    lives = store.lock_people(connection, [person_id])
    sharer, _ = parties(connection, lives, (person_id, person_id), on)
    rule = book.sharing(sharer.enrolment.region, on) if sharer.enrolment is not None else None
    return sharer_checks(sharer, rule, on)


def draft_of(connection: sa.Connection, vault: Vault, sharer_id: int) -> Application | None:
    """What a sharer has begun and not sent yet."""
    found = _select(connection, vault, table.c.sharer_id == sharer_id, table.c.state == ApplicationState.DRAFT)
    return found[0] if found else None


def begin(connection: sa.Connection, vault: Vault, sharer_id: int, at: datetime) -> Application:
    """The sharer's draft, a new one if there is none."""
    known = draft_of(connection, vault, sharer_id)
    if known is not None:
        return known
    made = sa.dialects.postgresql.insert(table).values(sharer_id=sharer_id, made_at=at, changed_at=at)
    connection.execute(made.on_conflict_do_nothing())
    begun = draft_of(connection, vault, sharer_id)
    assert begun is not None, "there is one draft a sharer"
    return begun


def name_user(
    connection: sa.Connection,
    vault: Vault,
    application: Application,
    *,
    relation: Relation,
    certificate_kind: str,
    certificate: str,
    name: str,
    user_id: int,
    at: datetime,
) -> None:
    """Keep whom the sharer names: the relation, name and certificate as they were checked, and who that is."""
    _change(
        connection,
        application,
        at,
        relation=relation,
        certificate_kind=certificate_kind,
        certificate_sealed=vault.seal(certificate),
        name_sealed=vault.seal(name),
        user_id=user_id,
    )


def choose_terms(
    connection: sa.Connection,
    application: Application,
    *,
    limit_month: int | None,
    purposes: Collection[Purpose] | None,
    at: datetime,
) -> None:
    """Keep what the sharer allows: fen a month (None without a limit) and purposes (None for all)."""
    chosen = None if purposes is None else sorted(purposes)
    _change(connection, application, at, limit_month=limit_month, purposes=chosen)


def choose_consent_way(connection: sa.Connection, application: Application, way: ConsentWay, at: datetime) -> None:
    """Keep how the user is to be asked; another way may be chosen while the answer is awaited."""
    _check_open(connection, application, ApplicationState.DRAFT, ApplicationState.WAITING_CONSENT)
    _set(connection, application, at, consent_way=way)


def outlook(connection: sa.Connection, book: RuleBook, application: Application, at: datetime) -> Outlook:
    """Whether the request could be sent, as far as that may be told before the commitment.

    Raises:
        Refused, InvalidInput: as `gongji.family.eligibility.check_in_advance`.
    """
    assert application.user_id is not None
    assert application.relation is not None
    if application.user_id == application.sharer_id:
        raise refuse(Code.SAME_PERSON)
    lives = store.lock_people(connection, (application.sharer_id, application.user_id))
    request = BindingRequest(
        application.relation, None, application.limit_month, application.purposes, committed=True, consented=True
    )
    facts = binding_facts(
        connection,
        book,
        lives,
        sharer_id=application.sharer_id,
        user_id=application.user_id,
        request=request,
        at=at,
    )
    proven = check_in_advance(facts)
    assert facts.rule is not None, "a missing rule is refused"
    return Outlook(facts.rule, proven)


def send(
    connection: sa.Connection,
    book: RuleBook,
    application: Application,
    *,
    commitment: bool,
    actor: str,
    at: datetime,
    serials: Serials,
    calendar: Calendar = WEEKDAYS,
) -> None:
    """Send the request: to the user where the region asks for consent, else straight to what `bind` makes of it.

    Raises:
        Refused, InvalidInput: as `gongji.family.binding.bind`; ``application.over``.
    """
    _check_open(connection, application, ApplicationState.DRAFT)
    rule = outlook(connection, book, application, at).rule
    if rule.user_consent and application.consent_at is None:
        if not commitment:
            raise refuse(Code.COMMITMENT_MISSING)
        until = at.astimezone(CHINA).date() + timedelta(days=CONSENT_DAYS)
        _set(connection, application, at, state=ApplicationState.WAITING_CONSENT, sent_at=at, finish_by=until)
        return
    _bind(connection, book, application, commitment=commitment, actor=actor, at=at, serials=serials, calendar=calendar)


def consent(
    connection: sa.Connection,
    book: RuleBook,
    application: Application,
    *,
    by: str,
    at: datetime,
    serials: Serials,
    calendar: Calendar = WEEKDAYS,
) -> None:
    """The user has agreed: what the sharer asked for is made.

    Args:
        connection: the transaction.
        book: the rules.
        application: it waits for consent.
        by: who took the consent down, and how: ``user``, ``sms``, ``officer 0210``.
        at: now.
        serials: where the new id comes from.
        calendar: the agency's working days.

    Raises:
        Refused: ``authorisation.consent_over``; as `gongji.family.binding.bind`.
    """
    _check_waiting(connection, application, at)
    _set(connection, application, at, consent_by=by, consent_at=at, consent_code_digest=None)
    _bind(connection, book, application, commitment=True, actor=by, at=at, serials=serials, calendar=calendar)


def decline(connection: sa.Connection, application: Application, at: datetime) -> None:
    """The user does not agree.

    Raises:
        Refused: ``authorisation.consent_over``.
    """
    _check_waiting(connection, application, at)
    _set(connection, application, at, state=ApplicationState.DECLINED)


def withdraw(connection: sa.Connection, application: Application, at: datetime) -> None:
    """The sharer gives it up before anything came of it; a draft that was begun wrongly too.

    Raises:
        Refused: ``application.over``.
    """
    _check_open(connection, application, ApplicationState.DRAFT, ApplicationState.WAITING_CONSENT)
    _set(connection, application, at, state=ApplicationState.WITHDRAWN)


def find(connection: sa.Connection, vault: Vault, number: str) -> Application:
    """The request with a number. Whether the caller may see it is for the entrance to check.

    Raises:
        NotFound: ``application.unknown``.
    """
    found = []
    if number.isascii() and number.isdigit() and len(number) <= 26:
        found = _select(connection, vault, table.c.id == min(int(number[8:] or 0), 2**63 - 1))
    if not found or found[0].number != number:
        raise refuse(Code.APPLICATION_UNKNOWN)
    return found[0]


def _bind(
    connection: sa.Connection,
    book: RuleBook,
    application: Application,
    *,
    commitment: bool,
    actor: str,
    at: datetime,
    serials: Serials,
    calendar: Calendar,
) -> Authorisation:
    assert application.user_id is not None
    assert application.relation is not None
    made = bind(
        connection,
        book,
        sharer_id=application.sharer_id,
        user_id=application.user_id,
        relation=application.relation,
        limit_month=application.limit_month,
        purposes=application.purposes,
        commitment=commitment,
        consented=True,  # or the region does not ask for it: see `send` and `consent`
        actor=actor,
        at=at,
        serials=serials,
    )
    on = at.astimezone(CHINA).date()
    rule = book.sharing(made.region, on)
    days = rule.review_working_days if rule is not None else None
    _set(
        connection,
        application,
        at,
        state=ApplicationState.SENT,
        authorisation_id=made.id,
        sent_at=application.sent_at or at,
        finish_by=calendar.deadline(at, days).date() if days else None,
    )
    return made


def _check_open(connection: sa.Connection, application: Application, *states: ApplicationState) -> None:
    locked = sa.select(table.c.state).where(table.c.id == application.id).with_for_update()
    if connection.execute(locked).scalar_one() not in states:
        raise refuse(Code.APPLICATION_OVER)


def _check_waiting(connection: sa.Connection, application: Application, at: datetime) -> None:
    locked = sa.select(table.c.state, table.c.finish_by).where(table.c.id == application.id).with_for_update()
    row = connection.execute(locked).one()
    over = row.finish_by is not None and row.finish_by < at.astimezone(CHINA).date()
    if row.state != ApplicationState.WAITING_CONSENT or over:
        raise refuse(Code.CONSENT_OVER)


def _change(connection: sa.Connection, application: Application, at: datetime, **values: object) -> None:
    _check_open(connection, application, ApplicationState.DRAFT)
    _set(connection, application, at, **values)


def _set(connection: sa.Connection, application: Application, at: datetime, **values: object) -> None:
    connection.execute(table.update().where(table.c.id == application.id).values(changed_at=at, **values))


def _select(connection: sa.Connection, vault: Vault, *conditions: sa.ColumnElement[bool]) -> list[Application]:
    rows = connection.execute(sa.select(table).where(*conditions).order_by(table.c.id))
    return [application_from(row, vault) for row in rows]


def application_from(row: Any, vault: Vault) -> Application:
    """A row of the table as the room's type."""
    return Application(
        id=row.id,
        sharer_id=row.sharer_id,
        state=ApplicationState(row.state),
        relation=Relation(row.relation) if row.relation else None,
        certificate_kind=row.certificate_kind,
        certificate=vault.open(row.certificate_sealed) if row.certificate_sealed else None,
        name=vault.open(row.name_sealed) if row.name_sealed else None,
        user_id=row.user_id,
        limit_month=row.limit_month,
        purposes=None if row.purposes is None else frozenset(Purpose(one) for one in row.purposes),
        consent_way=ConsentWay(row.consent_way) if row.consent_way else None,
        consent_by=row.consent_by,
        consent_at=row.consent_at,
        authorisation_id=row.authorisation_id,
        finish_by=row.finish_by,
        made_at=row.made_at,
        sent_at=row.sent_at,
    )
