"""``make bench-verify``: how long ``gongji ledger verify`` takes over a million transfers on this machine.

The books are written by the settlement desk itself, on a PostgreSQL that is started for this and gone afterwards: fathers
at a community hospital, the fund pays and a son shares, two transfers a settlement. Then everything is proven three
times: in full on one connection and on as many as there are cores, and as what is new in service.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from gongji.rules.book import RuleBook
from gongji.rules.model import Scheme
from gongji.settlement.desk import Clerk
from gongji.settlement.model import AccountUse, SettlePurchase
from gongji.settlement.proof import prove
from gongji.settlement.watch import verify_recent
from oracle.books import moment
from oracle.ground import own_town
from oracle.operations import Story
from oracle.played import raise_families
from oracle.stage import Stage
from town import Town

RESULTS = Path(__file__).parent.parent / "results" / "verify.json"

_FAMILIES = 4_000
_BATCH = 256


def fathers_of(town: Town) -> list[int]:
    """Families in Tieling; the fathers, whose sons share with them."""
    story = Story("bench", "211200", ((0, 0), None, (5_000_000_00, 0), (0, 0), (0, 0)), ())
    fathers = []
    with Stage(town) as stage:
        for _ in range(0, _FAMILIES, 1_000):
            for played in raise_families(stage, [story] * 1_000):
                town.share(played.members[2], played.members[0])
                fathers.append(played.members[0])
    return fathers


def fill(town: Town, transfers: int) -> None:
    """Settle until there are so many transfers."""
    fathers = fathers_of(town)
    chance = random.Random(1)
    place = town.institution("H21120200002")
    clerk = Clerk(town.database, RuleBook.shipped(), town.clock)
    columns = TextColumn("settling: transfers"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=transfers)
        written = 0
        while written < transfers:
            town.clock.advance(timedelta(seconds=5))
            batch = [
                SettlePurchase(
                    key=town.key(place, "2102"),
                    institution=place,
                    person_id=father,
                    lines=(lines := town.lines(("C-A", 1, "20.00"))),
                    total=lines[0].total,
                    account_use=AccountUse.OWN,
                    scheme=Scheme.EMPLOYEE,
                    med_type="11",
                    certificate_kind="02",
                    began_at=town.clock.now(),
                )
                for father in chance.choices(fathers, k=_BATCH)
            ]
            clerk.handle([(command, False) for command in batch])
            written = (
                count(town) if written % 50_000 < 2 * _BATCH or written > transfers * 0.97 else written + 2 * _BATCH
            )
            bar.update(task, completed=min(written, transfers))
    clerk.close()
    with town.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("VACUUM ANALYZE"))


def count(town: Town) -> int:
    """Transfers in the books."""
    with town.database.engine.connect() as connection:
        return int(connection.execute(sa.text("SELECT sum(transfers) FROM block")).scalar_one())


def main() -> int:
    """Fill, prove, print, and write the results."""
    parser = argparse.ArgumentParser(prog="bench-verify", description=__doc__)
    parser.add_argument("--transfers", type=int, default=1_000_000)
    asked = parser.parse_args()
    cores = os.cpu_count() or 1
    with own_town("bench") as town:
        town.clock.set(moment(0))
        fill(town, asked.transfers)
        results: dict[str, float] = {"transfers": count(town)}
        for name, jobs in (("full_1_s", 1), (f"full_{cores}_s", cores)):
            began = time.perf_counter()
            proof = prove(town.database, town.clock, jobs=jobs)
            results[name] = round(time.perf_counter() - began, 2)
            assert not proof.findings, proof.findings[:3]
        began, rows = time.perf_counter(), 0
        while (done := verify_recent(town.database, town.clock)) is not None and done.blocks:
            rows += done.rows
        results["recent_us_a_row"] = round((time.perf_counter() - began) / rows * 1e6, 2)
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps(results, indent=2) + "\n")
    for name, figure in results.items():
        print(f"{name:20} {figure:,}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
