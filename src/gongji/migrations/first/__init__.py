"""The first schema, a module for each room; rooms whose tables refer to another's stand after it."""

from __future__ import annotations

from typing import Final, Protocol

from gongji.migrations.first import (
    accrual,
    admissions,
    applications,
    casework,
    clearing,
    door,
    files,
    helping,
    messages,
    mobile,
    oversight,
    premium,
    presented,
    registry,
    second,
    signing_in,
    wallet,
)
from gongji.migrations.first.history import keep_as_history

__all__ = ["ROOMS", "keep_as_history"]


class Room(Protocol):
    """A part of the first schema."""

    def create(self) -> None:
        """Create the room's tables, with what guards them."""


ROOMS: Final[tuple[Room, ...]] = (
    files,
    admissions,
    registry,
    premium,
    signing_in,
    mobile,
    door,
    presented,
    second,
    applications,
    clearing,
    casework,
    oversight,
    helping,
    wallet,
    messages,
    accrual,
)
