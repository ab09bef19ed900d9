"""What a son and his mother are told of the money that he sends to her wallet."""

from __future__ import annotations

import pytest
from wallet_home import Home

from gongji.entrances.messaging.words import named_in, sentences
from gongji.entrances.wording import Language
from gongji.foundation.inbox import messages_of


def told(home: Home, person: int, language: Language = Language.CHINESE) -> list[str]:
    """A person's messages as they read them, oldest first."""
    town = home.town
    with town.database.transaction() as connection:
        found = messages_of(connection, person, 20)[::-1]
        said = sentences(found, named_in(connection, town.vault, found), language)
    assert all(one.about.startswith("wallet/transfers/") for one in found)
    return [said[one.id] for one in found]


@pytest.mark.parametrize(
    ("answer", "says"), [("accept", "收下了您转的 ¥500.00"), ("decline", "没有收您转的 ¥500.00，钱已经退回")]
)
def test_she_is_told_of_it_and_he_of_her_answer_once(home: Home, answer: str, says: str) -> None:
    sent = home.send(500_00, key="the-one-key")
    home.send(500_00, key="the-one-key")
    (asked,) = told(home, home.mother)
    assert asked.startswith("儿子 **")
    assert "给您的医保钱包转来 ¥500.00" in asked
    assert told(home, home.son) == []

    getattr(home, answer)(sent)
    getattr(home, answer)(sent)

    (heard,) = told(home, home.son)
    assert heard.startswith("父亲 **英"), "a parent, by the gender that the town entered"
    assert says in heard
    assert len(told(home, home.mother)) == 1
    assert "father **英" in told(home, home.son, Language.ENGLISH)[0]
