"""What the books say that regions owe each other and agencies owe institutions, gathered block by block.

A payment out of one region's money for an institution, a tax office or a wallet of another is a line: its journal has taken the
money from the one and given it to the other, so the one owes it to the other. Nothing is posted for that, and the desk does
nothing for it: maintenance follows the blocks (`gongji.ledger.frontier`) by the hour, and closing a month follows them once
more. A line belongs to the month of its event; where that was closed by then, to the first that is open, for good.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any, Final

import sqlalchemy as sa

from gongji.clearing.monthly.decide import MUNICIPALITIES
from gongji.clearing.monthly.tables import clearing_through
from gongji.foundation.arrays import columns, unnest
from gongji.foundation.database import Database
from gongji.foundation.distribution import is_spread, seen_whole
from gongji.foundation.questions import run_prepared
from gongji.ledger.frontier import FRESH_TRANSFERS, advance, frontier
from gongji.ledger.model import LAST_BOUNDED, AccountKind
from gongji.settlement.model import UNDO, clearing_type

#: Blocks of a poster that one transaction gathers: a snapshot that lives long keeps dead rows of busy accounts alive.
_BLOCKS_AT_ONCE: Final = 2_000

#: "clearing" as a number: whoever gathers or closes holds it, so that no line joins a month while that is being closed.
_LOCK: Final = 0x636C656172

_PAYABLES: Final = f"{int(AccountKind.PAYABLE_INSTITUTION)}, {int(AccountKind.PAYABLE_TAX)}"


def _pooled(place: str) -> str:
    """`gongji.clearing.monthly.decide.pooling_region` in SQL."""
    municipalities = ", ".join(f"'{one}'" for one in MUNICIPALITIES)
    return (
        f"CASE WHEN left({place}, 2) IN ({municipalities}) OR right({place}, 4) = '0000' THEN left({place}, 2) || '0000'"
        f" ELSE left({place}, 4) || '00' END"
    )


#: The region whose books a person's money stands in on a day: that of the newest enrolment that has begun, for all but wallets
#: the newest in the employee scheme (`gongji.registry.service.region_of_account`).
_HOME: Final = f"""
CASE WHEN f.owing = {int(AccountKind.CLEARING)} THEN lpad((f.owed >> 18) / 1000000 || '', 6, '0')
     WHEN f.paying > {int(AccountKind.PAYABLE_PERSON)} THEN (f.payer >> 18) / 1000 || ''
     ELSE (SELECT e.region FROM enrolment e
            WHERE e.bucket = (f.payer & 1023)::smallint AND e.person_id = ((f.payer >> 18) << 10) | (f.payer & 1023)
            ORDER BY lower(e.during) <= f.day DESC, e.scheme = '310' AND f.paying <> {int(AccountKind.WALLET)} DESC,
                     lower(e.during) DESC LIMIT 1) END
"""

#: How a leg is called in a statement. What a wallet is sent was set aside before; what goes to another region straight out of the
#: accounts goes with who moves there. Personal money of somebody else than the patient that moved under no authorisation was
#: let to the patient's wallet by a quota.
_KIND: Final = f"""
CASE f.paying WHEN {int(AccountKind.FUND_POOL)} THEN 'fund_pool' WHEN {int(AccountKind.FUND_LARGE)} THEN 'fund_large'
              WHEN {int(AccountKind.FUND_CIVIL)} THEN 'fund_civil' WHEN {int(AccountKind.FUND_AID)} THEN 'fund_aid'
     ELSE CASE WHEN f.owing = {int(AccountKind.PAYABLE_TAX)} THEN 'premium'
               WHEN f.owing = {int(AccountKind.CLEARING)} AND f.paying = {int(AccountKind.PERSONAL_HELD)} THEN 'transfer'
               WHEN f.owing = {int(AccountKind.CLEARING)} THEN 'move'
               WHEN f.paying = {int(AccountKind.WALLET)} THEN 'wallet'
               WHEN f.authorisation_id IS NOT NULL OR f.paying = {int(AccountKind.POT)} THEN 'shared'
               WHEN e.patient IS NULL OR ((f.payer >> 18) << 10 | (f.payer & 1023)) = e.patient THEN 'own'
               ELSE 'wallet' END END
