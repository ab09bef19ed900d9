"""A daughter allots ¥1,000.00 to her parents, who spend it; she takes back, unbinds, the year turns; to the fen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest
import sqlalchemy as sa
from allotting_home import Home

from gongji.accrual.closing import close_at_death, transfer_out
from gongji.accrual.year_end import turn_year
from gongji.foundation.access import Caller, Role
from gongji.foundation.clock import CHINA
from gongji.foundation.errors import GongjiError, InvalidInput, NotFound, Refused
from gongji.foundation.inbox import messages_of
from town import Town

OFFICER = Caller(Role.OFFICER, "agency", region="211200")


def told(town: Town, person: int) -> list[str]:
    """The kinds of a person's messages, oldest first."""
    with town.database.transaction() as connection:
        return [one.kind for one in reversed(messages_of(connection, person, 50))]


def test_three_figures_add_up_before_and_after(home: Home) -> None:
    assert home.figures() == (531_045, 200_000, 0, 331_045)
    home.allot(60_000, home.for_father)
    home.allot(40_000, home.for_mother)
    assert home.figures() == (531_045, 200_000, 100_000, 231_045)
    assert home.given() == {home.for_father: 60_000, home.for_mother: 40_000}
    # The savings are given first, and what is given has left her accounts.
    assert home.purse() == {"current": 231_045, "historical": 200_000, "pot": 100_000}


def test_relatives_spend_what_is_theirs_and_nothing_else(home: Home) -> None:
    home.allot(60_000, home.for_father)
    bought = home.buy(home.father, "450.00")
    assert (bought.shared, bought.cash) == (45_000, 0)
    line = next(line for line in bought.explanation.payers if line.payer == "shared")
    assert (line.because, line.clause and line.clause.rule) == (
        "shared.paid.allotted",
        "cn/liaoning#sharing.allotment_required",
    )
    more = home.buy(home.father, "200.00")
    assert (more.shared, more.cash) == (15_000, 5_000), "only what was left of his part, though her account is full"
    nothing = home.buy(home.mother, "80.00")
    assert (nothing.shared, nothing.cash) == (0, 8_000)
    assert nothing.explanation.payers[-2].because == "wallet.none"
    assert "shared.none.not_allotted" in {line.because for line in nothing.explanation.payers}
    assert home.figures() == (471_045, 200_000, 0, 271_045)


def test_what_was_allotted_is_not_spent_while_her_account_is_frozen(home: Home) -> None:
    home.allot(60_000, home.for_father)
    home.town.freeze(home.daughter)
    bought = home.buy(home.father, "100.00")
    assert (bought.shared, bought.cash) == (0, 10_000)
    assert "shared.none.frozen" in {line.because for line in bought.explanation.payers}
    assert home.given() == {home.for_father: 60_000, home.for_mother: 0}


def test_a_reversal_gives_back_to_the_part_it_came_from(home: Home) -> None:
    home.allot(60_000, home.for_father)
    bought = home.buy(home.father, "450.00")
    home.give_back(bought)
    assert home.given() == {home.for_father: 60_000, home.for_mother: 0}


def test_what_is_taken_back_goes_where_it_came_from(home: Home) -> None:
    home.allot(331_045, home.for_father)  # all that may be given: ¥3,000.00 of the savings and ¥310.45 of this year
    assert home.purse() == {"current": 200_000, "pot": 331_045}
    home.take_back(50_000, home.for_father)  # what would be spent last comes first: this year's ¥310.45
    assert home.purse() == {"current": 231_045, "historical": 18_955, "pot": 281_045}
    home.take_back(281_045, home.for_father)
    assert home.purse() == {"current": 231_045, "historical": 300_000}


def test_what_comes_back_after_the_end_goes_to_the_account_it_came_from(home: Home) -> None:
    home.allot(331_045, home.for_father)
    bought = home.buy(home.father, "3200.00")  # ¥3,000.00 of the savings, ¥200.00 of this year
    assert bought.shared == 320_000
    home.unbind(home.for_father)
    assert home.purse() == {"current": 211_045}, "the unused ¥110.45 are this year's"
    home.give_back(bought)
    assert home.purse() == {"current": 231_045, "historical": 300_000}


def test_unbinding_gives_the_unused_part_back_and_tells_both(home: Home) -> None:
    home.allot(60_000, home.for_father)
    home.allot(40_000, home.for_mother)
    home.buy(home.father, "450.00")
    home.unbind(home.for_father)
    assert home.given() == {home.for_mother: 40_000}
    assert home.figures() == (486_045, 200_000, 40_000, 246_045)
    assert "family.unused.sharer" in told(home.town, home.daughter)
    assert "family.unused.user" in told(home.town, home.father)
    assert "family.unused.user" not in told(home.town, home.mother)


def test_both_sides_are_told(home: Home) -> None:
    home.allot(60_000, home.for_father)
    home.take_back(10_000, home.for_father)
    assert told(home.town, home.daughter) == ["family.allotted.sharer", "family.taken_back.sharer"]
    assert told(home.town, home.father) == ["family.allotted.user", "family.taken_back.user"]
    assert told(home.town, home.mother) == []


