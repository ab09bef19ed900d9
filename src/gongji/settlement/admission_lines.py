"""Fee lines of a stay: uploaded over many messages, some taking others back, and withdrawn before they are settled."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from msgspec.structs import replace

from gongji.settlement import admission_refusals as refusals
from gongji.settlement import refusals as visit_refusals
from gongji.settlement.admissions import Admission
from gongji.settlement.lines import keep
from gongji.settlement.model import FeeLine, PricedLine
from gongji.settlement.tables import fee_line
from gongji.settlement.visits import line_values, lines_of

#: feedetl_sn 0000 withdraws every unsettled line (2302).
EVERY_LINE: Final = "0000"

#: The parts of a line, in the order in which what does not fit into one goes into the next.
_PARTS: Final = ("in_scope", "first_self_pay", "over_limit", "self_paid")

_SAME: Final = ("item_code", "count", "price", "total", "takes_back")


def upload_lines(
    connection: sa.Connection, known: Admission, lines: Sequence[PricedLine], at: datetime
) -> list[FeeLine]:
    """2301: check, split and keep fee lines; all of them or none. The same line sent again is kept once.

    A line with `takes_back` gives pieces of another line back (退单): its count, total and parts are below zero, and
    altogether never more than what the other line had.

    Args:
        connection: the transaction in which `own_admission` found the stay and locked the patient.
        known: the stay.
        lines: in the order sent; a line may take back one before it in the same message.
        at: now; no line lies later than today.

    Returns:
        The lines with their split, in the order sent.

    Raises:
        Refused: ``admission.state`` once it is settled or cancelled, ``admission.lines_outside``, ``fee_line.exists``.
        InvalidInput: ``fee_line.amount``, ``fee_line.count``, ``fee_line.takes_back``, ``fee_line.takes_too_much``.
    """
    if not known.awaits_settlement:
        raise refusals.wrong_state(known.state)
    last = (known.discharged_at or at).date()
    for line in lines:
        if not known.admitted_at.date() <= line.occurred_at.date() <= last:
            raise refusals.lines_outside(line.sn, line.occurred_at.date())
        if (line.count < 0) != bool(line.takes_back):
            raise refusals.negative_without_original(line.sn)
    ledger = _Uploaded(connection, known.id, lines)
    kept = [ledger.keep(line) for line in lines]
    if ledger.fresh:
        connection.execute(fee_line.insert(), ledger.fresh)
    return kept


class _Uploaded:
    """The lines of a stay that a message speaks of: those it repeats, and those of which it takes pieces back."""

    def __init__(self, connection: sa.Connection, visit_id: int, lines: Sequence[PricedLine]) -> None:
        named = {line.sn for line in lines}
        originals = {line.takes_back for line in lines if line.takes_back}
        rows = connection.execute(
            sa.select(fee_line).where(
                *lines_of(visit_id),
                sa.or_(fee_line.c.sn.in_(named | originals), fee_line.c.takes_back.in_(originals)),
            )
        )
        self.fresh: list[dict[str, Any]] = []
        self._visit_id = visit_id
        self._rows: dict[str, dict[str, Any]] = {row.sn: dict(row._mapping) for row in rows}

    def keep(self, line: PricedLine) -> FeeLine:
        """The line with its parts, new or as it was kept before."""
        before = self._rows.get(line.sn)
        if before is not None:
            told = {"item_code": line.item_code, "count": line.count, "price": line.price, "total": line.total}
            told["takes_back"] = line.takes_back or None
            if any(before[name] != told[name] for name in _SAME):
                raise visit_refusals.line_exists(line.sn)
            return FeeLine(line, *(before[name] for name in ("self_paid", "over_limit", "first_self_pay", "in_scope")))
        kept = self._taking_back(line) if line.takes_back else keep(line)
        row = {"settlement_id": None, **line_values(self._visit_id, kept)}
        self._rows[line.sn] = row
        self.fresh.append(row)
        return kept

    def _taking_back(self, line: PricedLine) -> FeeLine:
        """A line that gives pieces back: its parts come out of what is left of the other line's."""
        original = self._rows.get(line.takes_back)
        if (
            original is None
            or original["takes_back"] is not None
            or original["settlement_id"] is not None
            or (original["item_code"], original["price"]) != (line.item_code, line.price)
        ):
            raise refusals.not_taken_back(line.sn)
        family = [original, *(row for row in self._rows.values() if row["takes_back"] == line.takes_back)]
        left = {name: sum(row[name] for row in family) for name in ("count", "total", *_PARTS)}
        pieces = replace(line, count=-line.count, total=-line.total, takes_back="")
        if pieces.count > left["count"] or pieces.total > left["total"]:
            raise refusals.takes_too_much(line.sn, left["total"], left["count"])
        split = keep(pieces)
        parts = _fitted({name: getattr(split, name) for name in _PARTS}, left)
        return FeeLine(line, **{name: -part for name, part in parts.items()})


def _fitted(wanted: dict[str, int], left: dict[str, int]) -> dict[str, int]:
    """The parts wanted, none above what is left of it; what does not fit into one goes into the next (fen).

    Rounding alone moves such fen: three thirds of ¥10.00 are ¥9.99.
    """
    parts = {name: min(wanted[name], left[name]) for name in _PARTS}
    missing = sum(wanted.values()) - sum(parts.values())
    for name in _PARTS:
        more = min(missing, left[name] - parts[name])
        parts[name] += more
        missing -= more
    return parts


def drop_lines(connection: sa.Connection, known: Admission, numbers: Sequence[str]) -> None:
    """2302: withdraw unsettled lines by their numbers; ``0000`` all of them.

    Raises:
        NotFound: ``fee_line.unknown``.
        Refused: ``admission.state`` for a stay that is settled or cancelled, ``fee_line.settled``;
            ``fee_line.has_returns`` when pieces of a line were taken back by one that stays.
    """
    if not known.awaits_settlement:
        raise refusals.wrong_state(known.state)
    if EVERY_LINE in numbers:
        connection.execute(fee_line.delete().where(*lines_of(known.id), fee_line.c.settlement_id.is_(None)))
        return
    wanted = set(numbers)
    rows = connection.execute(
        sa.select(fee_line.c.sn, fee_line.c.settlement_id, fee_line.c.takes_back).where(
            *lines_of(known.id), sa.or_(fee_line.c.sn.in_(wanted), fee_line.c.takes_back.in_(wanted))
        )
    ).all()
    missing = sorted(wanted - {row.sn for row in rows})
    if missing:
        raise refusals.line_unknown(missing[0])
    for row in rows:
        if row.sn in wanted and row.settlement_id is not None:
            raise visit_refusals.lines_settled()
        if row.takes_back in wanted and row.sn not in wanted:
            raise refusals.line_has_returns(row.takes_back)
    connection.execute(fee_line.delete().where(*lines_of(known.id), fee_line.c.sn.in_(wanted)))