"""

#: The legs of the frontier's transfers that somebody owes somebody for, and what happened.
_LEGS: Final = f"""
WITH fresh AS MATERIALIZED (
    SELECT t.journal_id, t.authorisation_id, t.posted_at, (t.posted_at AT TIME ZONE 'Asia/Shanghai')::date AS day,
           o.owed, o.payer, o.amount, (o.owed >> 10) & 255 AS owing, (o.payer >> 10) & 255 AS paying
      FROM {FRESH_TRANSFERS}
     CROSS JOIN LATERAL (
           SELECT t.credit, t.debit, t.amount WHERE (t.credit >> 10) & 255 IN ({_PAYABLES})
            UNION ALL SELECT t.debit, t.credit, -t.amount WHERE (t.debit >> 10) & 255 IN ({_PAYABLES})
            UNION ALL SELECT t.credit, t.debit, t.amount WHERE (t.credit >> 10) & 255 = {int(AccountKind.CLEARING)}
                                                   AND (t.debit >> 10) & 255 <= {LAST_BOUNDED}
           ) AS o(owed, payer, amount)
     WHERE (o.payer >> 10) & 255 <= {int(AccountKind.FUND_AID)}
), event AS MATERIALIZED (
    SELECT f.journal_id, s.id AS settlement_id, s.person_id AS patient, coalesce(s.region, '') AS region,
           coalesce(s.scheme, '') AS scheme, coalesce(s.med_type, '') AS med_type, coalesce(s.msgid, '') AS msgid,
           CASE WHEN s.infno = '{UNDO}' THEN coalesce(o.infno, '') ELSE coalesce(s.infno, '') END AS infno,
           coalesce(p.reverses, j.reverses, s.reverses) AS reverses
      FROM (SELECT DISTINCT journal_id, (journal_id & 1023)::smallint AS bucket FROM fresh) AS f
      JOIN journal j ON j.bucket = f.bucket AND j.id = f.journal_id
      LEFT JOIN second_payment p ON p.bucket = f.bucket AND p.id = f.journal_id
      LEFT JOIN settlement s ON s.bucket = f.bucket AND s.id = coalesce(p.settlement_id, f.journal_id)
      LEFT JOIN settlement o ON o.bucket = s.bucket AND o.id = s.reverses
), leg AS MATERIALIZED (
    SELECT f.journal_id, f.posted_at, f.owing, f.paying, f.amount, {_KIND} AS kind, {_HOME} AS home,
           CASE WHEN f.paying <= {int(AccountKind.PAYABLE_PERSON)} THEN ((f.payer >> 18) << 10) | (f.payer & 1023) END AS person,
           CASE f.owing WHEN {int(AccountKind.PAYABLE_INSTITUTION)} THEN i.region
                        WHEN {int(AccountKind.CLEARING)} THEN lpad((f.owed >> 18) % 1000000 || '', 6, '0')
                        ELSE (f.owed >> 18) || '' END AS place,
           i.id AS institution_id, date_trunc('month', f.day)::date AS happened,
           greatest(date_trunc('month', f.day)::date, CAST(:open AS date)) AS month
      FROM fresh f JOIN event e USING (journal_id)
      LEFT JOIN institution i ON f.owing = {int(AccountKind.PAYABLE_INSTITUTION)} AND i.id = f.owed >> 18
)
"""

_LINES: Final = f"""
INSERT INTO clearing_line (journal_id, debtor, creditor, kind, amount, reverses, month, at, institution_id, person_id,
       settlement_id, region, reference)
SELECT l.journal_id, {_pooled("l.home")}, {_pooled("l.place")}, l.kind, sum(l.amount), e.reverses, l.month,
       min(l.posted_at), l.institution_id, coalesce(e.patient, l.person), e.settlement_id, e.region, e.msgid
  FROM leg l JOIN event e USING (journal_id)
 WHERE l.place NOT LIKE CASE WHEN right(l.home, 4) = '0000' THEN left(l.home, 2) ELSE left(l.home, 4) END || '%'
   AND {_pooled("l.home")} <> {_pooled("l.place")}
 GROUP BY l.journal_id, 2, 3, l.kind, e.reverses, l.month, l.institution_id, 10, e.settlement_id, e.region, e.msgid
