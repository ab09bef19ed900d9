"""What every officers' page shares: its look, the way about, and whom it is for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import wraps
from typing import Final, Protocol, TypeVar

from starlette.responses import Response

from gongji.entrances.web.pages import style_address
from gongji.entrances.web.visits import PageWork, Visit, whole
from gongji.foundation.access import Duty
from gongji.foundation.errors import InvalidInput

REVIEWERS: Final = (Duty.REVIEWER, Duty.SECOND_REVIEWER)
ON_CASES: Final = (*REVIEWERS, Duty.AUDITOR)

#: Rows of a long list on one page.
ROWS: Final = 50

#: Name, address and whose duty it is, in the order of the way about.
WAYS: Final = (
    ("queue", "/", ON_CASES),
    ("disputes", "/disputes", ON_CASES),
    ("people", "/people", (Duty.CLERK, *ON_CASES)),
    ("filings", "/filings", (Duty.CLERK, *ON_CASES)),
    ("claims", "/claims", (Duty.CLERK, Duty.CLEARING_CLERK, *ON_CASES)),
    ("freezes", "/freezes", ON_CASES),
    ("messages", "/messages", (Duty.CLERK, *ON_CASES)),
    ("takers", "/takers", (Duty.CLERK, *ON_CASES)),
    ("differences", "/differences", (Duty.CLEARING_CLERK, Duty.AUDITOR)),
    ("clearing", "/clearing", (Duty.CLEARING_CLERK, Duty.SECOND_REVIEWER, Duty.AUDITOR)),
    ("alerts", "/alerts", (Duty.INSPECTOR, Duty.AUDITOR)),
    ("counter", "/counter", (Duty.CLERK, *REVIEWERS)),
    ("tax", "/tax", (Duty.TAX_CLERK,)),
    ("trail", "/trail", (Duty.AUDITOR,)),
)


#: What a page may say of the step before.
NOTICES: Final = (
    *("released", "taken_back", "agreed", "disagreed"),
    *("decided", "decided_last", "to_second", "to_second_last"),
    *("answered", "dispute_answered", "consented", "helping"),
    *("frozen", "freed", "lift_asked", "freeze_agreed", "freeze_disagreed"),
    *("alert_claimed", "alert_released", "alert_asked", "alert_concluded", "rule_changed"),
    *("assisted", "resent", "taken", "cleared", "handed_over"),
    *("month_closed", "accepted", "disputed", "dispute_answered_there", "asked", "payment_agreed", "payment_disagreed"),
    *("claim_taken", "claim_released", "claim_returned", "claim_decided", "claim_proposed", "claim_refused"),
    *("claim_upheld", "claim_agreed", "claim_disagreed", "claim_paid", "claim_bounced", "claim_recovered"),
    "claim_taken_back",
    *("filed", "granted", "filing_grant", "filing_refuse", "filing_withdraw", "filing_end"),
)


@dataclass(frozen=True, slots=True)
class Leaf:
    """Where one page of a long list lies in it.

    Attributes:
        after: the number of the row behind which it begins; None of the first page.
        next: that of its last row; None where nothing follows.
        query: what else the address asks for, for the ways on.
    """

    after: int | None
    next: int | None
    query: Mapping[str, str]


class _Numbered(Protocol):
    @property
    def id(self) -> int:
        """The row's number."""


_Row = TypeVar("_Row", bound=_Numbered)


def for_duties(*duties: Duty) -> Callable[[PageWork], PageWork]:
    """A page that only officers with one of these duties see."""

    def wrap(work: PageWork) -> PageWork:
        @wraps(work)
        def guarded(visit: Visit) -> Response:
            visit.caller.require_duty(*duties)
            return work(visit)

        return guarded

    return wrap


def show(visit: Visit, template: str, *, status: int = 200, **values: object) -> Response:
    """A page of the office."""
    return visit.render(
        f"office/{template}",
        status=status,
        office_style=style_address("office.css"),
        ways=ways(visit),
        officer=visit.caller.holder,
        notice=visit.query("notice") if visit.query("notice") in NOTICES else "",
        decided_case=whole(visit.query("of")) or "",
        **values,
    )


def read_rows(visit: Visit, read: Callable[[int, int | None], Sequence[_Row]]) -> tuple[list[_Row], Leaf]:
    """The rows of a long list that the page shows, by the address's ``after``.

    Args:
        visit: the visit.
        read: gives so many rows behind the one with a number, of the whole list where that is None.
    """
    after = whole(visit.query("after"))
    found = list(read(ROWS + 1, after))
    shown = found[:ROWS]
    query = {name: value for name, value in visit.request.query_params.items() if name not in ("after", "notice")}
    return shown, Leaf(after, shown[-1].id if len(found) > ROWS else None, query)


def agrees(visit: Visit, code: str) -> bool:
    """Whether the second officer agrees, by the button that they pressed.

    Raises:
        InvalidInput: `code` when it was neither.
    """
    opinion = visit.form.text("opinion")
    if opinion not in ("agree", "disagree"):
        raise InvalidInput(
            code, "say whether you agree", "请选同意或不同意", field="opinion", accepted="agree, disagree"
        )
    return opinion == "agree"


def ways(visit: Visit) -> list[tuple[str, str]]:
    """The pages that the officer's duties lead to: name and address."""
    return [(name, address) for name, address, duties in WAYS if visit.caller.duties.intersection(duties)]


def area_prefix(visit: Visit) -> str:
    """The first digits of the regions that the officer works for."""
    region = visit.caller.region or ""
    return region[:2] if region.endswith("0000") else region[:4]
