"""Numbers of invoices, as institutions send them with a settlement (invono) and people write them on a claim."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from gongji.foundation.ids import bucket_of
from gongji.ledger.tables import STANDS

_NUMBER: Final = re.compile(r"[0-9A-Z]{8,30}")

#: What real clients send in the place of a number: a day.
_DAY: Final = re.compile(r"(19|20)[0-9]{6}")

_SETTLED: Final = f"""
SELECT n.number FROM settlement s JOIN unnest(CAST(:numbers AS text[])) AS n(number) ON right(n.number, length(s.invoice)) = s.invoice
 WHERE s.bucket = :bucket AND s.person_id = :person AND s.invoice <> '' AND s.kind = 'settle'
   AND NOT EXISTS (SELECT FROM reversal r WHERE r.bucket = s.bucket AND r.journal_id = s.id AND {STANDS})
 ORDER BY n.number LIMIT 1
"""


def invoice_number(told: str) -> str:
    """What an institution told, without blanks and hyphens, in capital letters: 8 to 30 of these and digits; "" of what cannot
    be a number."""
    written = re.sub(r"[\s-]", "", told).upper()
    return written if _NUMBER.fullmatch(written) and not _DAY.fullmatch(written) else ""


def settled_already(connection: sa.Connection, person_id: int, numbers: Sequence[str]) -> str | None:
    """The first of some invoices over which an institution has settled with the person, and not taken it back.

    Of an invoice with a code and a number institutions often tell the number alone: whatever ends with it is meant.
    """
    asked = {"bucket": bucket_of(person_id), "person": person_id, "numbers": list(numbers)}
    return connection.execute(sa.text(_SETTLED), asked).scalar_one_or_none()
