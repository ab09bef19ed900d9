"""Which opening balances may be brought in: whose, and for which region's books."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from gongji.foundation.errors import Refused
from gongji.registry.model import Enrolment
from gongji.rules.model import Scheme


def regions_of(enrolments: Mapping[int, Sequence[Enrolment]], on: date) -> dict[int, str]:
    """For each person the region whose books the personal account stands in: that of the newest enrolment in the
    employee scheme that has begun; people who never had one have no personal account and are left out."""
    regions = {}
    for person_id, newest_first in enrolments.items():
        begun = (e.region for e in newest_first if e.scheme is Scheme.EMPLOYEE and e.since <= on)
        region = next(begun, None)
        if region is not None:
            regions[person_id] = region
    return regions


def no_employee_scheme() -> Refused:
    """``balance.no_account``: the person has no personal account."""
    return Refused(
        "balance.no_account",
        "the person was never enrolled in the employee scheme, so there is no personal account",
        "该人员没有参加过职工医保，没有个人账户",
        field="certificate",
        accepted="somebody with an enrolment in scheme 310: load the enrolments first",
    )
