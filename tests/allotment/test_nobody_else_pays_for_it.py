"""Where no region involved asks for allotment, the desk asks the database nothing about pots."""

from __future__ import annotations

from typing import Any

import pytest
from allotting_home import a_home

from gongji.settlement import pot_store
from town import Town


def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is asked about pots from now on."""
    found: list[str] = []

    def noted(name: str) -> Any:
        original = getattr(pot_store, name)

        def ask(*given: Any) -> Any:
            found.append(name)
            return original(*given)

        return ask

    for name in ("load_parts", "load_drawn"):
        monkeypatch.setattr(pot_store, name, noted(name))
    return found


def test_a_shared_purchase_and_its_refund_elsewhere_ask_for_no_pot(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    home, found = a_home(town), asked(monkeypatch)
    bought = home.buy(home.father, "80.00")
    assert bought.shared == 8_000
    home.give_back(bought)
    assert found == []


def test_where_it_is_asked_for_one_statement_is_enough_to_spend(home: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    home.allot(60_000, home.for_father)
    found = asked(monkeypatch)
    assert home.buy(home.father, "80.00").shared == 8_000
    assert found == ["load_parts"]
