"""The rule in OpenFisca-Core: as its users write rules, and as fast as whole arrays can be made to go in it."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from openfisca_core import periods
from openfisca_core.entities import build_entity
from openfisca_core.indexed_enums import Enum
from openfisca_core.periods import DateUnit
from openfisca_core.simulations import Simulation, SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

from bench.rules.people import MONTHS, TIERS, YEAR, People

Person: Final = build_entity(key="person", plural="persons", label="person", is_person=True)

#: People whose arrays stay in the processor's cache together.
_BLOCK: Final = 16_384


class Tier(Enum):
    """Tiers of institutions."""

    tier_1 = "一级"
    tier_2 = "二级"
    tier_3 = "三级"


class retired(Variable):  # type: ignore[misc]
    value_type = bool
    entity = Person
    definition_period = DateUnit.YEAR


class age(Variable):  # type: ignore[misc]
    value_type = int
    entity = Person
    definition_period = DateUnit.YEAR


class tier(Variable):  # type: ignore[misc]
    value_type = Enum
    possible_values = Tier
    default_value = Tier.tier_1
    entity = Person
    definition_period = DateUnit.MONTH


class in_scope(Variable):  # type: ignore[misc]
    value_type = int
    entity = Person
    definition_period = DateUnit.MONTH
    label = "in-scope cost of the visit"


def _before(person: Any, name: str, period: Any) -> Any:
    """A year's running sum as the month before left it."""
    return person(name, period.last_month) if period.start.month > 1 else person.filled_array(0)


class deductible(Variable):  # type: ignore[misc]
    value_type = int
    entity = Person
    definition_period = DateUnit.YEAR

    def formula(person: Any, period: Any, parameters: Any) -> Any:
        amounts = parameters(period).outpatient.deductible
        old = person("age", period) >= 70
        of_retired = np.where(old, amounts.retired_from_70, amounts.retired)
        return np.where(person("retired", period), of_retired, amounts.active)


class deductible_borne(Variable):  # type: ignore[misc]
    value_type = int
    entity = Person
    definition_period = DateUnit.MONTH

    def formula(person: Any, period: Any) -> Any:
        left = person("deductible", period.this_year) - _before(person, "deductible_borne_so_far", period)
        return np.minimum(person("in_scope", period), np.maximum(0, left))


class deductible_borne_so_far(Variable):  # type: ignore[misc]
    value_type = int
    entity = Person
    definition_period = DateUnit.MONTH

    def formula(person: Any, period: Any) -> Any:
        return _before(person, "deductible_borne_so_far", period) + person("deductible_borne", period)


class room_under_cap(Variable):  # type: ignore[misc]
    value_type = int
    entity = Person
    definition_period = DateUnit.MONTH

    def formula(person: Any, period: Any, parameters: Any) -> Any:
        return np.maximum(0, parameters(period).outpatient.cap - _before(person, "cost_so_far", period))


class cost_above_deductible(Variable):  # type: ignore[misc]
    value_type = int
    entity = Person
    definition_period = DateUnit.MONTH

    def formula(person: Any, period: Any) -> Any:
        borne = person("deductible_borne", period)
        room = np.maximum(0, person("room_under_cap", period) - borne)
        return np.minimum(person("in_scope", period) - borne, room)


class cost_so_far(Variable):  # type: ignore[misc]
    value_type = int
    entity = Person
    definition_period = DateUnit.MONTH

    def formula(person: Any, period: Any) -> Any:
        counted = person("cost_above_deductible", period) + person("deductible_borne", period)
        return _before(person, "cost_so_far", period) + np.minimum(counted, person("room_under_cap", period))


class cost_in_bands_so_far(Variable):  # type: ignore[misc]
    value_type = int
    entity = Person
    definition_period = DateUnit.MONTH

    def formula(person: Any, period: Any) -> Any:
        counted = person("cost_above_deductible", period) + person("deductible_borne", period)
        return _before(person, "cost_in_bands_so_far", period) + counted


class cost_in_band_1(Variable):  # type: ignore[misc]
    value_type = int
    entity = Person
    definition_period = DateUnit.MONTH

    def formula(person: Any, period: Any, parameters: Any) -> Any:
        position = _before(person, "cost_in_bands_so_far", period) + person("deductible_borne", period)
        room = np.maximum(0, parameters(period).outpatient.edge - position)
        return np.minimum(person("cost_above_deductible", period), room)


class paid(Variable):  # type: ignore[misc]
    value_type = int
    entity = Person
    definition_period = DateUnit.MONTH

    def formula(person: Any, period: Any, parameters: Any) -> Any:
        ratios = parameters(period).outpatient.ratios
        at = person("tier", period)
        low = person("cost_in_band_1", period).astype(np.int64)
        high = person("cost_above_deductible", period) - low
        # Ratios are whole numbers per ten thousand: a fen more or less is what floating point would cost.
        first = (low * ratios.band_1[at].astype(np.int64) + 5_000) // 10_000
        return first + (high * ratios.band_2[at].astype(np.int64) + 5_000) // 10_000


