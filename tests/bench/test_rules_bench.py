"""The benchmark of the rules over few people: every engine pays the same to the fen; no time is looked at."""

from __future__ import annotations

import pytest

pytest.importorskip("numba")
numpy = pytest.importorskip("numpy")

from bench.rules import engines, people, plain  # noqa: E402

PEOPLE = 400


def expected() -> object:
    """What a plain loop over the rule pays."""
    return plain.settle(people.draw(PEOPLE), people.numbers(people.rule()))


def test_the_kernel_and_its_lanes_pay_what_a_plain_loop_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "_SPEND", 0.0)
    for name in ("kernel_1", "kernel_2", "scenarios_32"):
        _, paid = engines.ENGINES[name](PEOPLE)
        assert numpy.array_equal(paid, expected()), name
    assert paid.sum() > 10_000_00


@pytest.mark.parametrize("how", ["natural", "fastest", "blocks"])
def test_openfisca_pays_the_same(how: str) -> None:
    pytest.importorskip("openfisca_core")
    _, paid = engines.openfisca(PEOPLE, how)
    assert numpy.array_equal(paid, expected())
