"""What stays of months that were archived: the evidence of it, where the chains stood, and the sums of what left.

All of it is history: bringing a month back is another row, whose sums take the first one's back.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from gongji.foundation.schema import metadata, moment_column

#: A month that was taken out (``archived``) or brought back (``restored``), in order.
archiving = sa.Table(
    "archiving",
    metadata,
    sa.Column("n", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("month", sa.SmallInteger, nullable=False),
    sa.Column("kept_from", sa.BigInteger, nullable=False),
    sa.Column("file", sa.Text, nullable=False),
    sa.Column("sha256", sa.LargeBinary, nullable=False),
    sa.Column("carried", sa.LargeBinary, nullable=False),
    sa.Column("evidence", sa.LargeBinary, nullable=False),
    moment_column("at"),
    sa.CheckConstraint("n > 0 AND action IN ('archived', 'restored')", name="action_known"),
    sa.CheckConstraint("length(sha256) = 32 AND length(carried) = 32 AND length(evidence) = 32", name="digests"),
    comment="month: as in dated ids; kept_from: from which id on rows are here after it; carried: digest of the sums;"
    " evidence: over this row and the one before",
)

#: Where the chains of the posters that had blocks in the month stand after an `archiving`: the last block that is not here
#: any more and its hash; number 0 where all of the poster's blocks are here again.
archived_end = sa.Table(
    "archived_end",
    metadata,
    sa.Column("n", sa.Integer, nullable=False),
    sa.Column("poster_id", sa.BigInteger, nullable=False),
    sa.Column("number", sa.BigInteger, nullable=False),
    sa.Column("hash", sa.LargeBinary, nullable=False),
    sa.PrimaryKeyConstraint("poster_id", "n"),
    sa.CheckConstraint("number >= 0", name="number_not_negative"),
)

#: What left with a month, as sums: ``balance`` of an account (bounded or open), ``counter`` of a person (part: which and for
#: what period), ``usage`` of an authorisation, all in fen. What came back has the opposite sign.
carried_forward = sa.Table(
    "carried_forward",
    metadata,
    sa.Column("n", sa.Integer, nullable=False),
    sa.Column("what", sa.Text, nullable=False),
    sa.Column("subject", sa.BigInteger, nullable=False),
    sa.Column("part", sa.Text, nullable=False),
    sa.Column("value", sa.BigInteger, nullable=False),
    sa.PrimaryKeyConstraint("what", "subject", "part", "n"),
    sa.CheckConstraint("what IN ('balance', 'counter', 'usage')", name="what_known"),
)

#: From which id on rows are here, as an expression of SQL: 0 where no month was archived.
KEPT_FROM: Final = "coalesce((SELECT kept_from FROM archiving ORDER BY n DESC LIMIT 1), 0)"

#: Where each poster's chain begins here: (poster_id, number, hash) of the last block that was archived.
ENDS: Final = """
(SELECT poster_id, number, hash
   FROM (SELECT DISTINCT ON (poster_id) poster_id, number, hash FROM archived_end ORDER BY poster_id, n DESC) AS newest
  WHERE number > 0)
"""

#: The first day whose transfers are here.
FIRST_DAY: Final = f"""
(CASE WHEN {KEPT_FROM} = 0 THEN '-infinity'::date
      ELSE (date '2019-12-01' + make_interval(months => ({KEPT_FROM} >> 44)::integer))::date END)
"""
