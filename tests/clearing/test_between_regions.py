"""A man insured in Tieling is treated in Jining: what Tieling owes Jining for it, month by month, and how it is paid."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest
import sqlalchemy as sa
from clearing_office import JINING_HOSPITAL, Office, clerk, refusal, second

from gongji.accrual.closing import transfer_in, transfer_out
from gongji.clearing.monthly import store
from gongji.clearing.monthly.decide import sheet
from gongji.clearing.monthly.model import DisputeOutcome, DisputeReason, LineKind, RegionSum, StatementState
from gongji.family.kinship_store import record_kinship
from gongji.family.model import FactKind, KinshipFact
from gongji.foundation.access import Caller, Role
from gongji.ledger.model import AccountKind
from gongji.registry.entering import add_enrolments
from gongji.registry.entries import NewEnrolment
from gongji.registry.model import Enrolment
from gongji.rules.book import RuleBook
from gongji.rules.model import Scheme, Status
from gongji.settlement.desk import Desk
from gongji.settlement.model import wire_id
from gongji.settlement.verify import verify_everything
from gongji.wallet import answering, service
from gongji.wallet.service import Wallets
from town import JINING, TIELING

JUNE, JULY, AUGUST = date(2024, 6, 1), date(2024, 7, 1), date(2024, 8, 1)
YANTAI = "370600"


@pytest.fixture
def man(office: Office) -> int:
    """A retired man of Tieling with ¥300.00 in his account."""
    return office.town.person("赵德柱", "1960-05-01", "retired", balance=300_00)


def test_what_is_paid_in_jining_for_a_man_of_tieling_is_owed_to_jining(office: Office, man: int) -> None:
    """A bill of ¥1,268.50 in Jining's hospital: ¥300.00 of his account, ¥500.00 of his daughter's; the rest is cash. His visit
    to the hospital at home is nobody's debt."""
    daughter = office.town.person("赵敏", "1986-05-01", "active", balance=500_00, household="另一家")
    office.town.share(daughter, man)
    one = office.treated_in_jining(man, use="2")
    home = office.town.institution("H21120200001")
    visit, total = office.town.visit(man, home, *EXAMPLE)
    office.town.settled(office.town.settle_visit(man, home, visit, total))
    (position,) = office.positions(JUNE)
    assert (position.debtor, position.creditor, position.lines) == (TIELING, JINING, 2)
    assert position.kinds == {LineKind.OWN: 300_00, LineKind.SHARED: 500_00}
    assert position.amount == one.total - one.cash == 800_00
    with office.town.database.transaction() as connection:
        own, shared = store.lines(connection, JUNE, TIELING, JINING)
    assert own.setl_id == shared.setl_id == wire_id(TIELING, one.id)
    assert (own.msgid, own.institution, own.person_id) == (one.msgid, JINING_HOSPITAL, man)


EXAMPLE = (("C-A", 1, "800.00"),)


def test_a_relatives_own_region_owes_what_the_relative_pays(office: Office, man: int) -> None:
    """The son pays from Yantai, the father from Tieling, for the same bill in Jining: two regions owe."""
    son = office.town.person("赵强", "1984-05-01", "active", balance=700_00, region=YANTAI, household="另一家")
    office.town.share(son, man)
    office.treated_in_jining(man, use="2")
    assert [(one.debtor, one.amount) for one in office.positions(JUNE)] == [(TIELING, 300_00), (YANTAI, 700_00)]


def test_the_fund_of_the_region_that_insures_owes_too(office: Office) -> None:
    """Yantai's fund pays, in 2023, for who goes elsewhere without a filing: in Jining, to the fen what it paid."""
    office.at(2023, 8, 7, 10)
    man = office.town.person("于海", "1982-03-03", "active", balance=0, region=YANTAI)
    one = office.treated_in_jining(man, ("C-A", 2, "1000.00"))
    assert one.fund_pool > 0
    (position,) = office.positions(date(2023, 8, 1))
    assert (position.debtor, position.creditor) == (YANTAI, JINING)
    assert position.kinds == {LineKind.FUND_POOL: one.fund_pool}


