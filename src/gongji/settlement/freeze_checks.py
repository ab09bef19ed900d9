"""Proof that frozen accounts paid nothing: a check in the shape of `gongji.ledger.verify`."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from gongji.ledger.finding import Finding
from gongji.ledger.model import JournalKind

#: Events that pay from an account or set its money aside; an agency's own (a year's turn, a closing) go on.
_PAYING = f"'{JournalKind.SETTLEMENT}', '{JournalKind.HOLD}', '{JournalKind.SECOND}'"


def frozen_accounts_paid_nothing(connection: sa.Connection) -> Iterator[Finding]:
    """While a freeze stood, nothing was paid or set aside from the personal account (kinds 1 and 2) nor from what its holder
    allotted (4); and what an account carries of a freeze is what stands of it.

    A batch that was under way when an officer froze or freed the account carries a moment before or after that: a minute
    on either side is left out.
    """
    paid = sa.text(
        f"""
        SELECT t.journal_id, t.leg, f.id AS freeze
          FROM account_freeze f
          CROSS JOIN unnest(ARRAY[1, 2, 4]) AS kind
          JOIN transfer t ON t.debit = ((f.person_id >> 10) << 18) | (kind << 10) | (f.person_id & 1023)
           AND t.bucket = (f.person_id & 1023)::smallint
           AND t.posted_at > f.asked_at + interval '1 minute'
           AND t.posted_at < coalesce(f.ended_at, 'infinity') - interval '1 minute'
           AND (t.posted_at AT TIME ZONE 'Asia/Shanghai')::date <= f.stands_until
          JOIN journal j ON j.bucket = t.bucket AND j.id = t.journal_id AND j.kind IN ({_PAYING})
        """
    )
    for row in connection.execute(paid):
        yield Finding("freeze", f"transfer {row.journal_id}/{row.leg} left an account under freeze {row.freeze}")
    carried = sa.text(
        """
        SELECT a.id FROM account a
          LEFT JOIN account_freeze f ON f.person_id = ((a.id >> 18) << 10 | (a.id & 1023)) AND f.ended_at IS NULL
         WHERE (a.frozen_until IS NOT NULL OR f.id IS NOT NULL) AND a.kind IN (1, 2) AND a.closed_at IS NULL
           AND a.frozen_until IS DISTINCT FROM f.stands_until
        """
    )
    for row in connection.execute(carried):
        yield Finding("freeze", f"account {row.id} is frozen otherwise than its holder's freeze says")


CHECKS = {"frozen accounts paid nothing": frozen_accounts_paid_nothing}
