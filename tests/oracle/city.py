"""A year of a city: thousands of families, everything at random, each answer and at the end all books as predicted.

On a day the families take their steps one by one, then the desk takes what came in, a batch at a time and all families
mixed. Families do not touch each other's money, so what goes wrong is told as the story of one of them.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from gongji.accrual.year_end import turn_year
from gongji.foundation.ids import bucket_of
from gongji.ledger.history import open_balance_at
from gongji.ledger.model import AccountKind, fund_holder, personal_account
from gongji.ledger.rollup import roll_up
from gongji.rules.model import Scheme
from oracle.books import moment
from oracle.drawing import REGIONS, draw_at_the_desk, draw_elsewhere, draw_family
from oracle.elsewhere import AGENCY
from oracle.family import FAMILY
from oracle.model import Oracle
from oracle.operations import FOLLOWING, Expire, Operation, Story, YearEnd
from oracle.played import Played, raise_families
from oracle.stage import KINDS, Stage
from oracle.trial import Mismatch, explain

DAYS = 365
_MINUTES_A_DAY = 24 * 60

#: Commands that the desk takes together.
_BATCH = 256

#: Of a hundred events so many do not come to the desk.
_ELSEWHERE = 7

#: Days after which the funds are asked for their balance as of some moment, and those on which the agency turns the year.
_ASKED_EVERY, _TURNED_ON = 30, (49, 60)

_FUNDS = (AccountKind.FUND_POOL, AccountKind.FUND_LARGE)

#: Families that are raised in one transaction.
_RAISED_AT_ONCE = 1000


@dataclass
class Household:
    """A family with what the oracle knows of it."""

    played: Played
    oracle: Oracle

    def add(self, one: Operation) -> None:
        """The story goes on, for both."""
        self.played.add(one)
        self.oracle.operations[one.n] = one

    @property
    def story(self) -> Story:
        """All that happened to it so far."""
        return self.played.story


class City:
    """A city in its year.

    Args:
        stage: where it lives.
        families: how many; each has five people.
        seed: what everything is drawn from.
    """

    def __init__(self, stage: Stage, families: int, seed: str) -> None:
        self.stage = stage
        self.chance = random.Random(seed)
        self.events = 0
        self.settled = 0
        stories = [Story(f"{seed}, family {number}", *draw_family(self.chance), ()) for number in range(families)]
        raised: list[Played] = []
        for first in range(0, families, _RAISED_AT_ONCE):
            raised += raise_families(stage, stories[first : first + _RAISED_AT_ONCE])
        self.households = [Household(played, Oracle(played.story, stage.rules)) for played in raised]
        with stage.town.database.transaction() as connection:
            connection.execute(sa.text("ANALYZE"))

    def live(
        self,
        events: int,
        until: float | None = None,
        progress: Callable[[int], None] = lambda day: None,
        days: int = DAYS,
    ) -> str | None:
        """A year, or its first days, with so many events.

        Args:
            events: in a whole year, spread over the days.
            until: `time.monotonic()` at which the year is broken off, the books still compared.
            progress: told of each day.
            days: so many.

        Returns:
            None when everything came out as predicted, else what did not, shrunk to a short story.
        """
        for day in range(days):
            if until is not None and time.monotonic() > until:
                break
            progress(day)
            many = events * (day + 1) // DAYS - events * day // DAYS
            wrong = self._day(day, many)
            if wrong is not None:
                return explain(self.stage, wrong[0].story, wrong[1])
            told = self._night(day)
            if told is not None:
                return told
        return self.differences()

    def _day(self, day: int, many: int) -> tuple[Household, Mismatch] | None:
        begins, ends = day * _MINUTES_A_DAY, (day + 1) * _MINUTES_A_DAY - 1
        elsewhere = sum(self.chance.randrange(100) < _ELSEWHERE for _ in range(many))
        for number in range(elsewhere):
            household = self.chance.choice(self.households)
            at = begins + number * (_MINUTES_A_DAY - 1) // elsewhere
            one = draw_elsewhere(self.chance, household.oracle, at)
            household.add(one)
            if isinstance(one, Expire):
                self._expire(at)
                continue
            (found,) = household.played.play([one])
            expected = household.oracle.predict(one)
            self.events += 1
            if expected != found:
                return household, Mismatch(one, "outcome", expected, found)
        return self._desk(many - elsewhere, ends)

    def _night(self, day: int) -> str | None:
        """What is over goes back; in January the agency turns the year; now and then somebody asks for the funds."""
        at = (day + 1) * _MINUTES_A_DAY - 1
        self._expire(at)
        told = self._turn(at) if day in _TURNED_ON else None
        if told is None and day % _ASKED_EVERY == 0:
            roll_up(self.stage.town.database)
            told = self._funds(self.chance.randint(0, at))
        return told

    def _expire(self, at: int) -> None:
        self.stage.town.clock.set(moment(at))
        self.stage.expire()
        self.events += 1
        for household in self.households:
            if household.oracle.books.holds:
                household.oracle.expire(at)

    def _turn(self, at: int) -> str | None:
        """Both regions turn last year."""
        town = self.stage.town
        town.clock.set(moment(at))
        for region in REGIONS:
            households = [one for one in self.households if one.story.region == region]
            carried = [amount for one in households for amount in one.oracle.years.turn_all(at)]
            for one in households:
                one.add(YearEnd(len(one.oracle.operations), at))
            report = turn_year(town.database, town.clock, region, moment(at).year - 1, caller=AGENCY)
            self.events += 1
            if (report.accounts, report.carried) != (len(carried), sum(carried)):
                return f"the turn of {region}: expected {len(carried)} accounts with {sum(carried)}, found {report}"
        return None

    def _funds(self, at: int) -> str | None:
        """What the funds of each region had paid at a moment."""
        for region in REGIONS:
            paid = [one.oracle.books.funds for one in self.households if one.story.region == region]
            expected = sum(amount for moved in paid for when, amount in moved if when <= at)
            with self.stage.town.database.snapshot() as connection:
                found = sum(
                    open_balance_at(connection, kind, fund_holder(region, scheme), moment(at))
                    for kind in _FUNDS
                    for scheme in Scheme
                )
            if expected != found:
                return f"the funds of {region} as of {moment(at)}: expected {expected}, found {found}"
        return None

    def _desk(self, many: int, at: int) -> tuple[Household, Mismatch] | None:
        """What came in at the desk on a day, in batches; what takes back something of the batch waits for the next."""
        batch: list[tuple[Household, Operation]] = []
        drawn: dict[int, set[int]] = {}
        for _ in range(many):
            household = self.chance.choice(self.households)
            one = draw_at_the_desk(self.chance, household.oracle, at)
            waiting = drawn.setdefault(id(household), set())
            if len(batch) == _BATCH or (isinstance(one, FOLLOWING) and waiting):
                if (wrong := self._handle(batch, at)) is not None:
                    return wrong
                batch, drawn = [], {}
                waiting = drawn.setdefault(id(household), set())
            household.add(one)
            waiting.add(one.n)
            batch.append((household, one))
        return self._handle(batch, at)

    def _handle(self, batch: list[tuple[Household, Operation]], at: int) -> tuple[Household, Mismatch] | None:
        clock, clerk = self.stage.town.clock, self.stage.town.clerk
        commands = [(household.played.command(one), getattr(one, "dry", False)) for household, one in batch]
        clock.set(moment(at))
        answers = iter(clerk.handle([(command, dry) for command, dry in commands if command is not None]))
        for (household, one), (command, _) in zip(batch, commands, strict=True):
            found: Any = household.played.outcome(one, next(answers)) if command is not None else "nothing"
            expected = household.oracle.predict(one)
            self.events += 1
            self.settled += isinstance(found, dict)
            if expected != found:
                return household, Mismatch(one, "outcome", expected, found)
        return None

    def differences(self) -> str | None:
        """Whether every balance and every counter in the database is what the oracle has; else the first family that
        differs, with its story."""
        balances, counters = self._stored()
        for household in self.households:
            members = household.played.members
            expected = {
                personal_account(KINDS[kind], members[person]): amount
                for (person, kind), amount in household.oracle.books.accounts.items()
            }
            found = {account: balances.get(account) for account in expected}
            if expected == found:
                expected_counters = {place: value for place, value in household.oracle.till.counters.items() if value}
                found_counters = {
                    (member, *place): value
                    for member, person in enumerate(members)
                    for place, value in counters.get(person, {}).items()
                }
                if (
                    expected_counters == found_counters
                    and household.oracle.consent.usage() == household.played.elsewhere.usage()
                ):
                    continue
            last = household.story.operations[-1]
            return explain(self.stage, household.story, Mismatch(last, "books", expected, found))
        return None

    def _stored(self) -> tuple[dict[int, int], dict[int, dict[tuple[str, str], int]]]:
        counters: dict[int, dict[tuple[str, str], int]] = {}
        with self.stage.town.database.engine.connect() as connection:
            balances = {row.id: row.balance for row in connection.execute(sa.text("SELECT id, balance FROM account"))}
            rows = connection.execute(
                sa.text("SELECT person_id, counter, period, value FROM benefit_counter WHERE value <> 0")
            )
            for row in rows:
                counters.setdefault(row.person_id, {})[row.counter, row.period] = row.value
        return balances, counters

    @property
    def people(self) -> int:
        """How many live here."""
        return len(self.households) * len(FAMILY)

    @property
    def buckets(self) -> int:
        """In how many buckets they live."""
        return len({bucket_of(household.played.members[0]) for household in self.households})
