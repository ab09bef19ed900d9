"""The wallet at the till: in another province, after the own account, and back where it came from by a reversal."""

from __future__ import annotations

import pytest
from wallet_home import Home

from gongji.settlement.model import Settlement
from town import JINING, TIELING

JINING_HOSPITAL, TIELING_PHARMACY = "H37080000001", "P21120200003"


def payers(one: Settlement) -> dict[str, tuple[int, str]]:
    """What the patient's side paid, and why."""
    return {line.payer: (line.amount, line.because) for line in one.explanation.payers if line.payer != "fund.pool"}


def test_the_mother_pays_in_jining_with_what_he_sent(home: Home) -> None:
    """¥1,500.00 in her wallet, area of use Jining: a purchase of ¥200.00 takes ¥200.00; the reversal puts it back."""
    home.open(home.mother, JINING)
    home.takes_wallet(JINING_HOSPITAL)
    home.accept(home.send(1_500_00))
    hospital = home.town.institution(JINING_HOSPITAL)
    bought = home.town.settled(home.town.purchase(home.mother, hospital, ("C-A", 1, "200.00")))
    assert (bought.total, bought.own, bought.wallet, bought.cash) == (200_00, 0, 200_00, 0)
    assert payers(bought)["wallet"] == (200_00, "wallet.paid")
    assert home.purse(home.mother) == {"wallet": 1_300_00}
    back = home.town.settled(home.town.reversal(bought, hospital))
    assert back.wallet == -200_00
    assert home.purse(home.mother) == {"wallet": 1_500_00}


def test_own_account_then_wallet_then_relatives_then_cash(home: Home) -> None:
    """A daughter with ¥30.00 of her own and ¥50.00 in her wallet; her brother shares ¥20.00: of ¥120.00, ¥20.00 are cash."""
    daughter = home.town.person("张敏", "1990-01-01", "active", balance=30_00, region=TIELING)
    home.parent(home.mother, daughter)
    home.open(daughter, TIELING)
    home.takes_wallet(TIELING_PHARMACY)
    home.accept(home.send(50_00, receiver_id=daughter))
    brother = home.town.person("张勇", "1992-01-01", "active", balance=20_00, region=TIELING)
    home.town.share(brother, daughter, relation="sibling")
    pharmacy = home.town.institution(TIELING_PHARMACY)
    quoted = home.town.purchase(daughter, pharmacy, ("C-A", 1, "120.00"))
    (dry,) = home.town.clerk.handle([(quoted, True)])
    bought = home.town.settled(quoted)
    assert (bought.own, bought.wallet, bought.shared, bought.cash) == (30_00, 50_00, 20_00, 20_00)
    assert (dry.own, dry.wallet, dry.shared, dry.cash) == (bought.own, bought.wallet, bought.shared, bought.cash)
    home.town.settled(home.town.reversal(bought, pharmacy))
    assert (home.purse(daughter), home.purse(brother)) == ({"current": 30_00, "wallet": 50_00}, {"current": 20_00})


@pytest.mark.parametrize(
    ("area", "takes", "because"),
    [(JINING, False, "wallet.not_taken_here"), (TIELING, True, "wallet.not_in_area"), (JINING, True, "wallet.paid")],
)
def test_where_it_does_not_pay_the_answer_says_why(home: Home, area: str, takes: bool, because: str) -> None:
    home.open(home.mother, area)
    if takes:
        home.takes_wallet(JINING_HOSPITAL)
    home.accept(home.send(100_00))
    bought = home.town.settled(
        home.town.purchase(home.mother, home.town.institution(JINING_HOSPITAL), ("C-A", 1, "60.00"))
    )
    assert payers(bought)["wallet"] == (60_00 if because == "wallet.paid" else 0, because)
    assert bought.cash == (0 if because == "wallet.paid" else 60_00)


def test_no_account_at_all_means_no_wallet(home: Home) -> None:
    """acct_used_flag 0: what she said at the till holds for the wallet too."""
    home.takes_wallet(TIELING_PHARMACY)
    home.accept(home.send(100_00))
    pharmacy = home.town.institution(TIELING_PHARMACY)
    bought = home.town.settled(home.town.purchase(home.mother, pharmacy, ("C-A", 1, "60.00"), use="0"))
    assert (bought.wallet, bought.cash) == (0, 60_00)
    assert payers(bought)["wallet"] == (0, "wallet.none")


def test_two_purchases_in_one_batch_share_what_is_there(home: Home) -> None:
    """¥100.00 in the wallet, two bills of ¥70.00: ¥70.00 and ¥30.00 of it, ¥40.00 in cash."""
    home.takes_wallet(TIELING_PHARMACY)
    home.accept(home.send(100_00))
    pharmacy = home.town.institution(TIELING_PHARMACY)
    first, second = home.town.do(*(home.town.purchase(home.mother, pharmacy, ("C-A", 1, "70.00")) for _ in range(2)))
    assert [(one.wallet, one.cash) for one in (first, second)] == [(70_00, 0), (30_00, 40_00)]
    assert home.purse(home.mother) == {}


def test_what_a_reversal_puts_back_pays_the_next_purchase_of_the_same_batch(home: Home) -> None:
    """¥100.00 in the wallet are spent; taken back and bought anew for ¥70.00 in one batch, the wallet pays again."""
    home.takes_wallet(TIELING_PHARMACY)
    home.accept(home.send(100_00))
    pharmacy = home.town.institution(TIELING_PHARMACY)
    spent = home.town.settled(home.town.purchase(home.mother, pharmacy, ("C-A", 1, "100.00")))
    assert home.purse(home.mother) == {}
    back = home.town.reversal(spent, pharmacy)
    _, anew = home.town.do(back, home.town.purchase(home.mother, pharmacy, ("C-A", 1, "70.00")))
    assert (anew.wallet, anew.cash) == (70_00, 0)
    assert home.purse(home.mother) == {"wallet": 30_00}
