"""The calculator's form: reads an address's query as a question, and says in words, field by field, what it cannot read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Final, TypeVar

from starlette.datastructures import QueryParams

from gongji.entrances.open_rules.atlas import Atlas
from gongji.entrances.open_rules.question import Accounts, Question, bill_of, so_far
from gongji.entrances.web.pages import Reader
from gongji.foundation.errors import GongjiError, InvalidInput
from gongji.foundation.money import parse_yuan
from gongji.rules.model import Attribute, CareKind, OffSite, Scheme, Status, Tier
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
    *("use", "days", "months_covered", "disease"),
)

_DETAILS: Final = ("self_paid", "over_limit", "first_self_pay", "borne", "paid", "saved", "months_covered", "disease")

#: At which field of the form a refusal is told, by the field that it names.
_AT: Final = {
    "region": "region",
    "status": "status",
    "age": "age",
    "months_covered": "months_covered",
    "disease": "disease",
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
        errors: a sentence by field, in the order of the page.
        sent: whether anything was asked at all.
    """

    reader: Reader
    values: dict[str, str]
    attributes: frozenset[Attribute]
    readings: Mapping[str, str]
    sent: bool
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, query: QueryParams, today: date, reader: Reader) -> Form:
        """The form as an address's query fills it; with an empty query the commonest answers stand there."""
        usual = {"on": today.isoformat(), "status": Status.RETIRED, "kind": CareKind.OUTPATIENT, "tier": Tier.TIER_3}
        usual |= {"offsite": OffSite.LOCAL, "use": AccountUse.SHARERS, "days": "1"}
        values = {name: query.get(name, "").strip()[:_LONGEST] or usual.get(name, "") for name in FIELDS}
        ticked = frozenset(Attribute(word) for word in query.getlist("with") if word in tuple(Attribute))
        readings = {name.removeprefix(READING): value for name, value in query.items() if name.startswith(READING)}
        return cls(reader, values, ticked, readings, "total" in query)

    @property
    def detailed(self) -> bool:
        """Whether anything stands among the details, or is wrong there: then they are shown open."""
        usual = self.values["offsite"] == OffSite.LOCAL and self.values["days"] == "1" and not self.attributes
        return not usual or any(self.values[name] or name in self.errors for name in _DETAILS)

    def question(self, atlas: Atlas) -> Question | None:
        """The question; None when something cannot be read, then `errors` says what."""
        self._check_region(atlas)
        on = self._day()
        status, kind, tier = self._word("status", Status), self._word("kind", CareKind), self._word("tier", Tier)
        offsite, use = self._word("offsite", OffSite), self._word("use", AccountUse)
        age, days = self._whole("age", 0, 150), self._whole("days", 1, 3660)
        months = self._whole("months_covered", 0, 1200)
        total = self._total()
        amounts = {name: self._amount(name) for name in _AMOUNTS}
        if status is Status.RESIDENT:
            for name in ("own", "saved"):
                if amounts[name]:
                    self._wrong(name, self.reader.text("rules.error.resident"))
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
        rule = atlas.book.benefit(self.values["region"], scheme, kind, on)
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
            counters=so_far(rule, tier, disease, amounts["borne"], amounts["paid"]) if rule else {},
            own=None if status is Status.RESIDENT else Accounts(amounts["own"], amounts["saved"]),
            sharers=(Accounts(historical=amounts["relative"]),) if self.values["relative"] else (),
            use=use,
            readings=self.readings,
        )

    def refuse(self, problem: GongjiError) -> None:
        """Tell a refusal at the field it is about."""
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

    def _day(self) -> date | None:
        found = read_day(self.values["on"])
        if found is None:
            self._wrong("on", self.reader.text("rules.error.day"))
        return found

    def _word(self, name: str, words: type[Word]) -> Word | None:
        if self.values[name] in tuple(words):
            return words(self.values[name])
        self._wrong(name, self.reader.text("rules.error.choice"))
        return None

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

    def _amount(self, name: str) -> int:
        text = re.sub("[,，¥￥元 ]", "", self.values[name])
        if not self.values[name]:
            return 0
        try:
            return parse_yuan(text, name)
        except InvalidInput:
            self._wrong(name, self.reader.text("rules.error.amount"))
            return 0


def read_day(text: str) -> date | None:
    """A date as browsers send it; None when it is none that the rules could know."""
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
