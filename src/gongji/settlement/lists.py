"""Lists of payments for their people's pages: who, where, when and how much, without what was treated and why it came to that."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from gongji.foundation.arrays import Integers
from gongji.foundation.clock import CHINA
from gongji.foundation.ids import bucket_of
from gongji.foundation.questions import Question
from gongji.ledger.model import AccountKind, personal_account
from gongji.ledger.tables import STANDS

#: Nothing was settled after it.
_LAST: Final = datetime(9999, 12, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class OwnPayment:
    """A line of a patient's own list.

    Attributes:
        settlement_id: the settlement or reversal.
        kind: ``settle``, ``reverse`` or ``restore``.
        region: in whose books it stands.
        place: the institution's name.
        settled_at: when.
        total: fen; below zero for a reversal.
        taken_back: whether a reversal that stands took it back.
    """

    settlement_id: int
    kind: str
    region: str
    place: str
    settled_at: datetime
    total: int
    taken_back: bool


@dataclass(frozen=True, slots=True)
class SharedPayment:
    """What a sharer may see of a relative's settlement: who, where, when and how much; not what was treated.

    Attributes:
        settlement_id: the settlement or reversal.
        user_id: the relative who was treated.
        place: the institution's name.
        settled_at: when.
        amount: fen from the sharer's account; below zero when it came back.
        authorisation_id: under which authorisation.
        kind: ``settle`` or ``reverse``.
    """

    settlement_id: int
    user_id: int
    place: str
    settled_at: datetime
    amount: int
    authorisation_id: int
    kind: str


_OWN: Final = f"""
SELECT s.id, s.kind, s.region, i.name, s.settled_at, s.total,
       EXISTS (SELECT FROM reversal r WHERE r.bucket = s.bucket AND r.journal_id = s.id AND {STANDS})
  FROM settlement s JOIN institution i ON i.id = s.institution_id
 WHERE s.bucket = %(bucket)s AND s.person_id = %(person)s AND s.settled_at < %(before)s
 ORDER BY s.settled_at DESC, s.id DESC LIMIT %(most)s
"""

#: In the words of the indexes over transfers, which else are not used (`gongji.ledger.tables`).
_HELD: Final = "((t.{side} >> 10) & 255) <= 6"

_PAID: Final = f"""
SELECT t.journal_id, s.person_id, i.name, s.settled_at,
       sum(CASE WHEN t.debit = ANY (%(accounts)b::bigint[]) THEN t.amount ELSE -t.amount END)::bigint,
       t.authorisation_id, s.kind
  FROM transfer t
  JOIN settlement s ON s.bucket = (t.journal_id & 1023) AND s.id = t.journal_id
  JOIN institution i ON i.id = s.institution_id
 WHERE t.bucket = %(bucket)s AND t.authorisation_id IS NOT NULL AND s.settled_at < %(before)s
   AND (t.debit = ANY (%(accounts)b::bigint[]) AND {_HELD.format(side="debit")}
        OR t.credit = ANY (%(accounts)b::bigint[]) AND {_HELD.format(side="credit")})
 GROUP BY t.journal_id, t.authorisation_id, s.person_id, i.name, s.settled_at, s.kind
 ORDER BY s.settled_at DESC, t.journal_id DESC LIMIT %(most)s
"""

_PAID_LATER: Final = """
SELECT p.settlement_id, p.person_id, i.name, p.at, p.amount, p.authorisation_id,
       CASE p.kind WHEN 'pay' THEN 'settle' ELSE 'reverse' END
  FROM second_payment p JOIN institution i ON i.id = p.institution_id
 WHERE p.payer_id = %(payer)s AND p.at < %(before)s
 ORDER BY p.at DESC, p.id DESC LIMIT %(most)s
"""


def own_question(person_id: int, most: int, before: datetime | None = None) -> Question[list[OwnPayment]]:
    """A patient's settlements and reversals, newest first.

    Args:
        person_id: the patient.
        most: at most so many.
        before: only those settled before this moment (to page on).
    """
    values = {"bucket": bucket_of(person_id), "person": person_id, "before": before or _LAST, "most": most}
    return Question(_OWN, values, _own)


def paid_question(sharer_id: int, most: int, before: datetime | None = None) -> Question[list[SharedPayment]]:
    """What a sharer's accounts paid for others, newest first, reversals among them; arguments as `own_question`."""
    accounts = [personal_account(kind, sharer_id) for kind in AccountKind if kind.bounded]
    accounts.append(personal_account(AccountKind.PAYABLE_PERSON, sharer_id))
    values = {"bucket": bucket_of(sharer_id), "accounts": Integers(accounts), "before": before or _LAST, "most": most}
    return Question(_PAID, values, _shared)


def paid_later_question(payer_id: int, most: int, before: datetime | None = None) -> Question[list[SharedPayment]]:
    """What a person's account paid afterwards of relatives' cash (`gongji.settlement.second`), and what came back, newest
    first; arguments as `own_question`."""
    return Question(_PAID_LATER, {"payer": payer_id, "before": before or _LAST, "most": most}, _shared)


def _own(rows: Sequence[Any]) -> list[OwnPayment]:
    return [
        OwnPayment(number, kind, region, place, at.astimezone(CHINA), total, taken_back)
        for number, kind, region, place, at, total, taken_back in rows
    ]


def _shared(rows: Sequence[Any]) -> list[SharedPayment]:
    return [
        SharedPayment(number, user_id, place, at.astimezone(CHINA), amount, under, kind)
        for number, user_id, place, at, amount, under, kind in rows
    ]
