"""One settlement: its patient sees who paid what and why; a sharer sees what their own account paid, nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from gongji.entrances import explaining, wording
from gongji.entrances.explaining import ToldExplanation
from gongji.entrances.wording import Language
from gongji.settlement.model import Settlement, wire_id
from gongji.settlement.second.model import SecondPayment


@dataclass(frozen=True, slots=True)
class Bar:
    """A payer's piece of the bar: style class, start and width in per cent as text."""

    css: str
    start: str
    width: str


@dataclass(frozen=True, slots=True)
class Afterwards:
    """What a relative's account paid of the cash after the settlement, or got back.

    Attributes:
        at: when.
        who: what the reader calls the relative.
        amount: fen, below zero when it went back.
    """

    at: datetime
    who: str
    amount: int


@dataclass(frozen=True, slots=True)
class PatientsPage:
    """What the patient sees.

    Attributes:
        number: the settlement's number on the wire.
        total: fen, below zero in a reversal.
        at: when.
        place: the institution's name.
        explained: who paid what, and why.
        bars: the bar of payers; empty when nothing was paid.
        is_reversal: whether it gives another one back.
        reversed_at: when it was given back itself.
        other: address of the reversal, or of what was reversed; "" where there is neither.
        afterwards: what relatives paid of its cash later, oldest first.
        cash_left: fen of its cash that nobody's account has paid.
    """

    number: str
    total: int
    at: datetime
    place: str
    explained: ToldExplanation
    bars: tuple[Bar, ...]
    is_reversal: bool
    reversed_at: datetime | None
    other: str
    afterwards: tuple[Afterwards, ...]
    cash_left: int


@dataclass(frozen=True, slots=True)
class SharersPage:
    """What a sharer sees of a relative's settlement.

    Attributes:
        number, at, place: as for the patient.
        who: the relative.
        amount: fen that this sharer's account paid, or got back.
        is_reversal: whether it gives back.
        given_back: fen that came back later; 0 while nothing did.
    """

    number: str
    at: datetime
    place: str
    who: str
    amount: int
    is_reversal: bool
    given_back: int


def patients_page(
    one: Settlement,
    reversal: Settlement | None,
    chain: Sequence[SecondPayment],
    place: str,
    names: Mapping[int, str],
    language: Language,
) -> PatientsPage:
    """The page for the patient.

    Args:
        one: the settlement.
        reversal: what took it back, if anything did.
        chain: what was paid of its cash afterwards.
        place: the institution's name.
        names: what the patient calls the sharers.
        language: the reader's.
    """
    explained = explaining.explain(one.explanation, language, names)
    other = reversal.id if reversal else one.reverses
    return PatientsPage(
        number=wire_id(one.region, one.id),
        total=one.total,
        at=one.settled_at,
        place=place,
        explained=explained,
        bars=bars_of(explained),
        is_reversal=one.kind == "reverse",
        reversed_at=reversal.settled_at if reversal else None,
        other=f"/c/settlements/{wire_id(one.region, other)}" if other else "",
        afterwards=tuple(
            Afterwards(each.at, names.get(each.payer_id) or wording.text("kin.stranger", language), each.amount)
            for each in chain
        ),
        cash_left=one.cash - sum(each.amount for each in chain),
    )


def bars_of(explained: ToldExplanation) -> tuple[Bar, ...]:
    """The bar of payers: a piece for each that pays anything."""
    whole = sum(abs(payer.amount) for payer in explained.payers)
    bars = []
    start = 0
    for payer in explained.payers:
        if payer.amount:
            left, width = start * 100 / whole, abs(payer.amount) * 100 / whole
            bars.append(Bar(payer.payer.replace(".", "-"), f"{left:.2f}", f"{width:.2f}"))
            start += abs(payer.amount)
    return tuple(bars)


def sharers_page(one: Settlement, paid: int, given_back: int, place: str, who: str) -> SharersPage:
    """The page for a sharer whose account paid `paid` fen (below zero: got back), of which `given_back` came back."""
    return SharersPage(
        number=wire_id(one.region, one.id),
        at=one.settled_at,
        place=place,
        who=who,
        amount=abs(paid),
        is_reversal=one.kind == "reverse",
        given_back=given_back,
    )
