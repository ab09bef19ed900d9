"""The calculator's form: reads an address's query as a question, and says in words, field by field, what it cannot read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from itertools import product
from typing import Final, TypeVar
from urllib.parse import urlencode

from starlette.datastructures import QueryParams

from gongji.benefit.model import Bill
from gongji.entrances.open_rules.atlas import Atlas
from gongji.entrances.open_rules.question import Accounts, Question, bill_of, readings_of, so_far
from gongji.entrances.open_rules.year import Earlier
from gongji.entrances.web.pages import Reader
from gongji.foundation.errors import GongjiError, InvalidInput
from gongji.foundation.money import parse_yuan
from gongji.rules.model import Attribute, CareKind, OffSite, Scheme, Status, Tier
from gongji.rules.vocabulary import Late
from gongji.settlement.model import AccountUse

Word = TypeVar("Word", bound=StrEnum)

#: Parameters that choose a reading: ``r.mixed_tiers=one_counter``.
READING: Final = "r."

#: Most characters of a field that are read; the rest of what somebody pastes is of no use.
_LONGEST: Final = 80

_AMOUNTS: Final = ("self_paid", "over_limit", "first_self_pay", "borne", "paid", "own", "saved", "relative")
#: Every field but the ticked ones and the readings.
FIELDS: Final = (
    *("region", "on", "status", "age", "kind", "tier", "offsite", "total", *_AMOUNTS),
    *("use", "days", "months_covered", "disease", "admissions"),
    *("prescriber", "late", "missed_years", "repaid_years"),
)

_DETAILS: Final = (
    "self_paid",
    "over_limit",
    "first_self_pay",
    "borne",
    "paid",
    "saved",
    "months_covered",
    "disease",
    *("admissions", "prescriber", "late", "missed_years", "repaid_years"),
)

#: An earlier visit of the year is a row of fields: ``before1_on``, ``before1_kind`` …; without a total it is no visit.
ROWS: Final = 6
ROW: Final = ("on", "kind", "tier", "total")
#: The parameter of the button that asks for one more row, not for an answer.
ADD: Final = "add"

#: The commonest answers, which stand in an empty form; the day is today.
_USUAL: Final[dict[str, str]] = {
    "status": Status.RETIRED,
    "kind": CareKind.OUTPATIENT,
    "tier": Tier.TIER_3,
    "offsite": OffSite.LOCAL,
    "use": AccountUse.SHARERS,
    "days": "1",
}

#: At which field of the form a refusal is told, by the field that it names.
_AT: Final = {
    "region": "region",
    "status": "status",
    "age": "age",
    "months_covered": "months_covered",
    "disease": "disease",
    "earlier": "before1_on",
    "bill": "total",
    "total": "total",
}


@dataclass
class Form:
    """What was filled in, as typed, and what is wrong with it.

    Attributes:
        values: the text of every field; "" where empty.
        attributes: the attributes ticked.
        readings: the readings chosen.
        rows: the numbers of the rows for earlier visits that are shown.
        sent: whether anything was asked at all.
        errors: a sentence by field, in the order of the page.
    """

    reader: Reader
    values: dict[str, str]
    attributes: frozenset[Attribute]
    readings: Mapping[str, str]
    rows: tuple[int, ...]
    sent: bool
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, query: QueryParams, today: date, reader: Reader) -> Form:
        """The form as an address's query fills it; with an empty query the commonest answers stand there."""
        usual = _USUAL | {"on": today.isoformat()}
        values = {name: query.get(name, "").strip()[:_LONGEST] or usual.get(name, "") for name in FIELDS}
        for row, name in product(range(1, ROWS + 1), ROW):
            values[field_of(row, name)] = query.get(field_of(row, name), "").strip()[:_LONGEST]
        last = max((row for row in range(1, ROWS + 1) if values[field_of(row, "total")]), default=0)
        last = min(ROWS, last + (ADD in query))
        for row in range(1, last + 1):
            for name in ("kind", "tier"):
                values[field_of(row, name)] = values[field_of(row, name)] or values[name]
        ticked = frozenset(Attribute(word) for word in query.getlist("with") if word in tuple(Attribute))
        readings = {name.removeprefix(READING): value for name, value in query.items() if name.startswith(READING)}
        return cls(reader, values, ticked, readings, tuple(range(1, last + 1)), "total" in query and ADD not in query)

    @property
    def detailed(self) -> bool:
        """Whether anything stands among the details, or is wrong there: then they are shown open."""
        usual = self.values["offsite"] == OffSite.LOCAL and self.values["days"] == "1" and not self.attributes
        return not usual or any(self.values[name] or name in self.errors for name in _DETAILS)

    def under(self, name: str, option: str) -> Form:
        """The same under another reading of what a text leaves open."""
        return replace(self, readings={**self.readings, name: option}, errors={})

    @property
    def full(self) -> bool:
        """Whether there is no room for another earlier visit."""
        return len(self.rows) == ROWS

    @property
    def address(self) -> str:
        """The shortest address that asks the same: what stands as usual, or empty, is left out."""
        kept = [
            (name, self.values[name]) for name in FIELDS if self.values[name] and self.values[name] != _USUAL.get(name)
        ]
        kept += [("with", one) for one in sorted(self.attributes)]
        for row in self.rows:
            if self.values[field_of(row, "total")]:
                names = (field_of(row, name) for name in ROW)
                kept += [(name, self.values[name]) for name in names if self.values[name]]
        kept += [(f"{READING}{name}", option) for name, option in self.readings.items()]
        return f"/rules/calculator?{urlencode(kept)}"

    def earlier(self) -> tuple[Earlier, ...]:
        """The earlier visits that were filled in, none of whose cost was outside the scope; `errors` says what is wrong."""
        found = []
        for row in self.rows:
            if not self.values[field_of(row, "total")]:
                continue
            amount, kind = self._amount(field_of(row, "total")), self._word(field_of(row, "kind"), CareKind)
            tier = self._word(field_of(row, "tier"), Tier)
            on = self._day(field_of(row, "on") if self.values[field_of(row, "on")] else "on")
            if on is not None and kind is not None and tier is not None:
                found.append(Earlier(on, kind, tier, Bill(amount, 0, 0, 0, amount), disease=self.values["disease"]))
        return tuple(found)

    def question(self, atlas: Atlas) -> Question | None:
        """The question; None when something cannot be read, then `errors` says what."""
        self._check_region(atlas)
        on = self._day()
        status, kind, tier = self._word("status", Status), self._word("kind", CareKind), self._word("tier", Tier)
        offsite, use = self._word("offsite", OffSite), self._word("use", AccountUse)
        age, days = self._whole("age", 0, 150), self._whole("days", 1, 3660)
        times = self._whole("admissions", 0, 99) or 0
        prescriber, late = self._word_or_none("prescriber", Tier), self._word_or_none("late", Late)
        missed, repaid = self._whole("missed_years", 0, 60) or 0, self._whole("repaid_years", 0, 60) or 0
        months = self._whole("months_covered", 0, 1200)
        total = self._total()
        amounts = self._amounts(status)
        if (
            self.errors
            or on is None
            or status is None
            or kind is None
            or tier is None
            or offsite is None
            or use is None
        ):
            return None
        try:
            bill = bill_of(total, amounts["self_paid"], amounts["over_limit"], amounts["first_self_pay"], None)
        except InvalidInput:
            self._wrong("total", self.reader.text("rules.error.parts"))
            return None
        scheme = Scheme.RESIDENT if status is Status.RESIDENT else Scheme.EMPLOYEE
        known = readings_of(atlas, self.values["region"], scheme, kind)
        taken = {name: one for name, one in self.readings.items() if name in known and one in known[name].options}
        rule = atlas.book.benefit(self.values["region"], scheme, kind, on, taken)
        disease = self.values["disease"]
        return Question(
            region=self.values["region"],
            scheme=scheme,
            kind=kind,
            on=on,
            status=status,
            tier=tier,
            bill=bill,
            age=age,
            months_covered=months,
            offsite=offsite,
            attributes=self.attributes,
            days=days or 1,
            disease=disease,
            prescriber=prescriber,
            late=late,
            missed_years=missed,
            repaid_years=repaid,
            counters=so_far(rule, tier, disease, amounts["borne"], amounts["paid"], times) if rule else {},
            own=None if status is Status.RESIDENT else Accounts(amounts["own"], amounts["saved"]),
            sharers=(Accounts(historical=amounts["relative"]),) if self.values["relative"] else (),
            use=use,
            readings=self.readings,
        )

    def refuse(self, problem: GongjiError) -> None:
        """Tell a refusal at the field it is about."""
        if problem.code == "disease.unknown":
            self._wrong("disease", self.reader.text("rules.error.disease", known=problem.accepted or "–"))
            return
        if problem.code == "reading.unknown":
            self._wrong("region", self.reader.text("rules.error.reading"))
            return
        self._wrong(_AT.get(problem.field or "", "region"), self.reader.sentence(problem))

    def _wrong(self, name: str, sentence: str) -> None:
        self.errors.setdefault(name, sentence)

    def _check_region(self, atlas: Atlas) -> None:
        try:
            atlas.nearest(self.values["region"])
        except GongjiError:
            self._wrong("region", self.reader.text("rules.error.region"))

    def _day(self, name: str = "on") -> date | None:
        found = read_day(self.values[name])
        if found is None:
            self._wrong(name, self.reader.text("rules.error.day"))
        return found

    def _word(self, name: str, words: type[Word]) -> Word | None:
        if self.values[name] in tuple(words):
            return words(self.values[name])
        self._wrong(name, self.reader.text("rules.error.choice"))
        return None

    def _word_or_none(self, name: str, words: type[Word]) -> Word | None:
        return self._word(name, words) if self.values[name] else None

    def _whole(self, name: str, least: int, most: int) -> int | None:
        text = self.values[name]
        if not text:
            return None
        if re.fullmatch(r"\d{1,4}", text, re.ASCII) and least <= int(text) <= most:
            return int(text)
        self._wrong(name, self.reader.text("rules.error.whole", least=least, most=most))
        return None

    def _total(self) -> int:
        if not self.values["total"]:
            self._wrong("total", self.reader.text("rules.error.total"))
        return self._amount("total")

    def _amounts(self, status: Status | None) -> dict[str, int]:
        """The amounts that may be left out, fen; a resident has no account to name any of."""
        amounts = {name: self._amount(name) for name in _AMOUNTS}
        if status is Status.RESIDENT:
            for name in ("own", "saved"):
                if amounts[name]:
                    self._wrong(name, self.reader.text("rules.error.resident"))
        return amounts

    def _amount(self, name: str) -> int:
        text = re.sub("[,，¥￥元 ]", "", self.values[name])
        if not self.values[name]:
            return 0
        try:
            return parse_yuan(text, name)
        except InvalidInput:
            self._wrong(name, self.reader.text("rules.error.amount"))
            return 0


def field_of(row: int, name: str) -> str:
    """The name of a field of the row of an earlier visit."""
    return f"before{row}_{name}"


def read_day(text: str) -> date | None:
    """A date as browsers send it; None when it is none that the rules could know."""
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
