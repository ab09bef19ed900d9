"""The registry's use cases: finding people, enrolments, institutions and items; signing on and off.

What enters them (`add_people` and its like) stands in `gongji.registry.entering` and is handed out here too.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from gongji.foundation.arrays import Numbers
from gongji.foundation.errors import Refused
from gongji.foundation.ids import bucket_of
from gongji.foundation.personal import Vault
from gongji.foundation.questions import Question, Rows, ask, these
from gongji.registry import store
from gongji.registry.certificate import certificate_key
from gongji.registry.entering import (
    CredentialKind,
    add_catalogue,
    add_enrolments,
    add_institutions,
    add_people,
)
from gongji.registry.model import CatalogueItem, Enrolment, Institution, Person
from gongji.registry.people import people_question
from gongji.registry.psn_no import person_id_from_psn_no
from gongji.registry.tables import credential, enrolment, person
from gongji.registry.tables import institution as institution_table
from gongji.registry.tables import sign_on as sign_on_table
from gongji.rules.model import Scheme

__all__ = [
    "CredentialKind",
    "add_catalogue",
    "add_enrolments",
    "add_institutions",
    "add_people",
    "births_of",
    "catalogue_items",
    "certificate_key",
    "end_enrolment",
    "enrolment_on",
    "enrolment_question",
    "enrolments_by_person",
    "enrolments_of",
    "institution_by_code",
    "institutions_by_code",
    "institutions_by_id",
    "names_question",
    "people_by_id",
    "people_question",
    "person_by_credential",
    "person_by_psn_no",
    "person_id_from_psn_no",
    "person_ids_by_certificate",
    "record_death",
    "region_of_account",
    "sign_off",
    "sign_on",
    "withdraw_enrolment",
]

_NATION: Final = "000000"

_ENROLMENTS: Final = Rows(enrolment)

_INSTITUTION_NAMES: Final = "SELECT id, name FROM institution WHERE id = ANY (%(ids)b::integer[])"

_ON_DAY: Final = f"""
SELECT {_ENROLMENTS.columns} FROM enrolment
 WHERE bucket = %(bucket)s AND person_id = %(person)s AND during @> %(on)s::date
"""


def person_by_credential(connection: sa.Connection, vault: Vault, kind: CredentialKind, value: str) -> Person | None:
    """The person whom a credential belongs to.

    Args:
        connection: the transaction.
        vault: opens the person's name and certificate.
        kind: ``certificate``, ``card`` or ``token``.
        value: for a certificate `certificate_key`, else the number or token itself.
    """
    owner = (
        sa.select(credential.c.person_id)
        .where(credential.c.kind == kind, credential.c.digest == vault.index(kind, value))
        .subquery("owner")
    )
    return next(iter(store.select_people(connection, vault, owner, "person_id")), None)


def person_by_psn_no(connection: sa.Connection, vault: Vault, psn_no: str) -> Person | None:
    """The person with this number; None also when only the region in it is wrong."""
    person_id = person_id_from_psn_no(psn_no)
    if person_id is None:
        return None
    found = people_by_id(connection, vault, [person_id]).get(person_id)
    return found if found is not None and found.psn_no == psn_no else None


def people_by_id(connection: sa.Connection, vault: Vault, ids: Iterable[int]) -> dict[int, Person]:
    """People by id; ids of nobody are not in the answer."""
    return ask(connection, people_question(vault, these(ids)))


def person_ids_by_certificate(connection: sa.Connection, vault: Vault, keys: Iterable[str]) -> dict[str, int]:
    """Ids of people by `certificate_key`; keys of nobody are not in the answer."""
    digests = {vault.index("certificate", key): key for key in keys}
    wanted = sa.cast(list(digests), ARRAY(sa.LargeBinary))
    rows = connection.execute(
        sa.select(credential.c.digest, credential.c.person_id).where(
            credential.c.kind == "certificate", credential.c.digest == sa.any_(wanted)
        )
    )
    return {digests[bytes(row.digest)]: row.person_id for row in rows}


def enrolments_of(connection: sa.Connection, person_id: int) -> list[Enrolment]:
    """A person's enrolments, newest first."""
    return store.select_enrolments(connection, [person_id]).get(person_id, [])


def enrolments_by_person(connection: sa.Connection, ids: Iterable[int]) -> dict[int, list[Enrolment]]:
    """Enrolments of many people, each newest first; people without any are not in the answer."""
    return store.select_enrolments(connection, ids)


def enrolment_on(connection: sa.Connection, person_id: int, on: date) -> Enrolment | None:
    """The enrolment whose span takes in a day, paused or not (`Enrolment.holds` tells); at most one does."""
    return ask(connection, enrolment_question(person_id, on))


def enrolment_question(person_id: int, on: date) -> Question[Enrolment | None]:
    """`enrolment_on`."""
    values = {"bucket": bucket_of(person_id), "person": person_id, "on": on}
    return Question(_ON_DAY, values, lambda rows: next(map(store.enrolment_from, _ENROLMENTS.named(rows)), None))


def region_of_account(newest_first: Sequence[Enrolment], on: date) -> str | None:
    """The region whose books a person's account stands in on a day: that of the newest enrolment in the employee scheme
    that has begun, also after it ended; None for people who never had one, since they have no personal account."""
    return next((one.region for one in newest_first if one.scheme is Scheme.EMPLOYEE and one.since <= on), None)


def births_of(connection: sa.Connection, ids: Iterable[int]) -> dict[int, date]:
    """Dates of birth by person; ids of nobody are not in the answer."""
    wanted = store.wanted_ids(ids)
    joined = person.join(wanted, sa.and_(person.c.bucket == store.bucket_in(wanted.c.id), person.c.id == wanted.c.id))
    rows = connection.execute(sa.select(person.c.id, person.c.born_on).select_from(joined))
    return {row.id: row.born_on for row in rows}


