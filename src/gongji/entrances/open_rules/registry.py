"""The coverage registry as anybody may ask it: how far one year of a region is known, benefit by benefit."""

from __future__ import annotations

from gongji.entrances.open_rules.atlas import Atlas
from gongji.rules.coverage import Coverage, coverage


def covered(atlas: Atlas, code: str, year: int) -> tuple[Coverage, ...]:
    """Every benefit that the region's packs set or record as a gap, and sharing.

    Args:
        atlas: the rules.
        code: of the region or of a county in it.
        year: the calendar year.

    Raises:
        InvalidInput: ``region.invalid``.
        NotFound: ``region.unknown``.
    """
    return tuple(coverage(atlas.book, [atlas.book.lineage(atlas.nearest(code))], year, year))
