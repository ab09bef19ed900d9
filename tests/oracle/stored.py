"""All that stands in the database of a whole city, read at once: family by family it would take as long as the year."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Self

import sqlalchemy as sa

from gongji.ledger.model import AccountKind, personal_account
from oracle.household import Household
from oracle.stage import KINDS, Stage

#: What stands in the accounts of what is owed to people (kind 6).
_OWED = """
    SELECT account, sum(fen)::bigint AS fen
      FROM (SELECT credit AS account, amount AS fen FROM transfer WHERE ((credit >> 10) & 255) = 6
             UNION ALL
            SELECT debit, -amount FROM transfer WHERE ((debit >> 10) & 255) = 6) AS moved
     GROUP BY account
"""

_CLAIMS = """
    SELECT c.person_id, c.state,
           coalesce((SELECT sum(d.fund_pool + d.fund_large + d.fund_civil + d.fund_aid)
                       FROM claim_decision d WHERE d.bucket = c.bucket AND d.claim_id = c.id), 0)::bigint AS funds,
           coalesce((SELECT sum(CASE p.kind WHEN 'paid' THEN p.amount ELSE -p.amount END)
                       FROM claim_payment p WHERE p.bucket = c.bucket AND p.claim_id = c.id), 0)::bigint AS carried
      FROM claim c
"""


@dataclass
class Stored:
    """Accounts by id: balances, last days of freezes; counters, parts of pots, what is owed and how claims stand by person,
    usage by authorisation."""

    balances: dict[int, int] = field(default_factory=dict)
    frozen_until: dict[int, date] = field(default_factory=dict)
    counters: dict[int, dict[tuple[str, str], int]] = field(default_factory=lambda: defaultdict(dict))
    parts: dict[int, dict[int, tuple[int, int]]] = field(default_factory=lambda: defaultdict(dict))
    usage: dict[int, dict[str, int]] = field(default_factory=lambda: defaultdict(dict))
    owed: dict[int, int] = field(default_factory=dict)
    claims: dict[int, list[tuple[str, int, int]]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def read(cls, stage: Stage) -> Self:
        """Read everything in one snapshot."""
        made = cls()
        with stage.town.database.snapshot() as connection:
            for row in connection.execute(sa.text("SELECT id, balance, frozen_until FROM account")):
                made.balances[row.id] = row.balance
                if row.frozen_until is not None:
                    made.frozen_until[row.id] = row.frozen_until
            for row in connection.execute(
                sa.text("SELECT person_id, counter, period, value FROM benefit_counter WHERE value <> 0")
            ):
                made.counters[row.person_id][row.counter, row.period] = row.value
            for row in connection.execute(sa.text("SELECT sharer_id, part, historical, current FROM pot_part")):
                made.parts[row.sharer_id][row.part] = (row.historical, row.current)
            for row in connection.execute(
                sa.text("SELECT authorisation_id, period, used FROM authorisation_usage WHERE used <> 0")
            ):
                made.usage[row.authorisation_id][row.period] = row.used
            made.owed = {row.account: row.fen for row in connection.execute(sa.text(_OWED))}
            for row in connection.execute(sa.text(_CLAIMS)):
                made.claims[row.person_id].append((row.state, row.funds, row.carried))
        return made

    def of(self, household: Household) -> Iterator[tuple[str, Any, Any]]:
        """What is compared of a family: its name, what the oracle has, what is here."""
        oracle, members, bound = household.oracle, household.played.members, household.played.elsewhere.bound
        accounts = {personal_account(KINDS[kind], members[person]) for person, kind in oracle.books.accounts}
        expected = {
            personal_account(KINDS[kind], members[person]): amount
            for (person, kind), amount in oracle.books.accounts.items()
        }
        yield "balances", expected, {account: self.balances.get(account) for account in accounts}
        yield (
            "counters",
            {place: value for place, value in oracle.till.counters.items() if value},
            {
                (member, *place): value
                for member, person in enumerate(members)
                for place, value in self.counters.get(person, {}).items()
            },
        )
        used = {(n, period): fen for n, made in bound.items() for period, fen in self.usage.get(made, {}).items()}
        yield "usage", oracle.consent.usage(), used
        numbers: dict[int, int | None] = {made: n for n, made in bound.items()}
        parts = {
            (member, numbers.get(part)): fen
            for member, person in enumerate(members)
            for part, fen in self.parts.get(person, {}).items()
        }
        yield "parts of pots", oracle.parts(), parts
        current = {member: personal_account(KINDS["current"], person) for member, person in enumerate(members)}
        frozen = {one: self.frozen_until[account] for one, account in current.items() if account in self.frozen_until}
        yield "frozen", oracle.books.frozen_until, frozen
        owed = {one: personal_account(AccountKind.PAYABLE_PERSON, person) for one, person in enumerate(members)}
        found = {one: self.owed.get(owed[one], 0) for one in oracle.claims.owed()}
        yield "owed on claims", oracle.claims.owed(), found
        claims = {one: oracle.claims.seen_by(one) for one in owed}
        yield "claims", claims, {one: sorted(self.claims.get(person, [])) for one, person in enumerate(members)}