def _year(person: Any, period: Any, parameters: Any, block: int) -> Any:
    """The whole year at once, block by block of people, each month's payments put into the store of `paid`."""
    rule = parameters(period).outpatient
    edge, cap = int(rule.edge), int(rule.cap)
    first, second = (
        np.array([getattr(band, name) for name in TIERS], np.int64) for band in (rule.ratios.band_1, rule.ratios.band_2)
    )
    months = period.get_subperiods(DateUnit.MONTH)
    costs = [person("in_scope", month) for month in months]
    tiers = [np.asarray(person("tier", month)) for month in months]
    old, pensioner = person("age", period) >= 70, person("retired", period)
    amounts = rule.deductible
    threshold = np.where(pensioner, np.where(old, amounts.retired_from_70, amounts.retired), amounts.active)
    threshold = threshold.astype(np.int32)
    outs = [np.empty(person.count, np.int32) for _ in months]
    for start in range(0, person.count, block):
        part = slice(start, start + block)
        left = threshold[part].copy()
        counted = np.zeros(len(left), np.int32)
        banded = np.zeros(len(left), np.int32)
        for cost, at, out in zip(costs, tiers, outs, strict=True):
            borne = np.minimum(cost[part], left)
            left -= borne
            room = np.maximum(cap - counted, 0)
            base = np.minimum(cost[part] - borne, np.maximum(room - borne, 0))
            banded += borne
            low = np.minimum(base, np.maximum(edge - banded, 0))
            banded += base
            counted += np.minimum(base + borne, room)
            share = (low * first[at[part]] + 5_000) // 10_000
            out[part] = share + ((base - low) * second[at[part]] + 5_000) // 10_000
    holder = person.get_holder("paid")
    for month, out in zip(months, outs, strict=True):
        holder.put_in_cache(out, month)
    return sum(out.astype(np.int64) for out in outs)


class all_paid(Variable):  # type: ignore[misc]
    """The year over whole arrays."""

    value_type = int
    entity = Person
    definition_period = DateUnit.YEAR

    def formula(person: Any, period: Any, parameters: Any) -> Any:
        return _year(person, period, parameters, person.count)


class all_paid_in_blocks(Variable):  # type: ignore[misc]
    """The year over blocks of people that stay in the processor's cache."""

    value_type = int
    entity = Person
    definition_period = DateUnit.YEAR

    def formula(person: Any, period: Any, parameters: Any) -> Any:
        return _year(person, period, parameters, _BLOCK)


_VARIABLES: Final = (
    *(retired, age, tier, in_scope, deductible, deductible_borne, deductible_borne_so_far, room_under_cap),
    *(cost_above_deductible, cost_so_far, cost_in_bands_so_far, cost_in_band_1, paid, all_paid, all_paid_in_blocks),
)


def simulation(people: People, rule: dict[str, Any], folder: Path) -> Simulation:
    """People in a simulation, nothing worked out yet; the parameters are written to `folder` and read from there."""
    write_parameters(rule, folder)
    system = TaxBenefitSystem([Person])
    system.add_variables(*_VARIABLES)
    system.load_parameters(str(folder))
    made = SimulationBuilder().build_default_simulation(system, count=len(people.age))
    made.set_input("retired", str(YEAR), people.retired)
    made.set_input("age", str(YEAR), people.age.astype(np.int32))
    for month in range(MONTHS):
        period = f"{YEAR}-{month + 1:02d}"
        made.set_input("in_scope", period, np.ascontiguousarray(people.in_scope[:, month]))
        made.set_input("tier", period, Tier.encode(people.tier[:, month].astype(np.int64)))
    return made


def write_parameters(rule: dict[str, Any], folder: Path) -> None:
    """The rule's numbers as YAML files."""
    leaves = {
        "deductible/active": rule["deductible"][0],
        "deductible/retired": rule["deductible"][1],
        "deductible/retired_from_70": rule["deductible"][2],
        "edge": rule["edge"],
        "cap": rule["cap"],
    }
    for band, ratios in enumerate(rule["ratios"], 1):
        leaves |= {f"ratios/band_{band}/{name}": ratio for name, ratio in zip(TIERS, ratios, strict=True)}
    for path, number in leaves.items():
        file = folder / "outpatient" / f"{path}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"description: {path}\nvalues:\n  {YEAR}-01-01:\n    value: {number}\n", encoding="utf-8")


def natural(made: Simulation) -> NDArray[np.int32]:
    """Every month's payments, asked for month by month."""
    return np.stack([made.calculate("paid", f"{YEAR}-{month:02d}") for month in range(1, MONTHS + 1)], axis=1)


def fastest(made: Simulation) -> NDArray[np.int32]:
    """The same by one formula over whole arrays."""
    return _stored(made, "all_paid")


def blocks(made: Simulation) -> NDArray[np.int32]:
    """The same by one formula over blocks of people: what is left of OpenFisca is the store."""
    return _stored(made, "all_paid_in_blocks")


def _stored(made: Simulation, name: str) -> NDArray[np.int32]:
    made.calculate(name, str(YEAR))
    holder = made.get_holder("paid")
    months = (periods.period(f"{YEAR}-{month:02d}") for month in range(1, MONTHS + 1))
    return np.stack([holder.get_array(month) for month in months], axis=1)
