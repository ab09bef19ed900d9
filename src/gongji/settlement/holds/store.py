"""SQL of holds, set-based: what the desk loads under its locks, what it writes, and what the expiry takes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from gongji.foundation.arrays import Column, Integers, SmallIntegers, Texts, columns, unnest
from gongji.foundation.clock import CHINA
from gongji.foundation.together import Together
from gongji.ledger.holds import Hold, HoldPurpose, HoldReceipt, HoldState, StepKind
from gongji.ledger.model import AccountKind, kind_of, personal_account
from gongji.settlement.books import Books, usage_periods
from gongji.settlement.holds.decide import bucket_of_money
from gongji.settlement.holds.model import CaptureHold, HoldBooks, HoldCommand, HoldDecision, PlaceHold
from gongji.settlement.locks import Locking

#: The columns of a hold `h`, as `hold_from` takes them.
HOLD_COLUMNS: Final = (
    "h.id, h.person_id, h.account, h.amount, h.captured, h.released, h.state, h.purpose, h.reference,"
    " h.authorisation_id, h.placed_at, h.expires_at"
)

#: Whoever moves a hold locks its held account first, so its row needs no lock of its own.
HOLDS: Final = f"""
SELECT {HOLD_COLUMNS} FROM hold h JOIN unnest(%(holds)b::bigint[]) AS k(id) ON h.bucket = (k.id & 1023) AND h.id = k.id
"""

SOURCES: Final = """
SELECT t.journal_id, t.debit, t.amount FROM transfer t
 WHERE t.journal_id = ANY(%(holds)b::bigint[]) ORDER BY t.journal_id, t.leg
"""

STEPS: Final = """
SELECT s.bucket, s.key, s.request_digest, s.id, s.hold_id, s.kind, s.captured, s.released, s.remaining, s.at
  FROM hold_step s JOIN unnest(%(step_buckets)b::smallint[], %(step_keys)b::text[]) AS k(bucket, key)
    ON s.bucket = k.bucket AND s.key = k.key
"""

#: The turns of the year of everybody to whom money may go back.
TURNED: Final = """
SELECT DISTINCT ON (y.person_id) y.person_id, y.year, y.turned_at
  FROM year_turn y
  JOIN (SELECT DISTINCT ((t.debit >> 18) << 10 | (t.debit & 1023)) AS id FROM transfer t
         WHERE t.journal_id = ANY(%(returning)b::bigint[]) AND (t.debit >> 10) & 255 IN (1, 4)) AS k
    ON y.bucket = (k.id & 1023) AND y.person_id = k.id
 ORDER BY y.person_id, y.year DESC
"""

#: The last turn of the year of the people whose current accounts (kind 1) or pots (kind 4) are among these.
TURNS: Final = """
SELECT DISTINCT ON (y.person_id) y.person_id, y.year, y.turned_at
  FROM year_turn y
  JOIN unnest(%(accounts)b::bigint[]) AS k(id)
    ON y.bucket = (k.id & 1023)::smallint AND y.person_id = ((k.id >> 18) << 10 | (k.id & 1023))
 WHERE (k.id >> 10) & 255 IN (1, 4)
 ORDER BY y.person_id, y.year DESC
"""

_MADE: Final = (
    ("h_id", "bigint"),
    ("h_person", "bigint"),
    ("h_account", "bigint"),
    ("h_amount", "bigint"),
    ("h_captured", "bigint"),
    ("h_released", "bigint"),
    ("h_state", "text"),
    ("h_purpose", "text"),
    ("h_reference", "text"),
    ("h_under", "bigint"),
    ("h_placed", "timestamptz"),
    ("h_expires", "timestamptz"),
    ("h_ended", "timestamptz"),
)
_MOVED: Final = (
    ("m_id", "bigint"),
    ("m_captured", "bigint"),
    ("m_released", "bigint"),
    ("m_state", "text"),
    ("m_ended", "timestamptz"),
)
_STEPS: Final = (
    ("s_id", "bigint"),
    ("s_hold", "bigint"),
    ("s_kind", "text"),
    ("s_captured", "bigint"),
    ("s_released", "bigint"),
    ("s_remaining", "bigint"),
    ("s_key", "text"),
    ("s_digest", "bytea"),
    ("s_settlement", "bigint"),
    ("s_at", "timestamptz"),
)
_USAGES: Final = (("u_id", "bigint"), ("u_period", "text"), ("u_used", "bigint"), ("u_at", "timestamptz"))


WRITE_HOLDS: Final = Together(
    {
        "made": f"""
INSERT INTO hold (bucket, id, person_id, account, amount, captured, released, state, purpose, reference,
                  authorisation_id, placed_at, expires_at, ended_at)
SELECT (m.id & 1023)::smallint, m.* FROM {unnest(_MADE)}
       AS m(id, person_id, account, amount, captured, released, state, purpose, reference, authorisation_id,
            placed_at, expires_at, ended_at)
