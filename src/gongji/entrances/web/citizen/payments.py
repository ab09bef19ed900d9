"""The list of visits and purchases: a person's own, and those that their account paid for relatives, newest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from gongji.entrances import wording
from gongji.entrances.wording import Language
from gongji.settlement.lists import OwnPayment, SharedPayment
from gongji.settlement.model import wire_id

#: How many lines a page shows before "show earlier ones".
PAGE: Final = 10

#: So many more are read, so that lines of one moment come onto one page.
TIES: Final = 6


@dataclass(frozen=True, slots=True)
class Payment:
    """One line of the list.

    Attributes:
        settlement_id: whose page it leads to.
        at: when it was settled.
        who: "me", or the relative.
        place: the institution's name.
        what: which amount it is (``home.payments.<what>``).
        amount: fen.
        tag: ``reversal`` or ``reversed``; "" for an ordinary line.
        address: of its page.
    """

    settlement_id: int
    at: datetime
    who: str
    place: str
    what: str
    amount: int
    tag: str
    address: str


def payments(
    own: Sequence[OwnPayment],
    shared: Sequence[SharedPayment],
    regions: Mapping[int, str],
    names: Mapping[int, str],
    language: Language,
) -> list[Payment]:
    """Both lists as one, newest first. Of a relative's visit: person, place, time and amount, nothing else.

    Args:
        own: the reader's settlements and reversals.
        shared: what the reader's account paid for relatives.
        regions: the region of each authorisation that the reader gave, by its id.
        names: what the reader calls the relatives.
        language: the reader's.
    """
    lines = [_own(one, language) for one in own]
    lines += [_shared(one, regions[one.authorisation_id], names, language) for one in shared]
    return sorted(lines, key=lambda line: (line.at, line.settlement_id), reverse=True)


def page_of(lines: Sequence[Payment]) -> tuple[tuple[Payment, ...], str]:
    """The first page of the lines, and the moment before which the next begins ("" when there is none).

    Lines of one moment are never parted: the next page begins before the last one's moment.
    """
    end = min(PAGE, len(lines))
    while end < len(lines) and lines[end].at == lines[end - 1].at:
        end += 1
    return tuple(lines[:end]), lines[end - 1].at.isoformat() if end < len(lines) else ""


def _own(one: OwnPayment, language: Language) -> Payment:
    back = one.kind == "reverse"
    return Payment(
        one.settlement_id,
        one.settled_at,
        wording.text("home.payments.mine", language),
        one.place,
        "refunded" if back else "total",
        abs(one.total),
        "reversal" if back else "reversed" if one.taken_back else "",
        f"/c/settlements/{wire_id(one.region, one.settlement_id)}",
    )


def _shared(one: SharedPayment, region: str, names: Mapping[int, str], language: Language) -> Payment:
    back = one.kind == "reverse"
    return Payment(
        one.settlement_id,
        one.settled_at,
        names.get(one.user_id) or wording.text("kin.stranger", language),
        one.place,
        "given_back" if back else "paid_by_me",
        abs(one.amount),
        "reversal" if back else "",
        f"/c/settlements/{wire_id(region, one.settlement_id)}",
    )
