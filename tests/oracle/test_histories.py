"""Seeded histories of families, each played on the platform and predicted by a plain model; see `make oracle` for more."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from gongji.rules.book import RuleBook
from oracle.drawing import draw_story
from oracle.model import Oracle
from oracle.operations import Bind, Read, Reverse, Settle, Story
from oracle.played import raise_families
from oracle.stage import Stage
from oracle.trial import shrunk, try_stories, try_story
from town import Town

#: `make oracle` plays 1,000; these are some of them. So many more are only told by the model.
HISTORIES, TOLD = 100, 1_000


@pytest.fixture
def stage(town: Town) -> Iterator[Stage]:
    """A town in which families are raised."""
    with Stage(town) as made:
        yield made


def test_histories_come_out_as_the_model_says(stage: Stage) -> None:
    wrong = try_stories(stage, [draw_story(f"history {number}", stage.rules) for number in range(HISTORIES)])
    assert wrong is None, wrong


def test_the_drawn_histories_have_everything_in_them() -> None:
    """Every kind of refusal that the model knows comes up, and the year turns under open counters."""
    rules = RuleBook.shipped()
    outcomes: set[str] = set()
    periods: set[str] = set()
    for number in range(TOLD):
        story = draw_story(f"history {number}", rules)
        oracle = Oracle(story, rules)
        said = [oracle.predict(one) for one in story.operations]
        outcomes |= {_kind(one) for one in said if isinstance(one, str)}
        periods |= {period for _, _, period in oracle.till.counters}
    assert outcomes >= {
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
    }
    assert {"2025", "2026"} <= periods


def _kind(outcome: str) -> str:
    """A refusal's code or a state; of what was credited or turned only that it was."""
    if outcome.endswith("carried"):
        return "nothing turned" if outcome.endswith(" 0 carried") else "turned"
    return outcome.split()[0]


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
