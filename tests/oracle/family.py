"""The family that every story is about: five people, who is what to whom, and how they are insured.

0 the father, retired; 1 the mother, under the resident scheme and so without an account; 2 the son and 3 the daughter,
both at work; 4 the father's mother, retired.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Member:
    """One of the five."""

    name: str
    status: str
    born: date
    gender: str

    @property
    def scheme(self) -> str:
        """310 the employees', 390 the residents'."""
        return "390" if self.status == "resident" else "310"

    def age(self, on: date) -> int:
        """Full years on a day."""
        return on.year - self.born.year - ((on.month, on.day) < (self.born.month, self.born.day))


FAMILY = (
    Member("李国强", "retired", date(1958, 2, 1), "1"),
    Member("王秀兰", "resident", date(1960, 8, 13), "2"),
    Member("李建国", "active", date(1984, 3, 1), "1"),
    Member("李建芳", "active", date(1987, 5, 9), "2"),
    Member("赵桂芝", "retired", date(1936, 11, 30), "2"),
)

#: (parent, child) and (spouse, spouse) as the registers hold them.
PARENTS = ((0, 2), (0, 3), (1, 2), (1, 3), (4, 0))
SPOUSES = ((0, 1),)


def relation_to(sharer: int, user: int) -> str:
    """What the user is to the sharer, in the words of the rules."""
    if (user, sharer) in PARENTS:
        return "parent"
    if (sharer, user) in PARENTS:
        return "child"
    if (sharer, user) in SPOUSES or (user, sharer) in SPOUSES:
        return "spouse"
    if {sharer, user} == {2, 3}:
        return "sibling"
    if any((user, middle) in PARENTS and (middle, sharer) in PARENTS for middle in range(5)):
        return "grandparent"
    if any((sharer, middle) in PARENTS and (middle, user) in PARENTS for middle in range(5)):
        return "grandchild"
    return "parent_in_law" if (sharer, user) == (1, 4) else "child_in_law"