HAVING sum(l.amount) <> 0
"""

_PARTS: Final = f"""
SELECT l.institution_id, l.month, coalesce(nullif(e.region, ''), l.home, '') AS region, e.scheme, e.infno, e.med_type,
       coalesce(sum(l.amount) FILTER (WHERE l.paying > {int(AccountKind.PAYABLE_PERSON)}), 0)::bigint AS funds,
       coalesce(sum(l.amount) FILTER (WHERE l.paying <= {int(AccountKind.PAYABLE_PERSON)} AND l.kind <> 'wallet'), 0)::bigint
           AS accounts,
       coalesce(sum(l.amount) FILTER (WHERE l.kind = 'wallet'), 0)::bigint AS wallet,
       coalesce(sum(l.amount) FILTER (WHERE l.amount < 0), 0)::bigint AS refunds,
       coalesce(sum(l.amount) FILTER (WHERE l.month <> l.happened), 0)::bigint AS late,
       count(DISTINCT l.journal_id) AS events
  FROM leg l JOIN event e USING (journal_id)
 WHERE l.owing = {int(AccountKind.PAYABLE_INSTITUTION)}
 GROUP BY 1, 2, 3, 4, 5, 6
"""

_PART: Final = (
    ("institutions", "integer"),
    ("months", "text"),
    ("regions", "text"),
    ("schemes", "text"),
    ("types", "text"),
    ("funds", "bigint"),
    ("accounts", "bigint"),
    ("wallets", "bigint"),
    ("refunds", "bigint"),
    ("late", "bigint"),
    ("events", "bigint"),
)

_ADD: Final = f"""
INSERT INTO clearing_part AS p (institution_id, month, region, scheme, clearing_type, funds, accounts, wallet, refunds, late,
       events)
SELECT a, b::date, c, d, e, f, g, h, i, j, k FROM {unnest(_PART)} AS n(a, b, c, d, e, f, g, h, i, j, k)
    ON CONFLICT (institution_id, month, region, scheme, clearing_type) DO UPDATE
   SET funds = p.funds + excluded.funds, accounts = p.accounts + excluded.accounts, wallet = p.wallet + excluded.wallet,
       refunds = p.refunds + excluded.refunds, late = p.late + excluded.late, events = p.events + excluded.events
"""

#: The first month that lines may still join; before any month was closed, any.
_OPEN: Final = "SELECT coalesce(max(month) + interval '1 month', date '2000-01-01')::date FROM clearing_month"


def gather(database: Database) -> int:
    """Follow all blocks that are committed by now, beside running settlements, in short transactions.

    A run that is killed leaves whole transactions; the next one goes on. Two at once wait for each other.

    Returns:
        How many blocks were followed.
    """
    blocks = 0
    while True:
        with database.transaction() as connection:
            hold_still(connection)
            done = gather_some(connection)
        if not done:
            return blocks
        blocks += done


def hold_still(connection: sa.Connection) -> None:
    """Let nobody else gather or close a month until this transaction ends."""
    connection.execute(sa.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def gather_some(connection: sa.Connection) -> int:
    """Follow some of the blocks, under `hold_still`; gives how many, 0 once there are none."""
    fresh = frontier(connection, clearing_through, at_most=_BLOCKS_AT_ONCE)
    if not fresh:
        return 0
    first_open = connection.execute(sa.text(_OPEN)).scalar_one()
    _add(connection, _gathered(connection, {**fresh.parameters, "open": first_open}))
    advance(connection, clearing_through, fresh)
    return fresh.blocks


def _gathered(connection: sa.Connection, asked: dict[str, Any]) -> Sequence[sa.Row[Any]]:
    """Keep the lines; gives what is to be added to what is owed to institutions."""
    if not is_spread(connection):
        return connection.execute(sa.text(f"{_LEGS}, line AS ({_LINES}) {_PARTS}"), asked).all()
    # Citus takes no writing within a reading, and joins what lies apart only where it is seen whole.
    with seen_whole(connection):
        connection.execute(sa.text(_LEGS + _LINES), asked)
        return connection.execute(sa.text(_LEGS + _PARTS), asked).all()


def _add(connection: sa.Connection, found: Iterable[sa.Row[Any]]) -> None:
    """Add to what is owed to institutions, by the clr_type that our answers told them."""
    sums: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0] * 6)
    for row in found:
        institution, month, region, scheme, infno, med_type, *amounts = tuple(row)
        kind = clearing_type(infno, med_type) if infno else ""
        place = sums[institution, month.isoformat(), region, scheme, kind]
        for column, amount in enumerate(amounts):
            place[column] += amount
    if sums:
        rows = [(*key, *amounts) for key, amounts in sorted(sums.items())]
        run_prepared(connection, _ADD, columns(_PART, rows))