def record_death(connection: sa.Connection, person_id: int, on: date | None) -> None:
    """Enter the day of a person's death, or take it away (None); the caller holds the person's lock."""
    connection.execute(
        person.update().where(person.c.bucket == bucket_of(person_id), person.c.id == person_id).values(died_on=on)
    )


def end_enrolment(connection: sa.Connection, person_id: int, on: date) -> None:
    """End the enrolment that takes in a day with that day; the caller holds the person's lock."""
    connection.execute(
        enrolment.update()
        .where(
            enrolment.c.bucket == bucket_of(person_id),
            enrolment.c.person_id == person_id,
            enrolment.c.during.contains(on),
        )
        .values(during=sa.func.daterange(sa.func.lower(enrolment.c.during), on, "[]"))
    )


def withdraw_enrolment(connection: sa.Connection, person_id: int, since: date) -> None:
    """Take an enrolment away that would begin on a day and has not begun: as if it had never been entered."""
    connection.execute(
        enrolment.delete().where(
            enrolment.c.bucket == bucket_of(person_id),
            enrolment.c.person_id == person_id,
            sa.func.lower(enrolment.c.during) == since,
        )
    )


def institution_by_code(connection: sa.Connection, code: str) -> Institution | None:
    """The institution with this fixmedins_code."""
    return next(iter(store.select_institutions(connection, institution_table.c.code == code)), None)


def institutions_by_code(connection: sa.Connection, codes: Iterable[str]) -> dict[str, Institution]:
    """Institutions by fixmedins_code; codes of none are not in the answer."""
    wanted = sa.cast(list(codes), ARRAY(sa.Text))
    return {
        found.code: found
        for found in store.select_institutions(connection, institution_table.c.code == sa.any_(wanted))
    }


def institutions_by_id(connection: sa.Connection, ids: Iterable[int]) -> dict[int, Institution]:
    """Institutions by our number; numbers of none are not in the answer."""
    wanted = sa.cast(list(ids), ARRAY(sa.Integer))
    return {
        found.id: found for found in store.select_institutions(connection, institution_table.c.id == sa.any_(wanted))
    }


def institutions_named(connection: sa.Connection, words: str, area: str, on: date, limit: int) -> list[Institution]:
    """Institutions that may settle on a day and have these words in their names, by name; none without words.

    Only those of one area are looked through: parts of names have no index without an extension of PostgreSQL, and a
    city has some thousand institutions, the nation a million.

    Args:
        connection: a connection.
        words: part of the name as somebody remembers it; or the whole code, then wherever it is.
        area: six digits of a city, or of a province (which ends in 0000).
        on: the day.
        limit: at most so many.
    """
    if not words:
        return []
    table, prefix = institution_table.c, area[:2] if area.endswith("0000") else area[:4]
    there = table.region.between(prefix.ljust(6, "0"), prefix.ljust(6, "9"))
    named = sa.or_(table.code == words.upper(), sa.and_(there, table.name.contains(words, autoescape=True)))
    return store.select_institutions(connection, sa.and_(named, table.designated.contains(on)), limit)


def names_question(ids: Iterable[int]) -> Question[dict[int, str]]:
    """Names of institutions by our number; numbers of none are not in the answer."""
    return Question(_INSTITUTION_NAMES, {"ids": Numbers(ids)}, dict)


def catalogue_items(connection: sa.Connection, region: str, codes: Iterable[str], on: date) -> dict[str, CatalogueItem]:
    """What the catalogue says of items in a region on a day: the city's word before the province's before the nation's.

    Args:
        connection: the transaction.
        region: six-digit code of the pooling region; a county's own word goes before its city's.
        codes: national codes (med_list_codg); codes that no catalogue holds are not in the answer.
        on: the day on which the fee arose.
    """
    areas = [region, region[:4] + "00", region[:2] + "0000", _NATION]
    return store.select_items(connection, areas, codes, on)


def sign_on(connection: sa.Connection, institution: Institution, operator: str, at: datetime) -> str:
    """Sign an operator on at an institution (9001).

    Returns:
        The sign_no, 20 digits: the day and a random number.
    """
    sign_no = f"{at:%Y%m%d}{secrets.randbelow(10**12):012d}"
    connection.execute(
        sign_on_table.insert().values(
            sign_no=sign_no, institution_id=institution.id, operator=operator, signed_on_at=at
        )
    )
    return sign_no


def sign_off(connection: sa.Connection, institution: Institution, sign_no: str, operator: str, at: datetime) -> None:
    """Sign an operator off (9002).

    Raises:
        Refused: ``sign_on.unknown`` when the institution has no open sign-on with this number, ``sign_on.operator``
            when it is another operator's.
    """
    open_one = sa.and_(
        sign_on_table.c.sign_no == sign_no,
        sign_on_table.c.institution_id == institution.id,
        sign_on_table.c.signed_off_at.is_(None),
    )
    row = connection.execute(sa.select(sign_on_table.c.operator).where(open_one).with_for_update()).one_or_none()
    if row is None:
        raise Refused(
            "sign_on.unknown",
            "the institution has no open sign-on with this number: it was signed off already, or never signed on",
            "没有找到未签退的签到记录：可能已经签退，或尚未签到",
            field="sign_no",
            accepted="the sign_no that 9001 answered with",
        )
    if row.operator != operator:
        raise Refused(
            "sign_on.operator",
            "this sign-on belongs to another operator",
            "该签到记录属于其他操作员，请由本人签退",
            field="opter_no",
            accepted="the operator who signed on",
        )
    connection.execute(sign_on_table.update().where(open_one).values(signed_off_at=at))