def test_a_wallet_transfer_from_shandong_to_liaoning_is_owed_to_tieling(office: Office, wallets: Wallets) -> None:
    """¥800.00 from Jining to the mother's wallet in Tieling, and she buys in Tieling: only the transfer is owed."""
    town = office.town
    mother = town.person("李秀英", "1955-08-13", "resident", region=TIELING)
    son = town.person("张建国", "1980-03-01", "active", balance=2_000_00, region=JINING)
    with town.database.transaction() as connection:
        fact = KinshipFact(FactKind.PARENT, mother, son, date(1980, 3, 1), None, "户口簿")
        record_kinship(connection, [fact], town.clock.now())
    for person, area in ((son, JINING), (mother, TIELING)):
        service.open_wallet(wallets, person_id=person, area=area, caller=Caller(Role.CITIZEN, "c", person))
    sent = service.send(
        wallets,
        sender_id=son,
        receiver_id=mother,
        amount=800_00,
        key="transfer-1",
        caller=Caller(Role.CITIZEN, "c", son),
    )
    assert office.positions(date(2025, 6, 1)) == []
    answering.accept(wallets, sent.id, receiver_id=mother, caller=Caller(Role.CITIZEN, "c", mother))
    (position,) = office.positions(date(2025, 6, 1))
    assert (position.debtor, position.creditor) == (JINING, TIELING)
    assert position.kinds == {LineKind.TRANSFER: 800_00}


@pytest.fixture
def wallets(office: Office) -> Iterator[Wallets]:
    """Wallets in June 2025, also in Tieling."""
    office.at(2025, 6, 11, 10, 30)
    town = office.town
    desk = Desk(town.database, RuleBook.shipped(), town.clock, desks=1)
    yield Wallets(town.database, RuleBook.shipped(), town.clock, desk, opened=frozenset({TIELING}))
    desk.close()


def test_an_account_that_moves_is_owed_by_the_region_it_leaves(office: Office, man: int) -> None:
    """He moves to Jining with ¥300.00, and Jining takes them in: owed once."""
    town, agency = office.town, Caller(Role.OPERATOR, "agency")
    transfer_out(town.database, town.clock, man, JINING, caller=agency, reference="ZY-1")
    with town.database.transaction() as connection:
        moved = Enrolment(Scheme.EMPLOYEE, JINING, Status.RETIRED, "12", "1", "", False, date(2024, 6, 13), None)
        add_enrolments(connection, [NewEnrolment(man, moved)])
    office.at(2024, 6, 14, 10)
    transfer_in(town.database, town.clock, man, TIELING, 300_00, 0, caller=agency, reference="ZY-1")
    (position,) = office.positions(JUNE)
    assert (position.debtor, position.creditor, position.kinds) == (TIELING, JINING, {LineKind.MOVE: 300_00})


def test_a_month_is_closed_once_it_is_over_and_then_stays(office: Office, man: int) -> None:
    """June cannot be closed in June; closed on 3 July it has one statement; closed again it is the same."""
    office.treated_in_jining(man)
    assert refusal(office.close, JUNE).code == "clearing.not_over"
    done = office.close(JUNE, 2024, 7, 3, 9)
    assert (done.statements, done.bills, done.again) == (1, 1, False)
    again = office.close(JUNE, 2024, 7, 4, 9)
    assert (again.statements, again.bills, again.again, again.at) == (1, 1, True, done.at)
    assert office.statement(JUNE).amount == 300_00


