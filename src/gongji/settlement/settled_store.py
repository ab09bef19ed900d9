"""SQL of what was settled for many people: who they are, and a chunk of their histories at a time, set-based.

A snapshot sees all of it at one moment; memory holds the ids of the people and one chunk.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from gongji.benefit.model import Bill
from gongji.foundation.clock import CHINA
from gongji.foundation.distribution import is_spread
from gongji.foundation.ids import first_id, month_number
from gongji.foundation.planning import by_key, looked_up
from gongji.ledger.archive_tables import FIRST_DAY
from gongji.ledger.tables import STANDS
from gongji.registry.filings import Filed, FilingKind, FilingState
from gongji.registry.model import Institution
from gongji.registry.store import select_enrolments, select_institutions
from gongji.registry.tables import institution
from gongji.rules.book import RuleBook
from gongji.rules.model import Scheme, Status, Tier
from gongji.settlement.settled_claims import History, Settled, Span

_PEOPLE_AT_A_TIME: Final = 2_000
_ROWS_AT_A_TIME: Final = 50_000

_REGIONS: Final = "SELECT DISTINCT region FROM settlement WHERE kind = 'settle' AND id >= :first"

#: Who was settled for in the span, and whose stay ended in it and was settled later.
_PEOPLE: Final = """
SELECT person_id FROM settlement
 WHERE kind = 'settle' AND id >= :first AND settled_at >= :begins AND settled_at < :ends AND region = ANY(:regions)
 UNION
SELECT a.person_id FROM admission a
  JOIN settlement s ON s.bucket = a.bucket AND s.person_id = a.person_id AND s.visit_id = a.visit_id AND s.id >= :first
 WHERE a.discharged_at >= :begins AND a.discharged_at < :ends AND s.kind = 'settle' AND s.region = ANY(:regions)
"""

#: Bills paid in cash that the funds decided on and that stand so.
_CASH_CLAIMS: Final = """
SELECT count(*) FROM (
    SELECT claim_id FROM claim_decision WHERE region = ANY(:regions) AND "on" BETWEEN :begins AND :until
     GROUP BY bucket, claim_id HAVING sum(total) <> 0) AS standing
"""


def _of_people(table: str, name: str, *, apart: bool, key: str = "") -> str:
    """SQL of the people of a chunk, each with their rows of a table; `key` is what else names these."""
    theirs = f"{name}.bucket = (k.id & 1023)::smallint AND {by_key(f'{name}.person_id', 'k.id')}{key}"
    return f"unnest(:people) AS k(id) {looked_up(table, name, theirs, apart=apart)}"


def _settled_sql(*, apart: bool) -> str:
    """The settlements of a chunk that stand, oldest first; of stays also those after the span: the last tells the stay's day."""
    return f"""
SELECT s.person_id, p.born_on, s.id, s.visit_id, s.institution_id, s.settled_at, s.region, s.scheme, s.status, s.psn_type,
       s.civil_servant, s.med_type, s.disease, s.prescriber, s.total, s.self_paid, s.over_limit, s.first_self_pay,
       s.in_scope, s.fund_pool, s.fund_large, s.fund_civil, s.fund_aid, s.pack_digest,
       CASE WHEN s.lines IS NULL
            THEN (SELECT bool_and(coalesce((f.item ->> 'essential_drug')::boolean, false)) FROM fee_line f
                   WHERE f.bucket = s.bucket AND f.visit_id = s.visit_id AND f.settlement_id = s.id)
            ELSE (SELECT bool_and(coalesce((l.kept -> 'line' -> 'item' ->> 'essential_drug')::boolean, false))
                    FROM json_array_elements(s.lines) AS l(kept)) END AS essential_drugs,
       a.admitted_at, a.discharged_at, coalesce(a.state = 'settled', false) AS closed
  FROM {_of_people("settlement", "s", apart=apart, key=" AND s.id >= :first")}
  JOIN person p ON p.bucket = s.bucket AND p.id = s.person_id
  LEFT JOIN admission a ON a.bucket = s.bucket AND a.visit_id = s.visit_id
 WHERE s.kind = 'settle' AND (s.settled_at < :ends OR a.visit_id IS NOT NULL)
   AND NOT EXISTS (SELECT FROM reversal r WHERE r.bucket = s.bucket AND r.journal_id = s.id AND {STANDS})
 ORDER BY s.person_id, s.settled_at, s.id
"""


def _filed_sql(*, apart: bool) -> str:
    """What was filed for a chunk's people and not withdrawn, in the order in which the desk looks at it."""
    return f"""
SELECT f.person_id, f.kind, f.subject, f.word, f.institution_id, f.state, lower(f.during) AS since,
       upper(f.during) - 1 AS until, f.filed_at
  FROM {_of_people("filing", "f", apart=apart)}
 WHERE f.state NOT IN ('withdrawn', 'refused')
 ORDER BY f.id
"""


def _undone_sql(*, apart: bool) -> str:
    """Between which moments something stood in the books that is not there any more, or was missing that is there again."""
    return f"""
SELECT s.person_id, o.settled_at AS began, s.settled_at AS ended
  FROM {_of_people("settlement", "s", apart=apart, key=" AND s.id >= :first AND s.kind <> 'settle'")}
  JOIN settlement o ON o.bucket = s.bucket AND o.id = s.reverses
"""


