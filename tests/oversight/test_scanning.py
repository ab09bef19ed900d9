"""However the news is cut up and in whatever order it is committed, the same is found, once: a month of a small town, drawn at
chance, is scanned at once, in slices, and beside desks that commit late."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import timedelta
from threading import Thread

import pytest
import sqlalchemy as sa
from msgspec.structs import replace
from watched import SHOPS, Watch

from gongji.family import service as family
from gongji.oversight.alerts import following
from gongji.oversight.alerts.model import RuleCode
from gongji.oversight.alerts.tables import alert, alert_case
from gongji.settlement.desk import Clerk
from gongji.settlement.model import Settlement

PLACES = ("P21120200003", *(code for code, _, _ in SHOPS))

#: What is found, and all that tells how far was read; the books stay.
FOUND = (
    "alert_row",
    "alert_case_step",
    "alert_letter",
    "alert",
    "alert_case",
    "alert_through",
    "alert_read",
    "drug_trace",
)


class Month:
    """Five families' March: purchases near and far, relatives at one till, packs sold twice, refunds, relations that end."""

    def __init__(self, watch: Watch, seed: int) -> None:
        self.watch, self.chance = watch, random.Random(seed)
        watch.monitor("C-B", 30)
        self.sharers, self.users = [], []
        self.under: list[tuple[int, int]] = []
        for n in range(4):
            sharer = watch.town.person(f"甲{n}", "1980-04-01", "active", balance=30_000_00, household=f"户{n}")
            for k in range(3):
                user = watch.town.person(f"乙{n}{k}", "1956-04-01", "resident", household=f"户{n}{k}")
                since = watch.town.clock.now() - timedelta(hours=self.chance.choice((1, 2000)))
                self.under.append((sharer, watch.town.share(sharer, user, since=since)))
                self.users.append(user)
            self.sharers.append(sharer)
        self.bought: list[tuple[Settlement, str]] = []

    def play(self, steps: int) -> Iterator[int]:
        """So many things happen, one after the other."""
        for step in range(steps):
            self._step()
            yield step

    def _step(self) -> None:
        watch, chance = self.watch, self.chance
        what = chance.random()
        if what < 0.08 and self.bought:
            settlement, shop = self.bought.pop(chance.randrange(len(self.bought)))
            watch.take_back(settlement, shop)
        elif what < 0.12 and self.under:
            sharer, under = self.under.pop(chance.randrange(len(self.under)))
            with watch.town.database.transaction() as connection:
                family.unbind(connection, under, person_id=sharer, actor="citizen", at=watch.town.clock.now())
        else:
            shop = chance.choice(PLACES[:3] if chance.random() < 0.8 else PLACES)
            item, price = chance.choice((("C-A", "100.00"), ("C-A", "300.00"), ("C-B", "195.00")))
            traces = [f"8100{chance.randrange(40):02d}"] if item == "C-B" else []
            made = watch.buy(
                chance.choice(self.users + self.sharers),
                shop,
                price,
                item=item,
                count=chance.choice((1, 1, 3)),
                traces=traces,
                minutes=chance.choice((1, 2, 3, 40, 700)),
            )
            self.bought.append((made, shop))


def forget(watch: Watch) -> None:
    """Take off all that was found, so that it can be found anew."""
    with watch.town.database.transaction() as connection:
        connection.execute(sa.text("SET LOCAL session_replication_role = replica"))
        for table in FOUND:
            connection.execute(sa.text(f"DELETE FROM {table}"))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_scanning_in_slices_finds_what_scanning_at_once_finds(watch: Watch, seed: int) -> None:
    """160 things happen; a scan now and then, one block at a time; then all is forgotten and scanned at once, and again block
    by block. What stands found is the same, and nothing is an alert twice."""
    month = Month(watch, seed)
    for step in month.play(160):
        if step % 23 == 0:
            watch.scan(blocks=1 + step % 3)
    watch.scan()
    little_by_little = watch.picture()
    rules = {rule for rule, *_ in little_by_little}
    assert len(rules) >= 4, rules
    forget(watch)
    watch.scan()
    assert watch.picture() == little_by_little
    forget(watch)
    watch.scan(blocks=1)
    assert watch.picture() == little_by_little
    assert watch.scan().new == {}
    with watch.town.database.transaction() as connection:
        twice = connection.execute(
            sa.select(alert.c.rule, alert.c.key).group_by(alert.c.rule, alert.c.key).having(sa.func.count() > 1)
        ).all()
        open_cases = connection.execute(
            sa.select(alert_case.c.subject_kind, alert_case.c.subject_id).where(alert_case.c.outcome.is_(None))
        ).all()
    assert twice == []
    assert len(open_cases) == len(set(open_cases))


def test_what_is_committed_after_the_scan_has_read_is_found_by_the_next(watch: Watch) -> None:
    """The second sale of a pack is posted at 10:00 and committed at 10:30: the scan between sees only the first, however
    far it has come, and the one after finds both."""
    one = watch.town.person("孙丽", "1980-04-01", "active", balance=1_000_00, gender=2)
    watch.buy(one, PLACES[0], "60.00", traces=["81000001"])
    late = watch.town.person("周海", "1981-04-01", "active", balance=1_000_00)
    with watch.town.database.engine.connect() as slow:
        slow.execute(sa.text("SELECT 1 FROM person WHERE id = :id FOR UPDATE"), {"id": late})
        clerk = Clerk(watch.town.database, watch.town.rules, watch.town.clock)
        thread = Thread(target=lambda: sold_elsewhere(watch, clerk, late))
        thread.start()
        watch.town.clock.advance(timedelta(minutes=30))
        watch.buy(one, PLACES[1], "45.00")
        watch.scan()
        assert watch.alerts() == []
        slow.rollback()
        thread.join()
        clerk.close()
    watch.scan()
    assert len(watch.alerts(RuleCode.TRACE_CODE_REUSED)) == 2


def sold_elsewhere(watch: Watch, clerk: Clerk, patient: int) -> None:
    """A purchase at another desk."""
    command = watch.town.purchase(patient, watch.town.institution(PLACES[1]), ("C-A", 1, "60.00"), use="2")
    command = replace(command, lines=tuple(replace(line, traces=("81000001",)) for line in command.lines))
    (made,) = clerk.handle([(command, False)])
    assert isinstance(made, Settlement), made


def test_events_that_are_young_are_read_again(watch: Watch) -> None:
    """An event of a minute ago does not move the mark: one with a lower number may still be on its way."""
    sharer = watch.town.person("马骏", "1985-04-01", "active", balance=5_000_00)
    user = watch.town.person("马母", "1958-04-01", "resident", household="马母")
    under = watch.town.share(sharer, user, since=watch.town.clock.now())
    with watch.town.database.transaction() as connection:
        family.unbind(connection, under, person_id=sharer, actor="citizen", at=watch.town.clock.now())
    assert watch.scan().authorisations == 1
    assert watch.scan().authorisations == 1
    watch.town.clock.advance(following.LATEST + timedelta(minutes=1))
    assert watch.scan().authorisations == 1
    assert watch.scan().authorisations == 0


def test_two_scanners_at_once_find_everything_once(watch: Watch) -> None:
    """Four scan beside each other, block by block, while a fifth settles on."""
    month = Month(watch, 7)
    for _ in month.play(60):
        pass
    scanners = [Thread(target=lambda: watch.scan(blocks=1)) for _ in range(4)]
    for one in scanners:
        one.start()
    for _ in month.play(20):
        pass
    for one in scanners:
        one.join()
    watch.scan()
    together = watch.picture()
    forget(watch)
    watch.scan()
    assert watch.picture() == together
