"""The registry's SQL: rows to people, enrolments, institutions and items, and set-based inserts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import islice
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, Insert, Range
from sqlalchemy.dialects.postgresql import insert as postgresql_insert

from gongji.foundation.ids import BUCKETS
from gongji.foundation.personal import Vault
from gongji.registry.model import CatalogueItem, Enrolment, Institution, InstitutionKind, ItemClass, Person
from gongji.registry.tables import catalogue_item, enrolment, institution, person
from gongji.rules.model import Scheme, Status, Tier
from gongji.rules.vocabulary import Late

#: Rows handed to the database at a time; the caller hears of progress after each.
CHUNK: Final = 2_000

_NO_TIER: Final = "none"


def during(since: date, until: date | None) -> Range[date]:
    """A span of whole days; the last day of year 9999, with which many systems say "open", is open."""
    return Range(since, None if until is None or until == date.max else until + timedelta(days=1), bounds="[)")


def last_day(span: Range[date]) -> date | None:
    """The last day of a span, None while it is open."""
    return None if span.upper is None else span.upper - timedelta(days=1)


def tier_text(tier: Tier | None) -> str:
    """The tier as it is stored."""
    return _NO_TIER if tier is None else tier.value


def tier_from(text: str) -> Tier | None:
    """The tier from what is stored."""
    return None if text == _NO_TIER else Tier(text)


def wanted_ids(ids: Iterable[int]) -> sa.TableValuedAlias:
    """Ids of people as a table to join with, so that any number of them is one parameter."""
    array = sa.cast(list(ids), ARRAY(sa.BigInteger))
    return sa.func.unnest(array).table_valued(sa.column("id", sa.BigInteger)).render_derived(name="wanted")


def bucket_in(identifier: sa.ColumnElement[int]) -> sa.ColumnElement[int]:
    """The bucket in an id, in SQL; it is part of every key."""
    return identifier.op("&")(BUCKETS - 1)


def select_people(connection: sa.Connection, vault: Vault, source: sa.FromClause, key: str) -> list[Person]:
    """The people whose ids stand in a column of another table or selection."""
    identifier = source.c[key]
    joined = person.join(source, sa.and_(person.c.bucket == bucket_in(identifier), person.c.id == identifier))
    return [_person(vault, row) for row in connection.execute(sa.select(person).select_from(joined))]


def select_enrolments(connection: sa.Connection, ids: Iterable[int]) -> dict[int, list[Enrolment]]:
    """Enrolments by person, newest first; a person without any is not in the answer."""
    wanted = wanted_ids(ids)
    found: dict[int, list[Enrolment]] = {}
    for row in connection.execute(
        sa.select(enrolment)
        .join(
            wanted,
            sa.and_(enrolment.c.bucket == bucket_in(wanted.c.id), enrolment.c.person_id == wanted.c.id),
        )
        .order_by(sa.func.lower(enrolment.c.during).desc())
    ):
        found.setdefault(row.person_id, []).append(enrolment_from(row))
    return found


def select_institutions(
    connection: sa.Connection, condition: sa.ColumnElement[bool], limit: int | None = None
) -> list[Institution]:
    """The institutions for which a condition holds; with a limit the first ones by name."""
    query = sa.select(institution).where(condition)
    found = connection.execute(query if limit is None else query.order_by(institution.c.name).limit(limit))
    return [institution_from(row) for row in found]


def select_items(
    connection: sa.Connection, areas: Sequence[str], codes: Iterable[str], on: date
) -> dict[str, CatalogueItem]:
    """What the narrowest of some areas says of each item on a day."""
    item = catalogue_item
    rows = connection.execute(
        sa.select(item)
        .where(
            item.c.area.in_(areas),
            item.c.code == sa.any_(sa.cast(list(codes), ARRAY(sa.Text))),
            item.c.during.contains(on),
        )
        # The codes of a county, its city, its province and the nation differ only in trailing zeros: the greater
        # text is the narrower area, and what is read later goes before what was read earlier.
        .order_by(item.c.area)
    )
    return {row.code: _item(row) for row in rows}


def insert_unless_there(
    connection: sa.Connection,
    table: sa.Table,
    rows: Sequence[Mapping[str, object]],
    keys: Sequence[tuple[Hashable, ...]],
    returning: Sequence[sa.ColumnElement[Any]],
    progress: Callable[[int], None] = lambda count: None,
) -> list[int]:
    """Insert rows; those that a unique key or an exclusion constraint forbids are left out and named.

    The database decides, so two loads at the same time cannot both enter the same row.

    Args:
        connection: the transaction.
        table: where to.
        rows: the values.
        keys: what tells each row from the others that are taken, in the order of `rows`.
        returning: the columns that make up a key.
        progress: told how many rows each chunk had.

    Returns:
        Positions, in `rows`, of the rows that were left out.
    """
    left_out: list[int] = []
    for start in range(0, len(rows), CHUNK):
        chunk = rows[start : start + CHUNK]
        statement = _insert(table, chunk).on_conflict_do_nothing().returning(*returning)
        taken = Counter(tuple(row) for row in connection.execute(statement))
        for position in range(start, start + len(chunk)):
            if taken[keys[position]]:
                taken[keys[position]] -= 1
            else:
                left_out.append(position)
        progress(len(chunk))
    return left_out


def insert_all(
    connection: sa.Connection,
    table: sa.Table,
    rows: Iterable[Mapping[str, object]],
    progress: Callable[[int], None],
) -> None:
    """Insert rows that nothing forbids, chunk by chunk; `progress` is told how many rows each chunk had."""
    source = iter(rows)
    while chunk := list(islice(source, CHUNK)):
        connection.execute(_insert(table, chunk))
        progress(len(chunk))


def _insert(table: sa.Table, rows: Sequence[Mapping[str, object]]) -> Insert:
    """An insert of rows as one array a column: however many rows, the statement and its parameters stay the same."""
    names = list(rows[0])
    types = [table.c[name].type for name in names]
    arrays = [sa.cast([row[name] for row in rows], ARRAY(column)) for name, column in zip(names, types, strict=True)]
    columns = [sa.column(name, column) for name, column in zip(names, types, strict=True)]
    given = sa.func.unnest(*arrays).table_valued(*columns).render_derived(name="given")
    return postgresql_insert(table).from_select(names, sa.select(*(given.c[name] for name in names)))


def _person(vault: Vault, row: sa.Row[Any]) -> Person:
    return Person(
        id=row.id,
        psn_no=row.psn_no,
        certificate_type=row.certificate_type,
        certificate=vault.open(row.certificate_sealed),
        name=vault.open(row.name_sealed),
        gender=row.gender,
        born_on=row.born_on,
        nationality=row.nationality,
        died_on=row.died_on,
    )


def enrolment_from(row: Any) -> Enrolment:
    """A row of `enrolment` as the rooms above see it."""
    return Enrolment(
        scheme=Scheme(row.scheme),
        region=row.region,
        status=Status(row.status),
        psn_type=row.psn_type,
        standing=row.standing,
        employer=row.employer,
        civil_servant=row.civil_servant,
        since=row.during.lower,
        until=last_day(row.during),
        aided=row.aided,
        second_grade=row.second_grade,
        covered_since=row.covered_since,
        late=None if row.late is None else Late(row.late),
        missed_years=row.missed_years,
        repaid_years=row.repaid_years,
    )


def institution_from(row: sa.Row[Any]) -> Institution:
    """A row of `institution` as the rooms above see it."""
    return Institution(
        id=row.id,
        code=row.code,
        name=row.name,
        kind=InstitutionKind(row.kind),
        tier=tier_from(row.tier),
        region=row.region,
        designated_since=row.designated.lower,
        designated_until=last_day(row.designated),
    )


def _item(row: sa.Row[Any]) -> CatalogueItem:
    return CatalogueItem(
        code=row.code,
        name=row.name,
        item_class=ItemClass(row.item_class),
        first_self_pay=row.first_self_pay,
        ceiling=row.ceiling,
        charge_type=row.charge_type,
        restricted=row.restricted,
        essential_drug=row.essential_drug,
        negotiated_drug=row.negotiated_drug,
    )
