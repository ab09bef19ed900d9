"""Loads the sandbox's institutions, people, money, bindings and what they did before, into an empty database."""

from __future__ import annotations

import hashlib
import itertools
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa

from gongji.benefit.split import Approval
from gongji.entrances.demo.families import CT
from gongji.entrances.demo.world import FILES
from gongji.entrances.loading.loader import load_files
from gongji.entrances.platform import Platform
from gongji.entrances.sandbox.institutions import INSTITUTIONS
from gongji.entrances.sandbox.people import PEOPLE, SHARINGS, InventedPerson, Sharing, Visit
from gongji.family import service as family
from gongji.family.model import AuthorisationState
from gongji.foundation.documents import read_document
from gongji.foundation.errors import Misconfigured
from gongji.foundation.money import parse_yuan
from gongji.foundation.schema import metadata
from gongji.ledger.holds import HoldPurpose
from gongji.ledger.model import AccountKind
from gongji.ledger.service import open_balances, register_poster
from gongji.registry.entering import add_enrolments, add_institutions, add_people
from gongji.registry.entries import NewEnrolment, NewInstitution, NewPerson
from gongji.registry.filings import FilingState, NewFiling, add_filings
from gongji.registry.keys import add_institution_key
from gongji.registry.model import Enrolment
from gongji.registry.service import catalogue_items, institution_by_code
from gongji.settlement.holds.model import HoldKey, PlaceHold
from gongji.settlement.model import AccountUse, MessageKey, PricedLine, RegisterVisit, SettleVisit
from gongji.settlement.visits import register_visit, upload_lines

#: Everybody's cover and every designation began here, before any of the rules that are known.
SINCE: Final = date(2015, 1, 1)

#: How long a deposit of the world is held.
_HELD_FOR: Final = timedelta(days=3)

_ACTOR: Final = "sandbox"


def digest() -> str:
    """A digest of what `load_world` loads, and of the tables that it is loaded into: a world of another digest is
    loaded afresh."""
    tables = [(table.name, [column.name for column in table.columns]) for table in metadata.sorted_tables]
    told = repr((INSTITUTIONS, PEOPLE, SHARINGS, tables))
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def load_world(platform: Platform) -> None:
    """Fill an empty database.

    Raises:
        Misconfigured: ``sandbox.world`` when the catalogue that ships does not load.
    """
    loaded = load_files(platform.database, platform.vault, platform.clock, [FILES / "catalogue.csv"], holder=_ACTOR)
    if not loaded.complete:
        problem = loaded.problems[0]
        raise Misconfigured("sandbox.world", f"the catalogue does not load: {problem}", f"目录无法导入：{problem}")
    at = platform.clock.now()
    with platform.database.transaction() as connection:
        _institutions(connection, platform, at)
        ids = _people(connection, platform, at)
    world = _World(platform, ids, at)
    for sharing in SHARINGS:
        world.bind(sharing)
    for person in PEOPLE:
        if person.before is not None:
            world.settle(person, person.before)
        if person.held is not None:
            world.hold(person, person.held)


def _institutions(connection: sa.Connection, platform: Platform, at: datetime) -> None:
    ended = at.date() - timedelta(days=1)
    rows = [
        NewInstitution(each.code, each.name, each.kind, each.tier, each.region, SINCE, ended if each.ended else None)
        for each in INSTITUTIONS
    ]
    ids = add_institutions(connection, rows)
    since = datetime(SINCE.year, 1, 1, tzinfo=at.tzinfo)
    for each in INSTITUTIONS:
        for dialect, client, secret in each.keys:
            add_institution_key(connection, platform.vault, ids[each.code], client, secret, since, dialect=dialect)


def _people(connection: sa.Connection, platform: Platform, at: datetime) -> dict[str, int]:
    """Enter everybody with cover, filings and money; gives their ids by key."""
    today, serials = at.date(), platform.database.serials
    rows = [_new_person(person, today) for person in PEOPLE]
    found = list(add_people(connection, platform.vault, serials, rows).values())
    ids = {person.key: person_id for person, person_id in zip(PEOPLE, found, strict=True)}
    add_enrolments(connection, [NewEnrolment(ids[person.key], _cover(person, today)) for person in PEOPLE])
    filings = [
        NewFiling(ids[person.key], kind, subject, today, word=word, state=FilingState.GRANTED)
        for person in PEOPLE
        if person.filed is not None
        for kind, subject, word in (person.filed,)
    ]
    add_filings(connection, serials, filings, at)
    money = [
        (kind, ids[person.key], parse_yuan(amount, kind.name), person.region)
        for person in PEOPLE
        if person.current is not None
        for kind, amount in (
            (AccountKind.PERSONAL_CURRENT, person.current),
            (AccountKind.PERSONAL_HISTORICAL, person.historical),
        )
    ]
    open_balances(connection, register_poster(connection, serials, at), serials, money, at)
    return ids