def test_months_are_closed_in_their_order(office: Office, man: int) -> None:
    office.treated_in_jining(man, ("C-A", 1, "100.00"))
    office.at(2024, 7, 9, 10)
    office.treated_in_jining(man, ("C-A", 1, "50.00"))
    problem = refusal(office.close, JULY, 2024, 8, 2, 9)
    assert (problem.code, problem.accepted) == ("clearing.earlier_first", "2024-06")
    office.close(JUNE)
    assert office.close(JULY).statements == 1
    assert [office.statement(one).amount for one in (JUNE, JULY)] == [100_00, 50_00]


def test_what_is_taken_back_after_the_month_was_closed_is_in_the_next(office: Office, man: int) -> None:
    """¥300.00 in June, taken back on 5 July after June was closed: June stays, July has −¥300.00 that names June; nothing is due
    for July, and the ¥300.00 are taken off August's ¥300.00."""
    one = office.treated_in_jining(man)
    office.close(JUNE, 2024, 7, 3, 9)
    june = office.accept(office.statement(JUNE))
    office.agreed(office.asks(june, 300_00))
    office.at(2024, 7, 5, 10)
    office.taken_back(one)
    office.close(JULY, 2024, 8, 2, 9)
    assert office.statement(JUNE).state is StatementState.SETTLED
    july = office.statement(JULY)
    assert (july.amount, july.refunds, july.due, july.left) == (-300_00, -300_00, -300_00, 0)
    with office.town.database.transaction() as connection:
        (line,) = store.lines(connection, JULY, TIELING, JINING)
    assert (line.reverses, line.first_month, line.amount) == (one.id, JUNE, -300_00)
    office.treated_in_jining(man)
    office.close(AUGUST, 2024, 9, 2, 9)
    august = office.statement(AUGUST)
    assert (august.amount, august.carried, august.due) == (300_00, -300_00, 0)
    assert office.statement(JULY).due == 0


def test_what_goes_back_to_a_closed_pair_still_has_its_statement(office: Office, man: int) -> None:
    """A month in which nothing happened but that owes −¥300.00 from the one before has a statement, so it is not forgotten."""
    one = office.treated_in_jining(man)
    office.close(JUNE, 2024, 7, 3, 9)
    office.taken_back(one)
    office.close(JULY, 2024, 8, 2, 9)
    office.close(AUGUST, 2024, 9, 2, 9)
    august = office.statement(AUGUST)
    assert (august.lines, august.amount, august.carried, august.due) == (0, 0, -300_00, -300_00)