def test_one_pot_is_for_all(allotting: Callable[..., Home]) -> None:
    home = allotting(parts="one_pot")
    home.allot(50_000, None)
    assert home.buy(home.father, "300.00").shared == 30_000
    bought = home.buy(home.mother, "300.00")
    assert (bought.shared, bought.cash) == (20_000, 10_000)
    home.give_back(bought)
    home.unbind(home.for_father)
    assert home.given() == {None: 20_000}, "the mother still has it"
    home.unbind(home.for_mother)
    assert home.purse() == {"current": 231_045, "historical": 270_000}
    assert told(home.town, home.mother)[:1] == ["family.allotted_all.user"]
    with pytest.raises(Refused, match=r"not_here|nothing has to be allotted"):
        home.allot(100, None)


def test_where_the_rule_says_so_it_comes_back_only_at_the_end(allotting: Callable[..., Home]) -> None:
    home = allotting(take_back="at_end")
    home.allot(60_000, home.for_father)
    with pytest.raises(Refused) as refused:
        home.take_back(10_000, home.for_father)
    assert refused.value.code == "allotment.only_at_end"
    home.unbind(home.for_father)
    assert home.purse() == {"current": 231_045, "historical": 300_000}


def test_only_savings_where_only_savings_are_shared(allotting: Callable[..., Home]) -> None:
    home = allotting(source="historical_only")
    assert home.figures() == (531_045, 431_045, 0, 100_000)


@pytest.mark.parametrize(
    ("amount", "code"),
    [(331_046, "allotment.not_enough"), (0, "allotment.amount"), (-1, "allotment.amount")],
)
def test_what_cannot_be_allotted_is_refused(home: Home, amount: int, code: str) -> None:
    with pytest.raises(GongjiError) as refused:
        home.allot(amount, home.for_father)
    assert refused.value.code == code
    assert home.figures() == (531_045, 200_000, 0, 331_045)


def test_for_nobody_for_a_stranger_or_without_a_key_nothing_is_allotted(home: Home) -> None:
    with pytest.raises(InvalidInput) as nobody:
        home.allot(100, None)
    assert nobody.value.code == "allotment.for_whom"
    stranger = home.town.person("钱多", "1990-01-01", "active", balance=100, household="别家")
    with pytest.raises(NotFound):
        home.allot(100, home.town.share(stranger, home.mother))
    with pytest.raises(InvalidInput) as keyless:
        home.allot(100, home.for_father, key="short")
    assert keyless.value.code == "key.shape"
    with pytest.raises(Refused) as nothing:
        home.take_back(100, home.for_father)
    assert nothing.value.code == "allotment.nothing_given"
    home.allot(100, home.for_father)
    with pytest.raises(Refused) as more:
        home.take_back(101, home.for_father)
    assert more.value.code == "allotment.too_much_back"


def test_the_same_key_does_it_once(home: Home) -> None:
    first = home.allot(10_000, home.for_father, key="from-the-phone")
    assert home.allot(10_000, home.for_father, key="from-the-phone") == first
    assert home.given()[home.for_father] == 10_000
    with pytest.raises(Refused) as other:
        home.allot(20_000, home.for_father, key="from-the-phone")
    assert other.value.code == "key.other_content"


def test_at_the_turn_of_the_year_it_comes_back_as_savings(home: Home) -> None:
    home.allot(331_045, home.for_father)
    bought = home.buy(home.father, "100.00")
    home.town.clock.set(datetime(2025, 1, 2, 3, 0, tzinfo=CHINA))
    report = turn_year(home.town.database, home.town.clock, "211200", 2024, caller=OFFICER)
    assert report.carried == 231_045, "what she kept of this year, and what of it came back from the pot"
    assert home.purse() == {"historical": 521_045}
    assert told(home.town, home.daughter)[-1] == "money.pot_year_end"
    home.give_back(bought)
    assert home.purse() == {"historical": 531_045}, "the old year's money is not the new year's allotment"


def test_where_it_stays_over_the_year_it_has_become_savings(allotting: Callable[..., Home]) -> None:
    home = allotting(year_end="stays")
    home.allot(331_045, home.for_father)
    bought = home.buy(home.father, "3100.00")
    home.town.clock.set(datetime(2025, 1, 2, 3, 0, tzinfo=CHINA))
    turn_year(home.town.database, home.town.clock, "211200", 2024, caller=OFFICER)
    assert home.purse() == {"historical": 200_000, "pot": 21_045}
    home.give_back(bought)
    assert home.given()[home.for_father] == 331_045
    home.take_back(331_045, home.for_father)
    assert home.purse() == {"historical": 531_045}


