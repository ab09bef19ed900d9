"""What a check of the books returns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import sqlalchemy as sa


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not hold.

    Attributes:
        check: the check's name.
        what: one sentence: which row, what it is, what it should be.
    """

    check: str
    what: str

    def __str__(self) -> str:
        return f"{self.check}: {self.what}"


#: A check reads on a connection in a transaction and tells what does not hold; it repairs nothing.
Check = Callable[[sa.Connection], Iterator[Finding]]
