"""Kinship facts in the database: recorded in sets, found again around people."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as postgresql_insert

from gongji.family.model import FactKind, KinshipFact
from gongji.family.tables import kinship_fact
from gongji.foundation.clock import CHINA
from gongji.foundation.errors import InvalidInput

#: The evidence of a fact that an agency's register holds: it stands above every other.
REGISTER: Final = "register"

_COLUMNS: Final = ("kind", "one", "other", "since", "until", "evidence")


def record_kinship(
    connection: sa.Connection, facts: Iterable[KinshipFact], at: datetime, *, authorisation_id: int | None = None
) -> None:
    """Record facts of kinship, all or none; a fact that is there already takes the new end and evidence.

    What a register holds is never overwritten by a commitment or a document, and when a register ends a marriage or an
    adoption, what rested on less for the same two people ends with it.

    Args:
        connection: the transaction.
        facts: parents and marriages; the two spouses in any order.
        at: now; nothing can be recorded that begins later.
        authorisation_id: the authorisation whose binding stated the facts, if one did.

    Raises:
        InvalidInput: ``kinship.same_person``, ``kinship.dates``.
    """
    rows = {(fact.kind, fact.one, fact.other, fact.since): fact for fact in map(_in_order, facts)}
    if not rows:
        return
    for fact in rows.values():
        _check(fact, at)
    given = _as_table(rows.values())
    incoming = sa.select(*(given.c[name] for name in _COLUMNS), sa.cast(authorisation_id, sa.BigInteger))
    statement = postgresql_insert(kinship_fact).from_select([*_COLUMNS, "authorisation_id"], incoming)
    connection.execute(
        statement.on_conflict_do_update(
            index_elements=["kind", "one", "other", "since"],
            set_={
                "until": statement.excluded.until,
                "evidence": statement.excluded.evidence,
                "authorisation_id": statement.excluded.authorisation_id,
            },
            where=sa.or_(statement.excluded.evidence == REGISTER, kinship_fact.c.evidence != REGISTER),
        )
    )
    ended = [fact for fact in rows.values() if fact.evidence == REGISTER and fact.until is not None]
    if ended:
        _end_what_rests_on_less(connection, ended)


def kinship_around(connection: sa.Connection, person_ids: Collection[int]) -> list[KinshipFact]:
    """All facts within two steps of any of the people, whenever they held: enough to derive every relation of theirs."""
    fact = kinship_fact
    start = sa.select(sa.func.unnest(sa.cast(list(person_ids), ARRAY(sa.BigInteger))).label("id")).cte("start")
    near = sa.union(
        sa.select(start.c.id),
        sa.select(fact.c.other).join(start, fact.c.one == start.c.id),
        sa.select(fact.c.one).join(start, fact.c.other == start.c.id),
    ).cte("near")
    columns = [fact.c[name] for name in _COLUMNS]
    # Two halves, so that each can go by its own index.
    rows = connection.execute(
        sa.union(
            sa.select(fact.c.id, *columns).join(near, fact.c.one == near.c.id),
            sa.select(fact.c.id, *columns).join(near, fact.c.other == near.c.id),
        ).order_by("id")
    )
    return [KinshipFact(FactKind(r.kind), r.one, r.other, r.since, r.until, r.evidence) for r in rows]


def forget_stated(connection: sa.Connection, authorisation_id: int) -> None:
    """Take away what an authorisation stated and what turned out not to be true; its events keep that it was stated."""
    connection.execute(kinship_fact.delete().where(kinship_fact.c.authorisation_id == authorisation_id))


def end_stated(connection: sa.Connection, authorisation_id: int, at: datetime) -> None:
    """End what an authorisation stated: the day of `at` is the last on which it holds."""
    connection.execute(
        kinship_fact.update()
        .where(kinship_fact.c.authorisation_id == authorisation_id, kinship_fact.c.until.is_(None))
        .values(until=at.astimezone(CHINA).date())
    )


def _in_order(fact: KinshipFact) -> KinshipFact:
    if fact.kind is FactKind.SPOUSE and fact.one > fact.other:
        return KinshipFact(fact.kind, fact.other, fact.one, fact.since, fact.until, fact.evidence)
    return fact


def _check(fact: KinshipFact, at: datetime) -> None:
    if fact.one == fact.other:
        raise InvalidInput(
            "kinship.same_person",
            "nobody is their own parent or spouse: name two people",
            "本人不能是自己的父母或配偶，请填写两个人",
            field="other",
            accepted="another person",
        )
    if fact.since > at.astimezone(CHINA).date() or (fact.until is not None and fact.until < fact.since):
        raise InvalidInput(
            "kinship.dates",
            "a fact of kinship begins today or earlier and does not end before it begins",
            "亲属关系的开始日期不能晚于今天，结束日期不能早于开始日期",
            field="since",
            accepted="since ≤ today, and until ≥ since or none",
        )


def _as_table(facts: Iterable[KinshipFact]) -> sa.TableValuedAlias:
    rows = [(f.kind.value, f.one, f.other, f.since, f.until, f.evidence) for f in facts]
    types: dict[str, sa.types.TypeEngine[object]] = {name: kinship_fact.c[name].type for name in _COLUMNS}
    arrays = [
        sa.cast(list(values), ARRAY(types[name]))
        for name, values in zip(_COLUMNS, zip(*rows, strict=True), strict=True)
    ]
    table = sa.func.unnest(*arrays).table_valued(*(sa.column(name, types[name]) for name in _COLUMNS))
    return table.render_derived(name="given")


def _end_what_rests_on_less(connection: sa.Connection, ended: Collection[KinshipFact]) -> None:
    given, weaker = _as_table(ended), kinship_fact
    connection.execute(
        weaker.update()
        .where(
            weaker.c.kind == given.c.kind,
            weaker.c.one == given.c.one,
            weaker.c.other == given.c.other,
            weaker.c.evidence != REGISTER,
            weaker.c.since <= given.c.until,
            sa.or_(weaker.c.until.is_(None), weaker.c.until > given.c.until),
        )
        .values(until=given.c.until)
    )
