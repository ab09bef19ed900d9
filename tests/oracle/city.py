"""A year of a city: thousands of families, everything at random, each answer and at the end all books as predicted.

On a day the families take their steps one by one, then the desk takes what came in, a batch at a time and all families
mixed. Families do not touch each other's money, so what goes wrong is told as the story of one of them.
"""

from __future__ import annotations

import itertools
import random
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from gongji.accrual.year_end import turn_year
from gongji.foundation.ids import bucket_of
from gongji.ledger.history import open_balance_at
from gongji.ledger.model import AccountKind, fund_holder
from gongji.ledger.rollup import roll_up
from gongji.rules.model import Scheme
from oracle.books import moment
from oracle.drawing import draw_at_the_desk, draw_family
from oracle.drawing_elsewhere import draw_elsewhere
from oracle.elsewhere import AGENCY
from oracle.family import FAMILY
from oracle.household import Household
from oracle.model import Oracle
from oracle.operations import FOLLOWING, Expire, Operation, YearEnd
from oracle.played import Played, raise_families
from oracle.regions import REGIONS
from oracle.stage import Stage
from oracle.stored import Stored
from oracle.trial import Mismatch, explain

DAYS = 365
_MINUTES_A_DAY = 24 * 60

#: Commands that the desk takes together.
_BATCH = 256

#: So many of a hundred events elsewhere happen to families that have done something before, and of those at the desk.
_KNOWN, _KNOWN_AT_THE_DESK = 75, 40

#: So many happen to families that have done something elsewhere on the same day: what is sent is answered, as a rule.
_AGAIN_TODAY = 35

#: Days after which funds and banks are asked for their balance as of some moment, and those on which the agency turns the year.
_ASKED_EVERY, _TURNED_ON = 30, (49, 60)

_FUNDS = (AccountKind.FUND_POOL, AccountKind.FUND_LARGE)

#: Families that are raised in one transaction.
_RAISED_AT_ONCE = 1000


class City:
    """A city in its year.

    Args:
        stage: where it lives.
        families: how many; each has five people.
        seed: what everything is drawn from.
        elsewhere: of a hundred events so many do not come to the desk; they take ten times as long as those that do.
    """

    def __init__(self, stage: Stage, families: int, seed: str, elsewhere: int = 8) -> None:
        self.stage = stage
        self.elsewhere = elsewhere
        self.chance = random.Random(seed)
        self.settled = 0
        #: How often each kind of event happened, by what it came to: `refused`, or `done`.
        self.kinds: Counter[tuple[str, str]] = Counter()
        self._known: list[Household] = []
        stories = [draw_family(self.chance, f"{seed}, family {number}") for number in range(families)]
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
        elsewhere = sum(self.chance.randrange(100) < self.elsewhere for _ in range(many))
        today: list[Household] = []
        for number in range(elsewhere):
            again = today and self.chance.randrange(100) < _AGAIN_TODAY
            household = self.chance.choice(today) if again else self._somebody(_KNOWN)
            today.append(household)
            at = begins + number * (_MINUTES_A_DAY - 1) // elsewhere
            one = draw_elsewhere(self.chance, household.oracle, at)
            if not household.oracle.operations:
                self._known.append(household)
            household.add(one)
            if isinstance(one, Expire):
                self._expire(at)
                continue
            (found,) = household.played.play([one])
            expected = household.oracle.predict(one)
            self._count(one, found)
            if expected != found:
                return household, Mismatch(one, "outcome", expected, found)
        return self._desk(many - elsewhere, ends)

    def _somebody(self, known: int) -> Household:
        """A family: so many times of a hundred one that has done something before, so that things come of each other."""
        chosen = self._known if self._known and self.chance.randrange(100) < known else self.households
        return self.chance.choice(chosen)

    def _count(self, one: Operation, found: Any) -> None:
        """A refusal is a code with a dot in it."""
        refused = isinstance(found, str) and "." in found
        self.kinds[type(one).__name__, "refused" if refused else "done"] += 1

    @property
    def events(self) -> int:
        """All that happened so far."""
        return self.kinds.total()

    def _night(self, day: int) -> str | None:
        """What is over goes back; in January the agency turns the year; now and then somebody asks for funds and banks."""
        at = (day + 1) * _MINUTES_A_DAY - 1
        self._expire(at)
        told = self._turn(at) if day in _TURNED_ON else None
        if told is None and day % _ASKED_EVERY == 0:
            roll_up(self.stage.town.database)
            told = self._regions_books(self.chance.randint(0, at))
        return told

    def _expire(self, at: int) -> None:
        self.stage.town.clock.set(moment(at))
        self.stage.expire()
        self.kinds["Expire", "done"] += 1
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
            self.kinds["YearEnd", "done"] += 1
            if (report.accounts, report.carried) != (len(carried), sum(carried)):
                return f"the turn of {region}: expected {len(carried)} accounts with {sum(carried)}, found {report}"
        return None

    def _regions_books(self, at: int) -> str | None:
        """What the funds of each region had paid at a moment, and its bank carried to people."""
        for region in REGIONS:
            books = [one.oracle.books for one in self.households if one.story.region == region]
            holders = [fund_holder(region, scheme) for scheme in Scheme]
            for whose, moved, accounts in (
                ("funds", [one.funds for one in books], list(itertools.product(_FUNDS, holders))),
                ("bank", [one.treasury for one in books], [(AccountKind.TREASURY, int(region))]),
            ):
                expected = sum(amount for ones in moved for when, amount in ones if when <= at)
                with self.stage.town.database.snapshot() as connection:
                    found = sum(open_balance_at(connection, kind, holder, moment(at)) for kind, holder in accounts)
                if expected != found:
                    return f"the {whose} of {region} as of {moment(at)}: expected {expected}, found {found}"
        return None

    def _desk(self, many: int, at: int) -> tuple[Household, Mismatch] | None:
        """What came in at the desk on a day, in batches; what takes back something of the batch waits for the next."""
        batch: list[tuple[Household, Operation]] = []
        drawn: dict[int, set[int]] = {}
        for _ in range(many):
            household = self._somebody(_KNOWN_AT_THE_DESK)
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
            self._count(one, found)
            self.settled += isinstance(found, dict)
            if expected != found:
                return household, Mismatch(one, "outcome", expected, found)
        return None

    def differences(self) -> str | None:
        """Whether all that stands in the database is what the oracle has; else the first family that differs, with its
        story."""
        stored = Stored.read(self.stage)
        for household in self.households:
            for what, expected, found in stored.of(household):
                if expected != found:
                    mismatch = Mismatch(household.story.operations[-1], what, expected, found)
                    return explain(self.stage, household.story, mismatch)
        return None

    @property
    def people(self) -> int:
        """How many live here."""
        return len(self.households) * len(FAMILY)

    @property
    def buckets(self) -> int:
        """In how many buckets they live."""
        return len({bucket_of(household.played.members[0]) for household in self.households})
