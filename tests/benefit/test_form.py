"""What is known of rules before any visit: it holds for every visit, and the kernel compiled for it pays the same."""

from __future__ import annotations

from random import Random

import pytest
from test_engine import PEOPLE, file_of, rules

pytest.importorskip("numba")
np = pytest.importorskip("numpy")

from pack_years import PackBenefit, claims_of, pack_benefits, random_years  # noqa: E402

from gongji.benefit.engine import Claims, Engine  # noqa: E402
from gongji.benefit.form import work_out  # noqa: E402
from gongji.benefit.kernel import PARTS_SIZE, assess_row, settle_visit  # noqa: E402
from gongji.benefit.population import POOL_ROWS, cell_of  # noqa: E402
from gongji.benefit.terms import T_DEDUCTIBLE, T_LAYERS, VARIES  # noqa: E402
from gongji.rules import layout  # noqa: E402
from gongji.rules.cells import number_cells  # noqa: E402
from gongji.rules.table import compile_table  # noqa: E402

everywhere = pytest.mark.parametrize("benefit", pack_benefits(), ids=lambda benefit: benefit.key.replace(" ", "-"))

#: So many people of each benefit have their year settled on what is known.
KNOWN = 10

#: What the funds pay.
FUNDS = tuple(range(layout.PAID, layout.RESULT_SIZE))


@everywhere
def test_what_is_known_of_a_benefit_changes_no_fen(benefit: PackBenefit) -> None:
    """Every visit on the terms and the form that were worked out before it, and on those that are worked out for it."""
    cells = number_cells([[row] for row in benefit.table.rows], benefit.table.diseases)
    known = work_out(benefit.table.rows, cells, FUNDS)
    years = random_years(benefit, KNOWN)
    claims = claims_of(benefit, years)
    visits, paid = claims.visits.tolist(), 0
    states = [[[0] * benefit.table.width for _ in range(years.people)] for _ in range(2)]
    for place in range(len(claims)):
        rule, who = int(claims.rule[place]), int(claims.person[place])
        money = [int(claims.in_scope[place]), int(claims.account[place])]
        visit = [column[place] for column in visits]
        expected, found = [0] * layout.RESULT_SIZE, [0] * layout.RESULT_SIZE
        assess_row(benefit.table.rows[rule], [*visit, *money], states[0][who], expected)
        terms = known.terms[cell_of(cells.steps[rule], visits, place)]
        month, days = visit[layout.MONTH], visit[layout.DAYS]
        settle_visit(known.form, terms, month, days, *money, states[1][who], [0] * PARTS_SIZE, found)
        assert found == expected
        paid += sum(found[layout.PAID :])
    assert states[0] == states[1]
    assert paid > 0


def test_rules_that_differ_in_numbers_alone_share_machine_code() -> None:
    """As many forms as the shipped packs' rules have, and not as many as there are rules."""
    given = [rule for benefit in pack_benefits() for rule in benefit.rules]
    forms = set()
    for rule in given:
        table = compile_table([rule])
        cells = number_cells([[row] for row in table.rows], table.diseases)
        assert cells.count <= POOL_ROWS, rule.region
        forms.add(work_out(table.rows, cells, FUNDS).form)
    assert len(given) > 50
    assert len(forms) <= 2 * len(given) // 3


def settled(made: Engine, claims: Claims) -> tuple[object, object]:
    """What the funds pay, and the counters at the end, on two threads."""
    state = made.state(claims.people)
    out = made.settle(claims, state, desks=[made.desk(), made.desk()])
    return out[layout.PAID :].tolist(), state.tolist()


def test_the_kernel_compiled_for_one_rule_pays_what_the_general_one_pays() -> None:
    """Tianjin's outpatients: everything of the form is known."""
    benefit = next(one for one in pack_benefits() if one.key == "120000 employee outpatient")
    claims = claims_of(benefit, random_years(benefit, 300))
    made = Engine(benefit.rules, results=FUNDS)
    assert settled(made, claims) == settled(Engine(benefit.rules), claims)
    assert made.form[T_DEDUCTIBLE] == layout.CUMULATIVE
    assert made.form[T_LAYERS] == 1


def test_the_kernel_compiled_for_rules_of_several_forms_pays_what_the_general_one_pays() -> None:
    """Six rules of any form: what they do not agree on is looked at from visit to visit."""
    given = rules(21)
    made = Engine(given, results=FUNDS)
    claims, _ = file_of(given, made, Random(4))
    assert claims.people == PEOPLE
    assert settled(made, claims) == settled(Engine(given), claims)
    assert made.form[T_DEDUCTIBLE] == VARIES