def _new_person(person: InventedPerson, today: date) -> NewPerson:
    born = person.born_on or today - timedelta(days=person.days_old or 0)
    return NewPerson(
        person.certificate,
        person.name,
        person.gender,
        born,
        person.region,
        card=person.card,
        household=_household(person.key),
        died_on=today - timedelta(days=1) if person.died else None,
    )


def _household(key: str) -> str:
    """Who shares with whom lies in one household, named after its first sharer."""
    return next((each.sharer for each in SHARINGS if key in (each.sharer, each.user)), key)


def _cover(person: InventedPerson, today: date) -> Enrolment:
    until = None
    if person.months_unpaid is not None:
        month = today.year * 12 + today.month - 1 - person.months_unpaid
        until = date(month // 12, month % 12 + 1, 1) - timedelta(days=1)
    since = today - timedelta(days=person.days_old) if person.days_old is not None else SINCE
    return Enrolment(
        person.scheme, person.region, person.status, person.psn_type, person.standing, "", False, since, until
    )


@dataclass
class _World:
    """What needs the platform at work: bindings, settlements and holds of before the sandbox begins."""

    platform: Platform
    ids: Mapping[str, int]
    at: datetime
    _numbers: Any = field(default_factory=lambda: itertools.count(1))

    def bind(self, sharing: Sharing) -> None:
        """Let somebody share: on commitment, or by review with a document, as the region has it."""
        platform, sharer = self.platform, self.ids[sharing.sharer]
        database, rules, at = platform.database, platform.rules, self.at
        with database.transaction() as connection:
            made = family.bind(
                connection,
                rules,
                sharer_id=sharer,
                user_id=self.ids[sharing.user],
                relation=sharing.relation,
                limit_month=_fen(sharing.limit_month),
                limit_total=_fen(sharing.limit_total),
                commitment=True,
                actor=_ACTOR,
                at=at,
                serials=database.serials,
            )
            if made.state is AuthorisationState.SUBMITTED and not sharing.waiting:
                document = read_document((FILES / "household-register.png").read_bytes())
                family.hand_in_evidence(
                    connection,
                    platform.files,
                    made.id,
                    kind="household_book",
                    document=document,
                    person_id=sharer,
                    actor=_ACTOR,
                    at=at,
                )
                family.review(connection, rules, made.id, "approve", actor=_ACTOR, at=at)
            if sharing.paused:
                family.pause(connection, made.id, person_id=sharer, actor=_ACTOR, at=at)

    def settle(self, person: InventedPerson, visit: Visit) -> None:
        """Settle a visit."""
        database, person_id = self.platform.database, self.ids[person.key]
        registered = register_visit(
            database,
            RegisterVisit(self._key(visit.at, "2201"), person_id, "MZ0", person.scheme, self.at, {}),
            self.at,
        )
        with database.transaction() as connection:
            hospital = institution_by_code(connection, visit.at)
            assert hospital is not None
            item = catalogue_items(connection, hospital.region, [CT.code], self.at.date())[CT.code]
            price, count = parse_yuan(CT.price, "pric"), visit.count
            line = PricedLine(
                sn="1",
                batch="B1",
                item=item,
                item_code=CT.code,
                own_code=CT.code,
                occurred_at=self.at,
                count=count * 10**4,
                price=price * 10**4,
                total=price * count,
                approval=Approval.NOT_NEEDED,
            )
            upload_lines(connection, hospital, person_id, registered.id, [line])
        command = SettleVisit(
            key=self._key(visit.at, "2207"),
            institution=hospital,
            person_id=person_id,
            visit_id=registered.id,
            batch="B1",
            total=price * count,
            account_use=AccountUse(visit.use),
            scheme=person.scheme,
            med_type="11",
            certificate_kind="02",
        )
        self.platform.desk.submit(command).result()

    def hold(self, person: InventedPerson, amount: str) -> None:
        """Set money aside as a deposit."""
        person_id = self.ids[person.key]
        reference = f"sandbox-{person.key}"
        command = PlaceHold(
            HoldKey(reference, hashlib.sha256(reference.encode()).digest()),
            person_id,
            person_id,
            parse_yuan(amount, "held"),
            HoldPurpose.DEPOSIT,
            reference,
            self.at + _HELD_FOR,
        )
        self.platform.desk.hold(command).result()

    def _key(self, code: str, infno: str) -> MessageKey:
        with self.platform.database.transaction() as connection:
            institution = institution_by_code(connection, code)
        assert institution is not None
        msgid = f"{code}{self.at:%Y%m%d%H%M%S}{next(self._numbers):04d}"
        return MessageKey(institution.id, infno, msgid, secrets.token_bytes(32))


def _fen(amount: str | None) -> int | None:
    return None if amount is None else parse_yuan(amount, "limit")
