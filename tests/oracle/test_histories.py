"""Seeded histories of families, each played on the platform and predicted by a plain model; see `make oracle` for more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import pytest

from oracle.drawing import draw_story
from oracle.operations import Bind, Read, Reverse, Settle, Story
from oracle.played import raise_families
from oracle.regions import rule_book
from oracle.stage import Stage
from oracle.telling import Telling, tell, with_everything
from oracle.trial import shrunk, try_stories, try_story
from town import Town

#: So many are told by the model; of these the first are played, and those that are needed to have everything played.
#: `make oracle` plays 1,000.
TOLD, HISTORIES = 3_500, 50


@pytest.fixture
def stage(town: Town) -> Iterator[Stage]:
    """A town in which families are raised."""
    with Stage(town) as made:
        yield made


def test_histories_come_out_as_the_model_says(stage: Stage, tellings: list[Telling]) -> None:
    wrong = try_stories(stage, [told.story for told in with_everything(tellings, HISTORIES)])
    assert wrong is None, wrong


@pytest.fixture(scope="module")
def tellings() -> list[Telling]:
    """What the model says of many histories."""
    return [tell(draw_story(f"history {number}", rule_book()), rule_book()) for number in range(TOLD)]


@pytest.fixture(scope="module")
def counts(tellings: list[Telling]) -> Counter[str]:
    """How often each thing happens in all of them."""
    return sum((told.counts for told in tellings), Counter())


@pytest.mark.parametrize(
    ("what", "least"),
    [
        ("Settle paid out of a quota", 200),
        ("Settle paid out of a pot", 200),
        ("Settle of whoever's account is frozen", 40),
        ("Settle beside a sharer's or giver's frozen account", 40),
        ("Reverse to a quota in force", 100),
        ("Reverse to a quota that has ended", 8),
        ("Reverse to a frozen giver", 3),
        ("Reverse to a pot", 80),
        ("Reverse to a pot of a sharing that has ended", 5),
        ("Reverse to a pot over the year's end", 5),
        ("YearEnd over a pot that stays", 8),
        ("YearEnd over a pot that returns", 10),
        ("Allot all that there is", 20),
        ("Allot a fen too much", 10),
        ("Order out of a pot", 8),
        ("Allot done", 300),
        ("Allot back", 15),
        ("SetQuota proposed", 200),
        ("StepOfQuota active", 150),
        ("StepOfQuota ended", 50),
        ("StepOfQuota lowers one of two holds", 6),
        ("Freeze frozen", 200),
        ("StepOfFreeze frozen", 10),
        ("StepOfFreeze free", 25),
        ("File received", 1_000),
        ("Claim decided to be paid", 200),
        ("Claim decided anew on an appeal", 20),
        ("Claim decided beside settlements that count", 50),
        ("Claim taken back before it was paid", 10),
        ("Claim taken back after it was paid", 20),
        ("Claim: return", 80),
        ("Claim: mend", 40),
        ("Claim: refuse", 60),
        ("Claim: agree", 20),
        ("Claim: uphold", 20),
        ("Claim: paid", 150),
        ("Claim: bounced", 40),
        ("Claim: recovered", 15),
        ("Claim: withdraw", 80),
    ],
)
def test_what_came_later_happens_often(counts: Counter[str], what: str, least: int) -> None:
    """Quotas, allotment, freezes and claims, each in the ways in which the others meet it."""
    assert counts[what] >= least, counts


def test_the_drawn_histories_have_everything_in_them(tellings: list[Telling]) -> None:
    """Every kind of refusal that the model knows comes up, and the year turns under open counters."""
    assert {outcome for told in tellings for outcome in told.outcomes} >= {
        "key.other_content",
        "settlement.unknown",
        "settlement.reversed",
        "settlement.total",
        "settlement.nothing",
        "enrolment.other_scheme",
        "authorisation.no_personal_account",
        "authorisation.not_near_relative",
        "authorisation.limit_not_allowed",
        "authorisation.already_open",
        "authorisation.already_bound",
        "authorisation.sharer_is_user",
        "authorisation.user_is_sharer",
        "authorisation.not_yours",
        "authorisation.transition",
        "hold.unknown",
        "hold.ended",
        "hold.expired",
        "hold.expires_at",
        "hold.amount",
        "hold.too_much",
        "hold.not_enough",
        "credited",
        "already",
        "credit.month_ahead",
        "credit.nothing",
        "credit.zero",
        "credit.not_enrolled",
        "credit.other_status",
        "credit.amount_differs",
        "credit.other_amount",
        "credit.no_rule",
        "turned",
        "accepted",
        "declined",
        "returned",
        "wallet.area",
        "wallet.area_closed",
        "wallet.amount",
        "wallet.not_opened",
        "wallet.closed",
        "wallet.same_person",
        "wallet.not_a_relative",
        "wallet.receiver_not_opened",
        "wallet.pending",
        "wallet.too_much",
        "wallet.not_enough",
        "wallet.transfer_unknown",
        "wallet.accepted",
        "wallet.declined",
        "wallet.returned",
        "booking",
        "booked",
        "rejected",
        "sent_back",
        "premium.year",
        "premium.no_authorisation",
        "premium.employee",
        "premium.season",
        "premium.no_amount",
        "premium.booking",
        "premium.booking_by_other",
        "premium.paid",
        "premium.over",
        "premium.answered",
        "premium.not_booked",
        "wallet.quotas_instead",
        "quota.amount",
        "quota.not_begun",
        "quota.no_account",
        "quota.not_enough",
        "quota.standing",
        "quota.not_yours",
        "quota.unknown",
        "quota.ended",
        "quota.used",
        "allotment.not_here",
        "allotment.amount",
        "allotment.for_whom",
        "allotment.not_enough",
        "allotment.nothing_given",
        "allotment.only_at_end",
        "allotment.too_much_back",
        "freeze.reason",
        "freeze.until",
        "freeze.already",
        "freeze.not_agreed",
        "freeze.no_account",
        "freeze.ended",
        "freeze.lift_asked",
        "freeze.awaits_nobody",
        "freeze.same_officer",
        "hold.account_frozen",
        "hold.withheld",
        "authorisation.account_frozen",
        "claim.lines",
        "claim.not_insured",
        "claim.invoice_claimed",
        "claim.unknown",
        "claim.not_open",
        "claim.other_task",
        "claim.incomplete",
        "claim.not_waiting",
        "claim.not_in_charge",
        "claim.taken",
        "claim.same_officer",
        "claim.line",
        "claim.worse",
        "claim.appealed",
        "claim.appeal_late",
        "claim.reference_used",
    }
    assert {"2025", "2026"} <= {period for told in tellings for period in told.periods}


def test_a_wrong_oracle_is_caught_and_its_story_is_short(stage: Stage) -> None:
    """The model is told that the mother's purchases cost a fen more than they do: the story shrinks to one purchase."""
    story = Story(
        "by hand",
        "211200",
        ((0, 0), None, (300_00, 0), (0, 0), (0, 0)),
        (
            Read(0, 1, "balances", 2),
            Bind(1, 2, 2, 1),
            Settle(2, 3, 2, "pharmacy", (("C-A", 1, 10_00),), "1"),
            Settle(3, 4, 1, "pharmacy", (("C-A", 1, 20_00),), "1"),
            Reverse(4, 5, 2),
        ),
    )
    (played,) = raise_families(stage, [story])
    assert try_story(played) is None

    def shares(candidate: Story) -> bool:
        """Whether the son's account is touched by the mother's purchase."""
        (family,) = raise_families(stage, [candidate])
        return try_story(family) is None and family.elsewhere.balances()[2, "current"] == 280_00

    assert not shares(replace(story, operations=story.operations[:2]))
    assert [one.n for one in shrunk(story, shares).operations] == [1, 3]
