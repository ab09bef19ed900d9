"""The same booking by django-hordak, for comparison: one transaction of four legs, and nothing decided before it.

A purchase of ¥60.00 of which the patient's own account pays 10.00, a sharer's 20.00 and the fund 30.00. hordak writes it and
its trigger checks that the legs add up; it does not check that the accounts hold so much (it has no such limit), has no key
against a repeated message and keeps no explanation. So this is the least that it could do, through its own models, with
the legs of a transaction inserted together.

It runs as a process of its own, because Django keeps its settings in the process, with the interpreter that has it: this
one, or that of ``.venv-bench`` (``python3 -m venv .venv-bench && .venv-bench/bin/pip install -c constraints.txt
'django-hordak>=2' 'psycopg[binary]'``).
"""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import subprocess
import sys
import time
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

FAMILIES = 200


def settlements_per_second(url: str, *, clients: int = 2, seconds: float = 5.0) -> float:
    """Bookings a second that hordak makes.

    Args:
        url: an empty database of its own, ``postgresql://…``, whose tables hordak may make.
        clients: processes that book at once, each with a connection of its own; on two cores two were fastest (of 2, 4, 8).
        seconds: how long they book.

    Raises:
        RuntimeError: when neither this interpreter nor ``.venv-bench`` has hordak, or it failed.
    """
    # -P: this file has the name of the package, which must not be looked for beside it.
    command = [_interpreter(), "-P", __file__, url, str(clients), str(seconds)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, env=_clean_environment())
    if ran.returncode:
        raise RuntimeError(f"hordak: {ran.stderr.strip().splitlines()[-1]}")
    return float(json.loads(ran.stdout.splitlines()[-1]))


def _interpreter() -> str:
    beside = Path(__file__).parents[2] / ".venv-bench" / "bin" / "python"
    if find_spec("hordak") is not None:
        return sys.executable
    if beside.exists():
        return str(beside)
    raise RuntimeError("hordak is not installed: install the extra `bench`, or make .venv-bench (see this module)")


def _clean_environment() -> dict[str, str]:
    """Without a path to our own packages: the other interpreter has its own."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def _set_up_django(url: str) -> None:
    import django
    from django.conf import settings

    parts = urlsplit(url)
    query = parse_qs(parts.query)
    settings.configure(
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": parts.path.lstrip("/"),
                "USER": unquote(parts.username or ""),
                "PASSWORD": unquote(parts.password or ""),
                "HOST": query.get("host", [parts.hostname or ""])[0],
                "PORT": query.get("port", [str(parts.port or "")])[0],
            }
        },
        INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "mptt", "hordak"],
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        HORDAK_CURRENCIES=["CNY"],
        HORDAK_INTERNAL_CURRENCY="CNY",
        DEFAULT_CURRENCY="CNY",
        CURRENCIES=["CNY"],
    )
    django.setup()


def _make_accounts() -> list[tuple[int, ...]]:
    """For each family the ids of the patient's account, the sharer's, the fund's and the hospital's."""
    from django.core.management import call_command
    from hordak.models import Account, AccountType

    call_command("migrate", verbosity=0, interactive=False)

    def account(name: str) -> int:
        made = Account.objects.create(name=name, type=AccountType.liability, currencies=["CNY"])
        return int(made.pk)

    fund, hospital = account("fund"), account("hospital")
    return [(account(f"patient {n}"), account(f"sharer {n}"), fund, hospital) for n in range(FAMILIES)]


def _book(
    url: str, families: list[tuple[int, ...]], seed: int, seconds: float, barrier: object, counts: object
) -> None:
    """Book until the time is over, and tell how many."""
    _set_up_django(url)
    from django.db import connection, transaction
    from hordak.models import Leg, Transaction
    from moneyed import CNY, Money

    chance = random.Random(seed)
    own, shared, fund, total = (Money(amount, CNY) for amount in (10, 20, 30, 60))
    today = date(2024, 6, 12)
    connection.ensure_connection()
    barrier.wait()  # type: ignore[attr-defined]
    booked, end = 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        patient, sharer, pool, hospital = chance.choice(families)
        with transaction.atomic():
            one = Transaction.objects.create(description="purchase", date=today)
            Leg.objects.bulk_create(
                [
                    Leg(transaction=one, account_id=patient, debit=own, currency="CNY"),
                    Leg(transaction=one, account_id=sharer, debit=shared, currency="CNY"),
                    Leg(transaction=one, account_id=pool, debit=fund, currency="CNY"),
                    Leg(transaction=one, account_id=hospital, credit=total, currency="CNY"),
                ]
            )
        booked += 1
    counts.put(booked)  # type: ignore[attr-defined]


def _main(url: str, clients: int, seconds: float) -> float:
    _set_up_django(url)
    families = _make_accounts()
    context = multiprocessing.get_context("spawn")
    barrier, counts = context.Barrier(clients), context.Queue()
    workers = [
        context.Process(target=_book, args=(url, families, seed, seconds, barrier, counts)) for seed in range(clients)
    ]
    for worker in workers:
        worker.start()
    booked = sum(counts.get(timeout=seconds + 60) for _ in workers)
    for worker in workers:
        worker.join()
    _check_sum(booked)
    return booked / seconds


def _check_sum(booked: int) -> None:
    """What the hospital is owed is what was booked."""
    from hordak.models import Leg

    owed = Leg.objects.filter(account__name="hospital").sum_to_balance(account_type="LI")["CNY"].amount
    if owed != 60 * booked:
        raise RuntimeError(f"hordak owes the hospital {owed} yuan after {booked} bookings of 60")


if __name__ == "__main__":
    print(json.dumps(_main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))))