def test_a_statement_is_paid_in_parts_by_two_officers(office: Office, man: int) -> None:
    """¥300.00: nobody pays before it was checked; ¥200.00 with one reference, the rest with another; the books follow the second
    officer's word, and not more than is due is paid."""
    office.treated_in_jining(man)
    office.close(JUNE, 2024, 7, 3, 9)
    june = office.statement(JUNE)
    assert june.state is StatementState.DRAWN
    assert refusal(office.asks, june, 200_00).code == "clearing.not_checked"
    assert refusal(office.accept_as, june, clerk(JINING)).code == "clearing.other_region"
    june = office.accept(june)
    asked = office.asks(june, 200_00)
    treasuries = [(AccountKind.TREASURY, int(region)) for region in (TIELING, JINING)]
    assert [office.holds(*one) for one in treasuries] == [0, 0]
    assert refusal(office.asks, june, 100_01, "YH-20240703-2").code == "clearing.amount"
    assert refusal(office.asks, june, 50_00).code == "clearing.reference_used"
    assert refusal(office.agreed, asked, by=second(TIELING, "0213")).code == "clearing.same_officer"
    assert refusal(office.agreed, asked, by=clerk(TIELING, "0214")).code == "access.duty"
    assert refusal(office.agreed, asked, by=second(JINING)).code == "clearing.unknown"
    office.agreed(asked)
    assert refusal(office.agreed, asked).code == "clearing.decided"
    assert [office.holds(*one) for one in treasuries] == [200_00, -200_00]
    assert (office.statement(JUNE).state, office.statement(JUNE).left) == (StatementState.PART_PAID, 100_00)
    refused = office.agreed(office.asks(june, 100_00, "YH-20240705-9"), agree=False)
    assert (refused.agreed, refused.journal_id, office.statement(JUNE).left) == (False, None, 100_00)
    office.agreed(office.asks(june, 100_00, "YH-20240705-9"))
    assert (office.statement(JUNE).state, office.statement(JUNE).left) == (StatementState.SETTLED, 0)
    assert [office.holds(*one) for one in treasuries] == [300_00, -300_00]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"amount": 0}, "clearing.amount"),
        ({"amount": -1}, "clearing.amount"),
        ({"reference": "x"}, "clearing.reference"),
        ({"reference": "<script>alert(1)</script>"}, "clearing.reference"),
        ({"paid_on": date(2024, 7, 4)}, "clearing.paid_on"),
        ({"paid_on": date(1999, 7, 4)}, "clearing.paid_on"),
        ({"caller": Caller(Role.OFFICER, "0210", None, TIELING)}, "access.duty"),
        ({"caller": clerk(JINING)}, "clearing.other_region"),
        ({"caller": clerk("110000")}, "clearing.unknown"),
        ({"out_of_advance": True}, "clearing.advance"),
    ],
)
def test_a_payment_that_is_filled_in_wrong_says_what_is_wrong(
    office: Office, man: int, more: dict[str, object], code: str
) -> None:
    office.treated_in_jining(man)
    office.close(JUNE, 2024, 7, 3, 9)
    june = office.accept(office.statement(JUNE))
    assert refusal(office.asks, june, **({"amount": 10_00} | more)).code == code
    with office.town.database.transaction() as connection:
        assert store.payments_of(connection, "statement_id", june.id) == []


def test_a_disputed_line_is_not_due_until_jining_answers(office: Office, man: int) -> None:
    """Of ¥250.00 in two visits Tieling does not know the one of ¥100.00: ¥150.00 are due at first, all when Jining shows it."""
    first = office.treated_in_jining(man, ("C-A", 1, "100.00"))
    office.treated_in_jining(man, ("C-A", 1, "150.00"))
    office.close(JUNE, 2024, 7, 3, 9)
    june = office.statement(JUNE)
    for more, code in (
        ({"reason": "mood"}, "clearing.reason"),
        ({"note": "x"}, "clearing.note"),
        ({"kind": "shared"}, "clearing.line"),
        ({"kind": "gold"}, "clearing.line"),
        ({"caller": clerk(JINING)}, "clearing.other_region"),
    ):
        assert refusal(office.disputes, june, first.id, **more).code == code
    made = office.disputes(june, first.id)
    assert (made.amount, made.reason) == (100_00, DisputeReason.NOT_OURS)
    assert refusal(office.disputes, june, first.id).code == "clearing.line_disputed"
    assert office.accept(june).due == 150_00
    assert refusal(office.disputes, june, first.id).code == "clearing.checked"
    assert refusal(office.answers, made.id, "stands", clerk(TIELING)).code == "clearing.other_region"
    assert refusal(office.answers, made.id, "perhaps").code == "clearing.outcome"
    assert office.answers(made.id, "stands").outcome is DisputeOutcome.STANDS
    assert refusal(office.answers, made.id, "conceded").code == "clearing.answered"
    assert office.statement(JUNE).due == 250_00


def test_what_jining_gives_up_is_never_due(office: Office, man: int) -> None:
    first = office.treated_in_jining(man, ("C-A", 1, "100.00"))
    office.close(JUNE, 2024, 7, 3, 9)
    june = office.statement(JUNE)
    office.answers(office.disputes(june, first.id).id, "conceded")
    assert (office.accept(june).due, office.statement(JUNE).state) == (0, StatementState.SETTLED)


