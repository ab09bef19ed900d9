"""What a settlement asks of a stay in hospital and does to it: the pure part of `gongji.settlement.decide` that is of stays."""

from __future__ import annotations

from datetime import date
from typing import Final

from gongji.benefit.model import Bill, CounterMove
from gongji.settlement import admission_refusals, refusals
from gongji.settlement.books import Case
from gongji.settlement.model import SettleAdmission, Settlement, is_inpatient
from gongji.settlement.stays import AdmissionState, Before
from gongji.settlement.waterfall import Payment

#: The field of a settlement that says what a fund paid.
FUND_FIELDS: Final = {
    "fund.pool": "fund_pool",
    "fund.large": "fund_large",
    "fund.civil": "fund_civil",
    "fund.aid": "fund_aid",
}


def check_stay(case: Case) -> None:
    """A stay is settled as one: after the discharge, in the middle of it, or quoted before; a visit while it is open."""
    command, visit, stay = case.command, case.visit, case.visit.stay
    if not isinstance(command, SettleAdmission):
        if not visit.open:
            raise admission_refusals.is_a_stay() if is_inpatient(visit.med_type) else refusals.visit_cancelled()
        return
    if stay is None:
        raise admission_refusals.is_no_stay()
    begins = AdmissionState.ADMITTED if command.mid_stay else AdmissionState.DISCHARGED
    if stay.state is not begins and not (command.quote and stay.state is AdmissionState.ADMITTED):
        raise admission_refusals.wrong_state(stay.state)


def day_of(case: Case, today: date) -> date:
    """The day whose rules hold: today, for a stay that of the discharge."""
    command, stay = case.command, case.visit.stay
    if stay is None or not isinstance(command, SettleAdmission):
        return today
    return stay.day(today, None if command.mid_stay else command.leaves_on)


def own_deposits_kept(case: Case, payment: Payment) -> int:
    """What of the patient's own deposits does not leave the own account now: what was taken from there before, and at the
    end of the stay what comes back (fen)."""
    own = {one.hold_id: one.amount for one in case.deposits if one.authorisation_id is None}
    captured = payment.captured
    if isinstance(case.command, SettleAdmission) and case.command.mid_stay:
        return sum(captured.get(hold, 0) for hold in own)
    return sum(own.values())


def stay_goes_on(
    case: Case, settlement: Settlement, bill: Bill, moves: tuple[CounterMove, ...]
) -> AdmissionState | None:
    """The stay after a settlement; returns the state that it goes into, None where it stays as it is."""
    stay, command = case.visit.stay, case.command
    if stay is None or not isinstance(command, SettleAdmission):
        return None
    funds = {fund: getattr(settlement, field) for fund, field in FUND_FIELDS.items()}
    stay.before.append(Before(settlement.id, settlement.settled_at.date(), bill, settlement.deductible, funds, moves))
    if command.mid_stay:
        return None
    stay.state = AdmissionState.SETTLED
    return stay.state