""",
        "moved": f"""
UPDATE hold h SET captured = m.captured, released = m.released, state = m.state, ended_at = m.ended_at
  FROM {unnest(_MOVED)} AS m(id, captured, released, state, ended_at)
 WHERE h.bucket = (m.id & 1023)::smallint AND h.id = m.id
""",
        "noted": f"""
INSERT INTO hold_step (bucket, id, hold_id, kind, captured, released, remaining, key, request_digest, settlement_id, at)
SELECT (s.id & 1023)::smallint, s.* FROM {unnest(_STEPS)}
       AS s(id, hold_id, kind, captured, released, remaining, key, request_digest, settlement_id, at)
""",
    },
    needs={"made": "h_id", "moved": "m_id"},
)

#: Absolute values: they were read under the lock of the authorisation's user, so nobody else has moved them since.
WRITE_USAGE: Final = f"""
INSERT INTO authorisation_usage (bucket, authorisation_id, period, used, last_used_at)
SELECT (u.authorisation_id & 1023)::smallint, u.authorisation_id, u.period, u.used, u.at
  FROM {unnest(_USAGES)} AS u(authorisation_id, period, used, at)
    ON CONFLICT (bucket, authorisation_id, period) DO UPDATE SET used = excluded.used,
       last_used_at = greatest(authorisation_usage.last_used_at, excluded.last_used_at)
"""

#: Days after a discharge for which a deposit waits for the settlement, whatever its own end.
DAYS_TO_SETTLE: Final = 30

#: A hold `h` is no deposit of somebody who is in hospital, or left it a moment ago.
NOT_WAITING: Final = f"""(h.purpose <> 'deposit' OR NOT EXISTS (
    SELECT FROM admission a WHERE a.bucket = (h.person_id & 1023)::smallint AND a.person_id = h.person_id
       AND (a.state = 'admitted' OR (a.state = 'discharged' AND a.changed_at > %(at)s - interval '{DAYS_TO_SETTLE} days'))))"""

#: Holds whose time is over; a deposit's never is while its patient is in hospital, nor soon after. Nothing here or in the
#: locks after it ever waits: what somebody else has in hand is left for the next round, so the expiry can be part of no
#: deadlock.
DUE: Final = f"""
SELECT {HOLD_COLUMNS} FROM hold h WHERE h.state = 'open' AND h.expires_at <= %(at)s AND {NOT_WAITING}
 ORDER BY h.expires_at LIMIT %(limit)s FOR NO KEY UPDATE SKIP LOCKED
"""

#: The same over several nodes, where a hold is not locked and who is in hospital is asked apart.
DUE_ON_NODES: Final = f"""
SELECT {HOLD_COLUMNS} FROM hold h WHERE h.state = 'open' AND h.expires_at <= %(at)s
   AND NOT (h.purpose = 'deposit' AND h.person_id = ANY(%(waiting)b::bigint[]))
 ORDER BY h.expires_at LIMIT %(limit)s
"""

#: The patients of open deposits that are over, who are in hospital or left it a moment ago.
WAITING: Final = f"""
SELECT DISTINCT a.person_id FROM admission a
  JOIN (SELECT DISTINCT h.person_id FROM hold h
         WHERE h.state = 'open' AND h.purpose = 'deposit' AND h.expires_at <= %(at)s) AS d ON d.person_id = a.person_id
 WHERE a.state = 'admitted' OR (a.state = 'discharged' AND a.changed_at > %(at)s - interval '{DAYS_TO_SETTLE} days')
"""

PEOPLE_NOW: Final = Locking("SELECT id FROM unnest(%(people)b::bigint[]) AS p(id)", "person", "a.id", waits=False)

ACCOUNTS_NOW: Final = Locking(
    "SELECT id FROM unnest(%(accounts)b::bigint[]) AS w(id)",
    "account",
    "a.id, a.balance, a.closed_at IS NULL",
    waits=False,
)

USAGE: Final = """
SELECT u.authorisation_id, u.period, u.used FROM authorisation_usage u
  JOIN unnest(%(authorisations)b::bigint[]) AS k(id) ON u.bucket = (k.id & 1023) AND u.authorisation_id = k.id