def test_an_advance_is_paid_used_and_given_back(office: Office, man: int) -> None:
    """¥1,000.00 in advance, ¥300.00 of it set against June, ¥700.00 back: the treasuries moved by ¥300.00 in all."""
    office.treated_in_jining(man)
    office.close(JUNE, 2024, 7, 3, 9)
    june = office.accept(office.statement(JUNE))
    waiting = office.advance(1_000_00)
    assert refusal(office.asks, june, 300_00, out_of_advance=True).details == {"left_fen": 0}
    office.agreed(waiting)
    used = office.asks(june, 300_00, "DZ-2024-6", out_of_advance=True)
    assert refusal(office.advance, 700_01, "YF-2024-2", back=True).code == "clearing.advance"
    assert office.agreed(used).journal_id is None
    assert office.statement(JUNE).state is StatementState.SETTLED
    office.agreed(office.advance(700_00, "YF-2024-2", back=True))
    (one,) = office.advances()
    assert (one.given, one.used, one.returned, one.left) == (1_000_00, 300_00, 700_00, 0)
    assert office.holds(AccountKind.TREASURY, int(TIELING)) == 300_00
    assert refusal(office.advance, 1_00, "YF-2024-3", payee=TIELING).code == "clearing.regions"
    assert refusal(office.advance, 1_00, "YF-2024-3", payee="jining").code == "clearing.regions"
    assert refusal(office.advance, 0, "YF-2024-3").code == "clearing.amount"


def test_the_sheet_of_all_pairs_adds_up_to_zero(office: Office, man: int) -> None:
    """Tieling owes Jining ¥300.00, Yantai ¥700.00; by province Shandong receives ¥300.00 of Liaoning."""
    son = office.town.person("赵强", "1984-05-01", "active", balance=700_00, region=YANTAI, household="另一家")
    office.town.share(son, man)
    office.treated_in_jining(man, use="2")
    found = office.positions(JUNE)
    assert sheet(found) == [RegionSum(TIELING, 300_00, 0), RegionSum(YANTAI, 700_00, 0), RegionSum(JINING, 0, 1_000_00)]
    assert sheet(found, 2) == [RegionSum("210000", 300_00, 0), RegionSum("370000", 0, 300_00)]
    assert sum(one.net for one in sheet(found)) == sum(one.net for one in sheet(found, 2)) == 0


def test_who_pays_above_what_is_due_past_the_service_is_found(office: Office, man: int) -> None:
    """The proof of the books looks at statements, bills, lines and payments."""
    office.treated_in_jining(man)
    office.close(JUNE, 2024, 7, 3, 9)
    june = office.accept(office.statement(JUNE))
    office.agreed(office.asks(june, 300_00))
    for fault, mended, word in (
        (
            "UPDATE clearing_statement SET amount = amount - 1",
            "UPDATE clearing_statement SET amount = amount + 1",
            "its lines",
        ),
        (
            "UPDATE clearing_part SET accounts = accounts + 1",
            "UPDATE clearing_part SET accounts = accounts - 1",
            "institution",
        ),
        ("UPDATE clearing_statement SET carried_out = -1", "UPDATE clearing_statement SET carried_out = 0", "handed"),
        (
            "UPDATE clearing_payment SET amount = amount + 1",
            "UPDATE clearing_payment SET amount = amount - 1",
            "payment",
        ),
    ):
        with office.town.database.transaction() as connection:
            connection.execute(sa.text(fault))
        with office.town.database.engine.connect() as connection:
            found = [str(one) for one in verify_everything(connection)]
        assert any(one.startswith("clearing") and word in one for one in found), (fault, found)
        with office.town.database.transaction() as connection:
            connection.execute(sa.text(mended))


def test_lines_are_history(office: Office, man: int) -> None:
    office.treated_in_jining(man)
    office.positions(JUNE)
    for statement in ("UPDATE clearing_line SET amount = 1", "DELETE FROM clearing_line"):
        with pytest.raises(sa.exc.DBAPIError), office.town.database.transaction() as connection:
            connection.execute(sa.text(statement))
