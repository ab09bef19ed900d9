"""Which opening balances may be brought in: whose, and for which region's books."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from gongji.foundation.errors import Refused
from gongji.registry.model import Enrolment
from gongji.registry.service import region_of_account


def regions_of(enrolments: Mapping[int, Sequence[Enrolment]], on: date) -> dict[int, str]:
    """For each person the region whose books the personal account stands in; people without one are left out."""
    regions = {person_id: region_of_account(newest_first, on) for person_id, newest_first in enrolments.items()}
    return {person_id: region for person_id, region in regions.items() if region is not None}


def no_employee_scheme() -> Refused:
    """``balance.no_account``: the person has no personal account."""
    return Refused(
        "balance.no_account",
        "the person was never enrolled in the employee scheme, so there is no personal account",
        "该人员没有参加过职工医保，没有个人账户",
        field="certificate",
        accepted="somebody with an enrolment in scheme 310: load the enrolments first",
    )
