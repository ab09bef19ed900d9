"""Which coverage years there are to pay, and when."""

from __future__ import annotations

from datetime import date

from gongji.premium.model import Season


def coverage_years(on: date) -> list[int]:
    """The coverage years that a list shows on a day: this one and, once its season is near, the next."""
    return [on.year, on.year + 1] if on.month >= 7 else [on.year]


def season_of(year: int) -> Season:
    """When the premium of a coverage year is collected: September to December before it (集中缴费期).

    Shandong's guide for 2025 names these months; the other texts at hand name an end alone. See decision 0026.
    """
    return Season(year, date(year - 1, 9, 1), date(year - 1, 12, 31))