"""


def load_parameters(commands: Sequence[HoldCommand]) -> dict[str, Column]:
    """The parameters of `HOLDS` and `STEPS` for commands, and ``hold_accounts``: accounts beyond those of people
    and their sharers that have to be locked with them."""
    accounts: set[int] = set()
    for command in commands:
        if isinstance(command, PlaceHold):
            accounts.add(personal_account(AccountKind.PERSONAL_HELD, command.payer_id))
        elif isinstance(command, CaptureHold) and kind_of(command.credit).bounded:
            accounts.add(command.credit)
    return {
        "holds": Integers(sorted({command.hold_id for command in commands if not isinstance(command, PlaceHold)})),
        "hold_accounts": Integers(sorted(accounts)),
        "step_buckets": SmallIntegers(bucket_of_money(command) for command in commands),
        "step_keys": Texts(command.key.key for command in commands),
    }


def hold_books(
    holds: Iterable[Sequence[Any]], sources: Iterable[Sequence[Any]], steps: Iterable[Sequence[Any]]
) -> HoldBooks:
    """The working state of a batch, from the rows of `HOLDS` and `STEPS` and where the money of each hold came from as
    (hold, account, fen)."""
    drawn: dict[int, list[tuple[int, int]]] = {}
    for hold_id, account, amount in sources:
        drawn.setdefault(hold_id, []).append((account, amount))
    books = HoldBooks({row[0]: hold_from(row, drawn.get(row[0], [])) for row in holds})
    for bucket, key, digest, *rest in steps:
        books.steps[bucket, key] = (bytes(digest), receipt_from(rest))
    return books


def hold_from(row: Sequence[Any], sources: Iterable[tuple[int, int]]) -> Hold:
    """A hold from the columns of `HOLDS` and where its money came from."""
    return Hold(
        id=row[0],
        person_id=row[1],
        account=row[2],
        amount=row[3],
        captured=row[4],
        released=row[5],
        state=HoldState(row[6]),
        purpose=HoldPurpose(row[7]),
        reference=row[8],
        authorisation_id=row[9],
        placed_at=row[10].astimezone(CHINA),
        expires_at=row[11].astimezone(CHINA),
        sources=tuple(sources),
    )


def receipt_from(row: Sequence[Any]) -> HoldReceipt:
    """A receipt from (step id, hold id, kind, captured, released, remaining, at)."""
    step_id, hold_id, kind, captured, released, remaining, at = row
    return HoldReceipt(step_id, hold_id, StepKind(kind), captured, released, remaining, at.astimezone(CHINA))


def write_parameters(decisions: Sequence[HoldDecision], holds: HoldBooks) -> dict[str, Column]:
    """The parameters of `WRITE_HOLDS`: every hold as the last decision left it, and every step."""
    ended: dict[int, datetime] = {}
    for decision in decisions:
        if decision.receipt.remaining == 0:
            ended[decision.receipt.hold_id] = decision.receipt.at
    made: list[tuple[Any, ...]] = []
    moved: list[tuple[Any, ...]] = []
    for hold_id in dict.fromkeys(decision.receipt.hold_id for decision in decisions):
        one = holds.holds[hold_id]
        if hold_id not in holds.placed:
            moved.append((one.id, one.captured, one.released, str(one.state), ended.get(one.id)))
            continue
        sums = (one.amount, one.captured, one.released)
        words = (str(one.state), str(one.purpose), one.reference, one.authorisation_id)
        made.append(
            (one.id, one.person_id, one.account, *sums, *words, one.placed_at, one.expires_at, ended.get(one.id))
        )
    return columns(_MADE, made) | columns(_MOVED, moved) | columns(_STEPS, [_step(one) for one in decisions])


def _step(decision: HoldDecision) -> tuple[Any, ...]:
    receipt, key = decision.receipt, decision.key
    plain = (receipt.captured, receipt.released, receipt.remaining)
    asked = (key.key, key.digest) if key is not None else (None, None)
    return (receipt.step_id, receipt.hold_id, str(receipt.kind), *plain, *asked, decision.settlement_id, receipt.at)


def usage_parameters(decisions: Sequence[HoldDecision], books: Books) -> dict[str, Column]:
    """The parameters of `WRITE_USAGE`: every usage that moved, with the value it has now."""
    moved: dict[tuple[int, str], datetime] = {}
    for decision in decisions:
        for authorisation_id in decision.usage:
            for period in usage_periods(decision.usage_at):
                moved[authorisation_id, period] = decision.usage_at
    return columns(_USAGES, [(*place, books.usage[place], at) for place, at in moved.items()])


def held_accounts(decisions: Sequence[HoldDecision], holds: HoldBooks) -> Integers:
    """The held accounts of holds that are made now; they are opened when it is their first."""
    return Integers(
        sorted({holds.holds[one.receipt.hold_id].account for one in decisions if one.receipt.kind is StepKind.HOLD})
    )


def accounts_of(hold: Hold) -> set[int]:
    """Every account that giving a hold back may touch: with a pot the personal accounts too, which guard it."""
    drawn = {kind_of(account) for account, _ in hold.sources}
    more = set()
    if drawn & {AccountKind.PERSONAL_CURRENT, AccountKind.POT}:
        more.add(personal_account(AccountKind.PERSONAL_HISTORICAL, hold.payer_id))
    if AccountKind.POT in drawn:
        more.add(personal_account(AccountKind.PERSONAL_CURRENT, hold.payer_id))
    return {hold.account, *(account for account, _ in hold.sources), *more}
