"""What an institution may read back of its own visits, and what was dispensed for a person's special diseases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
import sqlalchemy as sa

from gongji.foundation.clock import CHINA
from gongji.foundation.ids import bucket_of
from gongji.ledger.tables import STANDS
from gongji.registry.model import CatalogueItem
from gongji.settlement.model import FeeLine, PricedLine, Settlement, Visit
from gongji.settlement.tables import fee_line, visit
from gongji.settlement.visits import visit_from

#: med_type of outpatient care for a special disease (14) and for the two diseases (9901).
SPECIAL: Final = ("14", "9901")


@dataclass(frozen=True, slots=True)
class Dispensed:
    """A settled fee line of special-disease care."""

    line: FeeLine
    institution_id: int
    med_type: str


def visits_of(
    connection: sa.Connection, institution_id: int, person_id: int, since: datetime, until: datetime, med_type: str = ""
) -> list[Visit]:
    """A person's visits and stays at an institution that began in a span and were not cancelled, oldest first."""
    conditions = [
        visit.c.bucket == bucket_of(person_id),
        visit.c.person_id == person_id,
        visit.c.institution_id == institution_id,
        visit.c.began_at.between(since, until),
        visit.c.state != "cancelled",
    ]
    if med_type:
        conditions.append(visit.c.med_type == med_type)
    rows = connection.execute(sa.select(visit).where(*conditions).order_by(visit.c.began_at, visit.c.id))
    return [visit_from(row) for row in rows]


def lines_of_settlement(connection: sa.Connection, settlement: Settlement) -> list[FeeLine]:
    """The fee lines of a settlement that stands: a purchase's own, or those of the visit that it settled."""
    if settlement.lines:
        return list(settlement.lines)
    rows = connection.execute(
        sa.select(fee_line)
        .where(
            fee_line.c.bucket == bucket_of(settlement.visit_id),
            fee_line.c.visit_id == settlement.visit_id,
            fee_line.c.settlement_id == settlement.id,
        )
        .order_by(fee_line.c.occurred_at, fee_line.c.sn)
    )
    return [_line(row._mapping) for row in rows]


def dispensed_for_diseases(
    connection: sa.Connection, person_id: int, since: datetime, until: datetime
) -> list[Dispensed]:
    """What was charged in special-disease care of a person in a span, at any institution, newest first."""
    statement = sa.text(
        f"""
        SELECT f.*, s.institution_id, s.med_type
          FROM settlement s
          JOIN fee_line f ON f.bucket = s.bucket AND f.visit_id = s.visit_id AND f.settlement_id = s.id
         WHERE s.bucket = :bucket AND s.person_id = :person AND s.kind = 'settle' AND s.med_type = ANY(:kinds)
           AND f.occurred_at BETWEEN :since AND :until
           AND NOT EXISTS (SELECT FROM reversal r WHERE r.bucket = s.bucket AND r.journal_id = s.id AND {STANDS})
         ORDER BY f.occurred_at DESC, f.sn
        """
    )
    asked = {
        "bucket": bucket_of(person_id),
        "person": person_id,
        "kinds": list(SPECIAL),
        "since": since,
        "until": until,
    }
    rows = connection.execute(statement, asked)
    return [Dispensed(_line(row._mapping), row.institution_id, row.med_type) for row in rows]


def _line(row: Mapping[Any, Any]) -> FeeLine:
    item = msgspec.convert(row["item"], CatalogueItem) if row["item"] else None
    occurred_at = row["occurred_at"].astimezone(CHINA)
    names = (row["sn"], row["batch"], item, row["item_code"], row["own_code"], occurred_at)
    priced = PricedLine(*names, row["count"], row["price"], row["total"])
    return FeeLine(priced, row["self_paid"], row["over_limit"], row["first_self_pay"], row["in_scope"])
