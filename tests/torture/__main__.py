"""``make torture``: at least 100 kills, full disks and cut connections under load, within ten minutes."""

from __future__ import annotations

import argparse
import random
import sys
import time

from rich.console import Console

from torture.ordeal import Ordeal
from torture.server import Server, small_disk


def main() -> int:
    """Run it; exit code 1 when something that was answered is gone, or the books do not hold."""
    parser = argparse.ArgumentParser(prog="torture", description=__doc__)
    parser.add_argument("--seed", help="what the faults are drawn from; a new one when left out")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--minutes", type=float, default=9.5, help="bound of the run")
    asked = parser.parse_args()
    seed = asked.seed or str(random.SystemRandom().randrange(10**9))
    print(f"seed {seed}", flush=True)
    began = time.monotonic()
    until = began + asked.minutes * 60
    console = Console(stderr=True)
    with small_disk() as (folder, disk):
        if not disk:
            print("no disk of its own could be mounted: disk-full faults are left out")
        server = Server(folder, disk)
        server.start()
        ordeal = Ordeal(server, seed, lambda sentence: console.print(sentence, highlight=False))
        try:
            ordeal.go_on(asked.kills, until)
            ordeal.end()
        except (AssertionError, TimeoutError) as problem:
            print(f"seed {seed}, after {ordeal.counts.total()} faults: {problem}")
            return 1
        finally:
            ordeal.close()
    for fault, many in ordeal.counts.items():
        print(f"{many:4} × {fault}")
    of_postgresql = ordeal.kills_of_postgresql
    print(
        f"{ordeal.kills} kills ({ordeal.kills - of_postgresql} of settling processes, {of_postgresql} of PostgreSQL,"
        f" {ordeal.while_recovering} of these while it recovered), {ordeal.cuts} times connections cut,"
        f" {ordeal.full_disks} times the disk full"
    )
    answers, deeds = len(ordeal.told.answers), len(ordeal.told.deeds)
    print(f"{answers:,} answers, each there once as it was told, {deeds:,} allotments; the books verify")
    print(f"{time.monotonic() - began:.0f} s")
    if ordeal.kills < asked.kills:
        print(f"FELL SHORT: broken off by the bound of {asked.minutes:g} minutes before {asked.kills} kills")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