def test_what_was_allotted_in_the_new_year_outlives_a_late_turn(home: Home) -> None:
    home.town.clock.set(datetime(2025, 1, 2, 3, 0, tzinfo=CHINA))
    home.allot(60_000, home.for_father)
    home.town.clock.set(datetime(2025, 1, 20, 3, 0, tzinfo=CHINA))
    turn_year(home.town.database, home.town.clock, "211200", 2024, caller=OFFICER)
    assert home.given()[home.for_father] == 60_000


def test_the_first_allotment_of_a_year_lets_the_old_years_rest_go_back_first(home: Home) -> None:
    """¥600.00 of 2024, of which the father spent ¥450.00; on 2 January she gives him ¥100.00, before the region is turned on
    the 20th: ¥150.00 are hers again as savings at once, and only the ¥100.00 are his, on either day."""
    home.allot(60_000, home.for_father)
    home.buy(home.father, "450.00")
    home.town.clock.set(datetime(2025, 1, 2, 3, 0, tzinfo=CHINA))
    home.allot(10_000, home.for_father)
    assert home.given()[home.for_father] == 10_000
    assert home.purse() == {"historical": 531_045 - 45_000 - 10_000, "pot": 10_000}
    assert "money.pot_year_end" in told(home.town, home.daughter)
    home.town.clock.set(datetime(2025, 1, 20, 3, 0, tzinfo=CHINA))
    report = turn_year(home.town.database, home.town.clock, "211200", 2024, caller=OFFICER)
    assert report.already == 1
    assert home.given()[home.for_father] == 10_000
    home.allot(10_000, home.for_father)
    assert home.given()[home.for_father] == 20_000, "a second one of the year turns nothing"


def test_relatives_are_told_what_went_back_of_theirs_once(home: Home) -> None:
    """His ¥150.00 and her ¥400.00; nothing to whom nothing was given; a second run tells nobody again."""
    home.allot(60_000, home.for_father)
    home.allot(40_000, home.for_mother)
    home.buy(home.father, "450.00")
    home.town.clock.set(datetime(2025, 1, 2, 3, 0, tzinfo=CHINA))
    for _ in range(2):
        turn_year(home.town.database, home.town.clock, "211200", 2024, caller=OFFICER)
    with home.town.database.transaction() as connection:
        for person, amount in ((home.father, 15_000), (home.mother, 40_000)):
            ended = [one for one in messages_of(connection, person, 50) if "year_end" in one.kind]
            assert [(one.kind, one.facts["amount"], one.facts["year"]) for one in ended] == [
                ("family.pot_year_end.user", amount, 2024)
            ]
            assert ended[0].about == f"sharings/{ended[0].facts['authorisation']}"


def test_of_one_pot_every_relative_is_told(allotting: Callable[..., Home]) -> None:
    home = allotting(parts="one_pot")
    home.allot(60_000, None)
    home.town.clock.set(datetime(2025, 1, 2, 3, 0, tzinfo=CHINA))
    turn_year(home.town.database, home.town.clock, "211200", 2024, caller=OFFICER)
    for person in (home.father, home.mother):
        assert told(home.town, person)[-1] == "family.pot_year_end_all.user"


def test_moving_away_empties_the_pot(home: Home) -> None:
    home.allot(60_000, home.for_father)
    home.allot(40_000, home.for_mother)
    bought = home.buy(home.mother, "150.00")
    done = transfer_out(
        home.town.database, home.town.clock, home.daughter, "370800", caller=OFFICER, reference="form-1"
    )
    assert done.amount == 516_045
    assert home.purse() == {}
    home.give_back(bought)  # the account is closed: the ¥150.00 are owed to her
    assert home.purse() == {}


def test_after_the_death_of_the_sharer_the_heirs_get_the_pot_too(home: Home) -> None:
    home.allot(60_000, home.for_father)
    done = close_at_death(
        home.town.database, home.town.clock, home.daughter, home.town.clock.now().date(), [], caller=OFFICER
    )
    assert done.amount == 531_045
    assert home.purse() == {}


def test_a_region_without_allotment_asks_for_none(home: Home, town: Town) -> None:
    from gongji.rules.book import RuleBook

    town.rules = RuleBook.shipped()
    assert home.standing() is None
    with pytest.raises(Refused) as refused:
        home.allot(100, home.for_father)
    assert refused.value.code == "allotment.not_here"


def test_the_database_refuses_a_part_below_zero(home: Home) -> None:
    home.allot(60_000, home.for_father)
    with (
        home.town.database.engine.connect() as connection,
        pytest.raises(sa.exc.IntegrityError, match="pot_part_not_negative"),
    ):
        connection.execute(sa.text("UPDATE pot_part SET historical = historical - 60001"))


def test_a_frozen_account_allots_nothing_pays_nothing_and_gets_its_own_back(home: Home) -> None:
    home.allot(60_000, home.for_father)
    home.town.freeze(home.daughter)
    with pytest.raises(Refused) as refused:
        home.allot(100, home.for_father)
    assert refused.value.code == "authorisation.account_frozen"
    assert home.buy(home.father, "80.00").shared == 0
    home.take_back(60_000, home.for_father)
    assert home.purse() == {"current": 231_045, "historical": 300_000}
