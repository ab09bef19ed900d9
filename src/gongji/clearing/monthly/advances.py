"""Advances (预付金): what a region has paid another ahead, what of it was used, and whether it is low."""

from __future__ import annotations

from datetime import date
from typing import Final

import sqlalchemy as sa

from gongji.clearing.monthly import store
from gongji.clearing.monthly.decide import advance_target, alarm
from gongji.clearing.monthly.model import Advance, Purpose
from gongji.clearing.monthly.terms import TermBook

#: From how many of the newest statements the size of an advance follows. Ours: the text says only that it is dynamic.
_MONTHS: Final = 3


def advances(connection: sa.Connection, terms: TermBook, on: date) -> list[Advance]:
    """Every advance, with how it stands."""
    found = []
    for (payer, payee), (given, returned, used) in store.advance_sums(connection).items():
        agreed = terms.on(payer, on)
        amounts = store.last_amounts(connection, payer, payee, _MONTHS)
        last = amounts[0] if amounts else 0
        state = alarm(agreed, given - returned - used, last)
        found.append(Advance(payer, payee, given, returned, used, advance_target(agreed, amounts), last, state))
    return found


def advance_left(connection: sa.Connection, payer: str, payee: str) -> int:
    """What may still be taken out of an advance, in fen: less what waits for a second officer."""
    given = taken = 0
    for one in store.advance_payments(connection, payer, payee):
        if one.purpose is Purpose.ADVANCE and one.agreed:
            given += one.amount
        elif one.purpose is not Purpose.ADVANCE and one.agreed is not False:
            taken += one.amount
    return given - taken
