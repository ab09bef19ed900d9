"""The pure decision on a settlement or a reversal: facts in, outcome or refusal out.

The checks come first, in this fixed order, and touch nothing; a refusal therefore leaves every balance as it was:

1. the key: the same key with the same content gives the stored answer, with other content a refusal;
2. the institution may settle on that day; 3. the patient lives; 4. the visit is the patient's, at this institution,
and open; 5. the insurance holds, in the scheme named; 6. there are fee lines and they add up to the total stated;
7. the category of care is one of such an institution, and what it asks for is filed and granted.

Only then, where nothing can fail any more, the books in hand are changed, so that the next decision of the same batch
sees what this one did.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Final

import msgspec
from msgspec.structs import replace

from gongji.benefit.model import Assessment, Bill, CounterMove
from gongji.foundation.ids import bucket_of
from gongji.ledger.model import (
    AccountKind,
    Journal,
    JournalKind,
    Transfer,
    fund_holder,
    open_account,
)
from gongji.registry.model import Enrolment
from gongji.rules.book import RuleBook
from gongji.rules.model import Purpose, Scheme
from gongji.settlement import refusals
from gongji.settlement.assessing import Visited, assess_visit
from gongji.settlement.books import Books, Case, apply_moves, usage_of
from gongji.settlement.fund_lines import fund_lines
from gongji.settlement.kinds import purpose_of
from gongji.settlement.model import (
    Explanation,
    MessageKey,
    Reverse,
    Settlement,
    SettlePurchase,
    SettleVisit,
)
from gongji.settlement.purses import offer_of, own_purse, wallet_at
from gongji.settlement.stay_case import check_stay, day_of, own_deposits_kept, stay_goes_on
from gongji.settlement.stays import AdmissionState
from gongji.settlement.used_keys import differing
from gongji.settlement.waterfall import (
    Draw,
    Payment,
    pay,
)

FUND_ACCOUNTS: Final = {
    "fund.pool": AccountKind.FUND_POOL,
    "fund.large": AccountKind.FUND_LARGE,
    "fund.civil": AccountKind.FUND_CIVIL,
    "fund.aid": AccountKind.FUND_AID,
}


class Decision(msgspec.Struct, frozen=True):
    """What is to be written for one command, or the stored answer when it had been given before.

    Attributes:
        settlement: the answer.
        journal: its transfers; None for a pre-settlement or a stored answer.
        counters: how benefit counters move: (counter, period, fen added; below zero in a reversal).
        usage: fen by which the usage of authorisations moves.
        usage_at: the moment in whose periods that usage counts; a reversal gives back where it was used.
        batches: charging batches of the visit that are now settled.
        captured: fen taken out of each hold of the stay.
        returned: of holds that a reversal gives back: (authorisation, fen below zero, the moment it was held).
        admission: the state that the stay goes into; None where it stays as it is.
        stands: the settlement that has settled them, when it is not this one but stands again.
    """

    settlement: Settlement
    usage_at: datetime
    journal: Journal | None = None
    counters: tuple[CounterMove, ...] = ()
    usage: Mapping[int, int] = {}
    batches: tuple[str, ...] = ()
    captured: Mapping[int, int] = {}
    returned: tuple[tuple[int, int, datetime], ...] = ()
    admission: AdmissionState | None = None
    stands: int | None = None


def stored_answer(
    key: MessageKey, books: Books, sent: SettleVisit | SettlePurchase | Reverse | None = None
) -> Settlement | None:
    """The answer that was given to this key before.

    Args:
        key: of a message.
        books: the batch's working state.
        sent: the message, so that a refusal can say what differs.

    Raises:
        Refused: ``key.other_content`` when the same key came with other content; ``message.undone`` when the message was
            undone (2601), before it came or after; ``settlement.archived`` when its answer lies in an archived month.
    """
    place = key.institution_id, key.infno, key.msgid
    if place in books.archived:
        raise refusals.archived(field="msgid")
    if place in books.closed:
        raise refusals.undone(key)
    known = books.settled.get(place)
    if known is None:
        return None
    digest, settlement = known
    if settlement.id in books.undone:
        raise refusals.undone(key)
    if digest != key.digest:
        raise refusals.other_content(key, differing(sent, settlement) if sent is not None else ())
    return settlement


def settle(case: Case, books: Books, rules: RuleBook, at: datetime, settlement_id: int) -> Decision:
    """Decide a settlement, or a pre-settlement when `settlement_id` is 0: the same checks, the same numbers, no effect.

    Args:
        case: the command and what is known of it.
        books: the batch's working state; changed only when the settlement goes through.
        rules: the rule book.
        at: the moment of settlement, which decides what is in force.
        settlement_id: the new settlement's id; 0 for a pre-settlement.

    Raises:
        Refused, InvalidInput: see `gongji.settlement.refusals`.
    """
    command, patient, on = case.command, case.patient, at.date()
    enrolment = _check(case, on)
    batches = _batches(case)
    bill = _bill(case, batches)
    visited = Visited(patient, case.visit, command.institution, command.med_type or case.visit.med_type)
    assessment = assess_visit(visited, enrolment, bill, books, rules, day_of(case, on))
    sharing_rule = rules.sharing(enrolment.region, on)
    own = own_purse(patient.id, books) if patient.has_account else None
    purpose = Purpose.INPATIENT if case.visit.stay is not None else purpose_of(command.institution.kind)
    offers = [offer_of(one, sharing_rule, purpose, books, at) for one in case.sharings] if sharing_rule else []
    wallet = wallet_at(case, books)
    payment = pay(bill, assessment, sharing_rule, command.account_use, own, offers, case.deposits, wallet)
    balance_after = books.own_balance(patient.id) - payment.own + own_deposits_kept(case, payment)
    settlement = _settlement(case, enrolment, bill, assessment, payment, balance_after, at, settlement_id)
    if settlement_id == 0:
        return Decision(settlement, at)
    # From here on it must succeed.
    transfers = _transfers(command, enrolment, assessment, payment)
    for transfer in transfers:
        books.move(transfer)
    books.pots.spend(settlement_id, transfers)
    moves = tuple(replace(move, counter=f"{enrolment.scheme}.{move.counter}") for move in assessment.moves)
    usage = usage_of(transfers)
    apply_moves(books, patient.id, moves, usage, at)
    for batch in batches:
        del case.visit.unsettled[batch]
    admission = stay_goes_on(case, settlement, bill, moves)
    key = command.key
    books.settled[key.institution_id, key.infno, key.msgid] = (key.digest, settlement)
    journal = Journal(settlement_id, JournalKind.SETTLEMENT, None, at, transfers)
    return Decision(
        settlement, at, journal, moves, usage, tuple(batches), captured=payment.captured, admission=admission
    )


def _check(case: Case, on: date) -> Enrolment:
    """Checks 2 to 5; returns the enrolment that the benefits follow: of a stay, that of the day whose rules hold."""
    command, patient, visit, stay = case.command, case.patient, case.visit, case.visit.stay
    if not command.institution.designated(on):
        raise refusals.not_designated(command.institution, on)
    if patient.died_on is not None and patient.died_on <= (on if stay is None else stay.admitted_at.date()):
        raise refusals.patient_died()
    if visit.person_id != patient.id or visit.institution_id != command.institution.id:
        raise refusals.visit_unknown()
    check_stay(case)
    enrolment, day = (patient.enrolment, on) if stay is None else (stay.enrolment, day_of(case, on))
    if enrolment is None or not enrolment.holds(day):
        raise refusals.not_insured(day)
    if enrolment.scheme is not command.scheme:
        raise refusals.other_scheme(command.scheme, enrolment.scheme)
    return enrolment


def _batches(case: Case) -> list[str]:
    batch = case.command.batch if isinstance(case.command, SettleVisit) else None
    wanted = [name for name in case.visit.unsettled if batch is None or name == batch]
    if not wanted:
        raise refusals.nothing_to_settle(batch)
    return wanted


def _bill(case: Case, batches: list[str]) -> Bill:
    parts = [case.visit.unsettled[name] for name in batches]
    bill = parts[0] if len(parts) == 1 else Bill.of_all(parts)
    if bill.total != case.command.total:
        raise refusals.total_differs(stated=case.command.total, uploaded=bill.total)
    return bill


def _transfers(
    command: SettleVisit | SettlePurchase, enrolment: Enrolment, assessment: Assessment, payment: Payment
) -> tuple[Transfer, ...]:
    """Everything but cash goes to the institution's payable, in the bucket where each payer's money lies."""
    institution = command.institution.id
    bucket = bucket_of(command.person_id)
    holder = fund_holder(enrolment.region, enrolment.scheme)
    legs = [
        Transfer(
            open_account(FUND_ACCOUNTS[fund.fund], holder, bucket),
            open_account(AccountKind.PAYABLE_INSTITUTION, institution, bucket),
            fund.amount,
        )
        for fund in assessment.funds
    ]
    legs += [_leg(draw, institution) for draw in payment.draws]
    return tuple(legs)


def _leg(draw: Draw, institution: int) -> Transfer:
    payable = open_account(AccountKind.PAYABLE_INSTITUTION, institution, bucket_of(draw.account))
    return Transfer(draw.account, payable, draw.amount, draw.authorisation_id)


def _settlement(
    case: Case,
    enrolment: Enrolment,
    bill: Bill,
    assessment: Assessment,
    payment: Payment,
    balance_after: int,
    at: datetime,
    settlement_id: int,
) -> Settlement:
    command, visit = case.command, case.visit
    paid = {fund.fund: fund.amount for fund in assessment.funds}
    return Settlement(
        id=settlement_id,
        kind="settle",
        reverses=None,
        visit_id=visit.id,
        person_id=command.person_id,
        institution_id=command.institution.id,
        infno=command.key.infno,
        msgid=command.key.msgid,
        region=enrolment.region,
        scheme=Scheme(enrolment.scheme),
        status=enrolment.status,
        psn_type=enrolment.psn_type,
        civil_servant=enrolment.civil_servant,
        med_type=command.med_type or visit.med_type,
        certificate_kind=command.certificate_kind,
        disease=visit.disease,
        prescriber=visit.prescriber,
        invoice=command.invoice,
        settled_at=at,
        total=bill.total,
        self_paid=bill.self_paid,
        over_limit=bill.over_limit,
        first_self_pay=bill.first_self_pay,
        in_scope=bill.in_scope,
        deductible=assessment.deductible,
        ratio=assessment.ratio,
        fund_pool=paid.get("fund.pool", 0),
        fund_large=paid.get("fund.large", 0),
        fund_civil=paid.get("fund.civil", 0),
        fund_aid=paid.get("fund.aid", 0),
        own=payment.own,
        shared=payment.shared,
        wallet=payment.wallet,
        cash=payment.cash,
        balance_after=balance_after,
        pack_digest=assessment.digest,
        explanation=Explanation((*fund_lines(bill, assessment), *payment.lines), assessment.steps),
        lines=case.lines,
    )
