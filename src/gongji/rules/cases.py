"""Worked examples beside a pack (``*.cases.yaml``): a person's visits in order, with the numbers worked out by hand."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

from gongji.rules.node import Node, read_yaml
from gongji.rules.pack import read_benefit_key
from gongji.rules.problems import At, Problems, Unreadable
from gongji.rules.vocabulary import Attribute, CareKind, Late, OffSite, Scheme, Status, Tier

_SPECIAL: Final = (
    *("kind", "offsite", "attributes", "months_covered", "current_account", "days", "disease"),
    *("prescriber", "late", "missed_years", "repaid_years"),
)
_BILL: Final = ("total", "self_paid", "over_limit", "first_self_pay", "in_scope")


@dataclass(frozen=True, slots=True)
class ExampleVisit:
    """One visit of an example: who, where, when, the bill's parts and what is expected, all amounts in fen.

    `funds` is what each fund pays by its name (``fund.pool``), `patient` is the rest of the bill; `why` is the hand
    computation. `kind` is set where it is not the kind of care the file is about; what follows it is as in the
    circumstances of an assessment.
    """

    on: date
    status: Status
    tier: Tier
    age: int
    total: int
    self_paid: int
    over_limit: int
    first_self_pay: int
    in_scope: int
    deductible: int
    funds: Mapping[str, int]
    patient: int
    why: str
    at: At
    kind: CareKind | None = None
    offsite: OffSite = OffSite.LOCAL
    attributes: frozenset[Attribute] = frozenset()
    months_covered: int = 0
    current_account: int = 0
    days: int = 1
    disease: str = ""
    prescriber: Tier | None = None
    late: Late | None = None
    missed_years: int = 0
    repaid_years: int = 0


@dataclass(frozen=True, slots=True)
class Example:
    """One person's visits in order, under one benefit and one choice of readings."""

    name: str
    region: str
    scheme: Scheme
    kind: CareKind
    readings: dict[str, str]
    visits: tuple[ExampleVisit, ...]


def example_files(path: Path) -> list[Path]:
    """The worked examples under a folder, or the file itself."""
    return [path] if path.is_file() else sorted(path.rglob("*.cases.yaml"))


def load_examples(path: Path) -> tuple[Example, ...]:
    """Read one file of worked examples.

    Args:
        path: a ``*.cases.yaml`` file.

    Raises:
        PackError: listing everything that is wrong in it.
    """
    problems = Problems()
    examples: list[Example] = []
    with suppress(Unreadable):
        found = read_yaml(path, problems).fields(("region", "scheme", "cases"))
        scheme, kind = read_benefit_key(found["scheme"])
        for node in found["cases"].items():
            with suppress(Unreadable):
                examples.append(_read_example(node, found["region"].text(), scheme, kind))
    problems.raise_if_any()
    return tuple(examples)


def _read_example(node: Node, region: str, scheme: Scheme, kind: CareKind) -> Example:
    found = node.fields(("name", "visits"), ("readings",))
    readings = {name: child.text() for name, child in found["readings"].table().items()} if "readings" in found else {}
    visits = tuple(_read_visit(visit) for visit in found["visits"].items())
    return Example(found["name"].text(), region, scheme, kind, readings, visits)


def _read_visit(node: Node) -> ExampleVisit:
    found = node.fields(("on", "status", "tier", "age", "bill", "expect", "why"), _SPECIAL)
    bill = found["bill"].fields(("total", "in_scope"), ("self_paid", "over_limit", "first_self_pay"))
    expect = found["expect"].fields(("deductible", "fund_pool", "patient"), ("fund_large", "fund_civil", "fund_aid"))
    parts = {name: bill[name].yuan() if name in bill else 0 for name in _BILL}
    return ExampleVisit(
        on=found["on"].day(),
        status=found["status"].choice(Status),
        tier=found["tier"].choice(Tier),
        age=found["age"].whole(),
        **parts,
        deductible=expect["deductible"].yuan(),
        funds={name.replace("_", "."): amount.yuan() for name, amount in expect.items() if name.startswith("fund_")},
        patient=expect["patient"].yuan(),
        why=found["why"].text(),
        at=node.at,
        kind=found["kind"].choice(CareKind) if "kind" in found else None,
        offsite=found["offsite"].choice(OffSite) if "offsite" in found else OffSite.LOCAL,
        attributes=_read_attributes(found),
        months_covered=found["months_covered"].whole() if "months_covered" in found else 0,
        current_account=found["current_account"].yuan() if "current_account" in found else 0,
        days=found["days"].whole() if "days" in found else 1,
        disease=found["disease"].text() if "disease" in found else "",
        prescriber=found["prescriber"].choice(Tier) if "prescriber" in found else None,
        late=found["late"].choice(Late) if "late" in found else None,
        missed_years=found["missed_years"].whole() if "missed_years" in found else 0,
        repaid_years=found["repaid_years"].whole() if "repaid_years" in found else 0,
    )


def _read_attributes(found: Mapping[str, Node]) -> frozenset[Attribute]:
    return (
        frozenset(item.choice(Attribute) for item in found["attributes"].items())
        if "attributes" in found
        else frozenset()
    )
