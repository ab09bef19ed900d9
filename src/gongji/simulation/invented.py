"""A city's year of claims, invented: to try drafts and files on before one's own claims are at hand.

Nobody in it exists. How often people are treated and what it costs is drawn at random around magnitudes of ours, from no
statistic; what comes of it shows how a draft works, not what it would cost anywhere.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from gongji.simulation.plan import Integers

#: Under this word a Parquet file says of itself that nobody in it exists.
INVENTED: Final = "gongji.invented"

#: Of employees' scheme: how many are retired; visits a year of both; how many families have somebody who shares.
_RETIRED: Final = 0.3
_VISITS: Final = {False: 3.0, True: 8.0}
_SHARES: Final = 0.35
#: How many of the visits are admissions, and of the others how many are at a pharmacy.
_ADMISSIONS: Final = {False: 0.02, True: 0.04}
_PHARMACY: Final = 0.3
#: Median bill in yuan and spread (of the logarithm): a visit, a purchase, an admission.
_BILLS: Final = {"outpatient": (160, 0.9), "pharmacy": (70, 0.7), "inpatient": (7_500, 0.8)}
#: Tiers of hospitals, and how many visits and admissions go to each.
_TIERS: Final = ("tier_1", "tier_2", "tier_3")
_VISITS_AT: Final = (0.45, 0.25, 0.30)
_ADMISSIONS_AT: Final = (0.10, 0.35, 0.55)
#: Median balance in yuan and spread, of an employee's account and a retired one's; the same again stands from earlier years.
_BALANCES: Final = {False: (1_800, 0.8), True: (900, 0.9)}
#: Which share of a bill is not in scope.
_OUT_OF_SCOPE: Final = 0.12


def invented_claims(people: int, region: str, year: int, seed: int) -> pa.Table:
    """Claims of employees and retired people of one region over one year, families together, in order.

    Args:
        people: how many people there are; not all of them have claims.
        region: six digits.
        year: of the claims.
        seed: the same number gives the same claims.

    Returns:
        Columns as `columns.COLUMNS` names them, amounts in fen.
    """
    draw = np.random.default_rng(seed)
    retired = draw.random(people) < _RETIRED
    # Two or three who are insured together; one at work in it may share with the others.
    family = np.cumsum(draw.random(people) < 0.4)
    age = np.where(retired, draw.integers(55, 90, people), draw.integers(20, 60, people))
    current, historical = (_around(draw, _BALANCES, retired) for _ in range(2))
    visits = draw.poisson(np.where(retired, _VISITS[True], _VISITS[False]))
    who = np.repeat(np.arange(people), visits)
    day = draw.integers(0, (date(year + 1, 1, 1) - date(year, 1, 1)).days, len(who))
    order = np.lexsort((day, family[who]))
    who, day = who[order], day[order]
    admitted = draw.random(len(who)) < np.where(retired[who], _ADMISSIONS[True], _ADMISSIONS[False])
    bought = ~admitted & (draw.random(len(who)) < _PHARMACY)
    kind = np.where(admitted, "inpatient", np.where(bought, "pharmacy", "outpatient"))
    tier = np.where(
        admitted, draw.choice(_TIERS, len(who), p=_ADMISSIONS_AT), draw.choice(_TIERS, len(who), p=_VISITS_AT)
    )
    total = _bills(draw, kind)
    sharer = _sharers(draw, family, retired)[who]
    there = sharer >= 0
    return pa.table(
        {
            "claim": np.arange(len(who)),
            "person": who,
            "family": family[who],
            "date": np.datetime64(f"{year}-01-01") + day,
            "region": np.full(len(who), int(region)),
            "status": np.where(retired[who], "retired", "active"),
            "age": age[who],
            "kind": kind,
            "tier": tier,
            "days": np.where(admitted, draw.integers(3, 15, len(who)), 1),
            "total_fen": total,
            "self_paid_fen": np.rint(total * draw.random(len(who)) * 2 * _OUT_OF_SCOPE).astype(np.int64),
            "current_account_fen": current[who],
            "historical_account_fen": historical[who],
            "sharer": pa.array(sharer, mask=~there),
            "sharer_current_account_fen": pa.array(current[sharer], mask=~there),
            "sharer_historical_account_fen": pa.array(historical[sharer], mask=~there),
        }
    )


def told_as_invented(path: Path) -> str:
    """What a file of claims says of nobody in it existing; empty for one that says nothing of it."""
    with suppress(pa.ArrowException):
        told = pq.read_schema(path).metadata or {}
        return bytes(told.get(INVENTED.encode(), b"")).decode()
    return ""


def _around(draw: np.random.Generator, medians: dict[bool, tuple[int, float]], retired: Integers) -> Integers:
    """Fen around a median that depends on who somebody is."""
    yuan = np.where(retired, medians[True][0], medians[False][0])
    spread = np.where(retired, medians[True][1], medians[False][1])
    fen: Integers = np.rint(100 * yuan * np.exp(spread * draw.standard_normal(len(retired)))).astype(np.int64)
    return fen


def _bills(draw: np.random.Generator, kind: Integers) -> Integers:
    """What each claim comes to, fen."""
    normal = draw.standard_normal(len(kind))
    total = np.zeros(len(kind))
    for name, (median, spread) in _BILLS.items():
        of_kind = kind == name
        total[of_kind] = 100 * median * np.exp(spread * normal[of_kind])
    return np.rint(np.maximum(total, 100)).astype(np.int64)


def _sharers(draw: np.random.Generator, family: Integers, retired: Integers) -> Integers:
    """For each person whose account helps: the first of the family who is at work, in some families; -1 for nobody."""
    people = np.arange(len(family))
    at_work = np.full(family.max() + 1, -1)
    workers = people[~retired]
    # Written backwards, so that the first of each family stands.
    at_work[family[workers][::-1]] = workers[::-1]
    shares = draw.random(len(at_work)) < _SHARES
    found: Integers = np.where(shares[family], at_work[family], -1)
    found[found == people] = -1
    return found
