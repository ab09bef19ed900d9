"""A small city's year comes out of the books as files of claims: each is assessed to what was paid, or says why not."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import sqlalchemy as sa

from gongji.entrances.draft_command.agreement import UNKNOWN, Agreement, agreement_of
from gongji.entrances.draft_command.claims import write_claims
from gongji.entrances.platform import Platform
from gongji.foundation.settings import Settings
from gongji.settlement.settled_claims import Otherwise, Span
from oracle.city import City
from oracle.stage import Stage
from town import Town

_SETTLED = """
SELECT DISTINCT region, extract(year FROM settled_at AT TIME ZONE 'Asia/Shanghai')::integer AS year FROM settlement
 WHERE fund_pool > 0
"""


def compared(town: Town, region: str, year: int, folder: Path) -> Agreement:
    """A region's year, written and held against the books."""
    platform = Platform(Settings(data=folder), town.database, town.vault, town.clock, town.rules)
    file = folder / f"{region}-{year}.parquet"
    write_claims(platform, file, Span(region, date(year, 1, 1), date(year, 12, 31)))
    return agreement_of(file, town.rules)


def test_every_claim_of_a_citys_year_is_what_was_paid_or_says_why_not(town: Town, tmp_path: Path) -> None:
    """Forty families to whom much happens: purchases and stays, reversals and undone ones, bills paid in cash, people who move.
    What differs, differs by what was taken back since."""
    with Stage(town) as stage:
        assert City(stage, families=40, seed="a year of claims").live(events=2_400) is None
    with town.database.transaction() as connection:
        places = [(row.region, row.year) for row in connection.execute(sa.text(_SETTLED))]
    found = [compared(town, region, year, tmp_path) for region, year in places]
    differ = {reason for one in found for reason in one.differ}
    assert sum(one.agree for one in found) > 300
    assert sum(sum(one.differ.values()) for one in found) < 0.1 * sum(one.agree for one in found)
    assert UNKNOWN not in differ
    assert differ <= {str(reason) for reason in (Otherwise.TAKEN_BACK, Otherwise.CASH, Otherwise.FOLLOWS)}
    assert not any(one.rejected for one in found)