def _cash_sql(*, apart: bool) -> str:
    """Decisions on bills paid in cash, which count as settlements do."""
    return f"""
SELECT c.person_id, d.at, d."on" AS day
  FROM {_of_people("claim", "c", apart=apart)}
  JOIN claim_decision d ON d.bucket = c.bucket AND d.claim_id = c.id AND d."on" >= :since
"""


class SettledPeople:
    """What was settled for people of a region in a span, read in one transaction.

    Args:
        connection: a snapshot.
        rules: the rule book, which tells what a pooling region takes in.
        span: which claims are wanted.
        since: from which day on settlements are looked at.

    Attributes:
        people: the ids of everybody who may have a claim, in the order of the books.
        kept_from: the first day of which everything is here; None where no month from `since` on was archived.
    """

    def __init__(self, connection: sa.Connection, rules: RuleBook, span: Span, since: date) -> None:
        self._connection = connection
        self._institutions: dict[int, Institution] = {}
        self._asked: dict[str, object] = {
            "since": since,
            "first": first_id(month_number(since)),
            "ends": _begins(span.until, days=1),
        }
        found = connection.execute(sa.text(_REGIONS), {"first": self._asked["first"]}).scalars()
        self._regions = [region for region in found if rules.pooling(region) == span.region]
        self._span = span
        self.kept_from = self._kept_from(since)
        self.people = array("q")
        asked = {**self._asked, "begins": _begins(span.begins), "regions": self._regions}
        with connection.execution_options(yield_per=_ROWS_AT_A_TIME).execute(sa.text(_PEOPLE), asked) as rows:
            for row in rows:
                self.people.append(row.person_id)

    def histories(self, people: Sequence[int]) -> Iterator[History]:
        """What the books know of people, in their order; a chunk is read at a time."""
        for begin in range(0, len(people), _PEOPLE_AT_A_TIME):
            chunk = list(people[begin : begin + _PEOPLE_AT_A_TIME])
            found = self._chunk(chunk)
            yield from (found[person] for person in chunk if person in found)

    def bills_in_cash(self) -> int:
        """How many bills paid in cash the funds decided on that are of the span: none of them is a settlement."""
        asked = {"regions": self._regions, "begins": self._span.begins, "until": self._span.until}
        return int(self._connection.execute(sa.text(_CASH_CLAIMS), asked).scalar_one())

    def _kept_from(self, since: date) -> date | None:
        first = sa.text(f"SELECT nullif({FIRST_DAY}, '-infinity'::date)")
        kept: date | None = self._connection.execute(first).scalar_one()
        return kept if kept is not None and kept > since else None

    def _chunk(self, people: Sequence[int]) -> dict[int, History]:
        asked = {**self._asked, "people": people}
        rows = self._rows(_settled_sql, asked)
        self._learn_institutions({row.institution_id for row in rows})
        found: dict[int, History] = {}
        for row in rows:
            history = found.setdefault(row.person_id, History(row.person_id, row.born_on))
            history.settled.append(_settled(row, self._institutions))
        for person, enrolments in select_enrolments(self._connection, found).items():
            found[person].enrolments = enrolments
        for row in self._rows(_filed_sql, asked):
            if row.person_id in found:
                found[row.person_id].filings.append((row.filed_at, _filed(row)))
        for row in self._rows(_undone_sql, asked):
            if row.person_id in found:
                found[row.person_id].undone.append((row.began, row.ended))
        for row in self._rows(_cash_sql, asked):
            if row.person_id in found:
                found[row.person_id].cash.append((row.at, row.day))
        return found

    def _rows(self, statement: Callable[..., str], asked: Mapping[str, object]) -> Sequence[Any]:
        typed = sa.text(statement(apart=not is_spread(self._connection))).bindparams(
            sa.bindparam("people", type_=ARRAY(sa.BigInteger))
        )
        return self._connection.execute(typed, asked).all()

    def _learn_institutions(self, wanted: set[int]) -> None:
        unknown = wanted - self._institutions.keys()
        if unknown:
            found = select_institutions(self._connection, institution.c.id.in_(unknown))
            self._institutions.update((one.id, one) for one in found)


def _begins(day: date, days: int = 0) -> datetime:
    """Where a day begins, or the one so many days after it."""
    return datetime.combine(day + timedelta(days), time(), CHINA)


def _settled(row: Any, institutions: Mapping[int, Institution]) -> Settled:
    return Settled(
        row.id,
        row.visit_id,
        institutions[row.institution_id],
        row.settled_at.astimezone(CHINA),
        row.region,
        Scheme(row.scheme),
        Status(row.status),
        row.psn_type,
        row.civil_servant,
        row.med_type,
        row.disease,
        Tier(row.prescriber) if row.prescriber else None,
        Bill(row.total, row.self_paid, row.over_limit, row.first_self_pay, row.in_scope),
        (row.fund_pool, row.fund_large, row.fund_civil, row.fund_aid),
        row.pack_digest,
        bool(row.essential_drugs),
        row.admitted_at and row.admitted_at.astimezone(CHINA),
        row.discharged_at and row.discharged_at.astimezone(CHINA),
        row.closed,
    )


def _filed(row: Any) -> Filed:
    kind, state = FilingKind(row.kind), FilingState(row.state)
    return Filed(kind, row.subject, row.word, row.institution_id, state, row.since, row.until)
