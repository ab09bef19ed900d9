"""What a family claimed beside what the registers say; only where the two differ does an officer have to look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

import sqlalchemy as sa

from gongji.entrances.web.pages import Reader
from gongji.entrances.wording import Language
from gongji.family import service as family
from gongji.family.kinship import NEAREST_FIRST, relations_between
from gongji.family.model import Authorisation, AuthorisationState
from gongji.family.words import RELATION_WORDS
from gongji.foundation.errors import NotFound
from gongji.registry import service as registry
from gongji.registry.model import Enrolment, Person
from gongji.rules.book import RuleBook
from gongji.rules.model import Relation

#: Fewer years between a parent and a child are looked at, whatever a document says.
_A_GENERATION: Final = 16

_OLDER: Final = {Relation.PARENT: 1, Relation.GRANDPARENT: 2, Relation.CHILD: -1, Relation.GRANDCHILD: -2}
_OPEN: Final = (AuthorisationState.ACTIVE, AuthorisationState.PAUSED)


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that was compared.

    Attributes:
        what, claimed, register: in words.
        differs: whether the two do not agree.
    """

    what: str
    claimed: str
    register: str
    differs: bool


def compare(
    connection: sa.Connection,
    rules: RuleBook,
    case: Authorisation,
    sharer: Person,
    user: Person,
    on: date,
    reader: Reader,
) -> list[Row]:
    """Everything that can be looked up about a case, what differs first."""
    enrolments = registry.enrolments_by_person(connection, [sharer.id, user.id])
    rows = [
        _relation(connection, case, on, reader),
        *_ages(case, sharer, user, reader),
        _insurance(rules, "sharer", enrolments.get(sharer.id, []), on, reader),
        _insurance(rules, "user", enrolments.get(user.id, []), on, reader),
        _others(connection, case, reader),
        _how_many(connection, rules, case, on, reader),
    ]
    return sorted(rows, key=lambda row: not row.differs)


def word(pair: tuple[str, str], reader: Reader) -> str:
    """The one of (Chinese, English) that the reader reads."""
    return pair[0] if reader.language is Language.CHINESE else pair[1]


def region_name(rules: RuleBook, region: str) -> str:
    """A region's name; its code where no pack knows it."""
    try:
        return rules.name(region)
    except NotFound:
        return region


def _relation(connection: sa.Connection, case: Authorisation, on: date, reader: Reader) -> Row:
    facts = family.kinship_around(connection, [case.sharer_id, case.user_id])
    # What somebody only promised is no register.
    known = relations_between(case.user_id, case.sharer_id, [one for one in facts if one.evidence != "commitment"], on)
    names = reader.text("home.share.list_comma").join(
        word(RELATION_WORDS[one], reader) for one in NEAREST_FIRST if one in known
    )
    return Row(
        reader.text("office.compare.relation"),
        word(RELATION_WORDS[case.relation], reader),
        names or reader.text("office.compare.relation.none"),
        case.relation not in known,
    )


def _ages(case: Authorisation, sharer: Person, user: Person, reader: Reader) -> list[Row]:
    generations = _OLDER.get(case.relation)
    if generations is None:
        return []
    years = (sharer.born_on.year - user.born_on.year) * (1 if generations > 0 else -1)
    return [
        Row(
            reader.text("office.compare.ages"),
            word(RELATION_WORDS[case.relation], reader),
            reader.text("office.compare.ages.told", taker=user.born_on.year, giver=sharer.born_on.year),
            years < _A_GENERATION * abs(generations),
        )
    ]


def _insurance(rules: RuleBook, side: str, enrolments: Sequence[Enrolment], on: date, reader: Reader) -> Row:
    now = next((one for one in enrolments if one.since <= on and (one.until is None or on <= one.until)), None)
    in_order = now is not None and now.holds(on)
    state = "none" if now is None else ("in_order" if in_order else "paused")
    scheme = reader.text(f"home.scheme.{now.scheme}", region=region_name(rules, now.region)) if now else ""
    told = f"{scheme} · {reader.text(f'office.compare.insurance.{state}')}" if now else ""
    return Row(
        reader.text(f"office.compare.insurance.{side}"),
        reader.text("office.compare.insurance.in_order"),
        told or reader.text("office.compare.insurance.none"),
        not in_order,
    )


def _others(connection: sa.Connection, case: Authorisation, reader: Reader) -> Row:
    others = [
        one
        for one in family.authorisations_of_user(connection, case.user_id)
        if one.state in _OPEN and one.id != case.id
    ]
    return Row(
        reader.text("office.compare.others"),
        reader.text("office.compare.others.none"),
        reader.text("office.compare.others.some", count=len(others))
        if others
        else reader.text("office.compare.others.none"),
        bool(others),
    )


def _how_many(connection: sa.Connection, rules: RuleBook, case: Authorisation, on: date, reader: Reader) -> Row:
    given = [one for one in family.authorisations_of_sharer(connection, case.sharer_id) if one.state in _OPEN]
    rule = rules.sharing(case.region, on)
    most = rule.max_relatives if rule else None
    limit = (
        reader.text("office.compare.many.none") if most is None else reader.text("office.compare.many.most", most=most)
    )
    told = reader.text("office.compare.many.told", count=len(given))
    return Row(reader.text("office.compare.many"), limit, told, most is not None and len(given) >= most)
