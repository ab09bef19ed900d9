"""The rule book: all packs loaded, checked and compiled, ready to be asked for the rule of a region on a day."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeAlias

from gongji.rules import wallet_rules
from gongji.rules.accrual import AccrualRule
from gongji.rules.answering import nearest_to, pooling_of
from gongji.rules.checks import check_pack
from gongji.rules.compile import (
    Span,
    accrual_timeline,
    benefit_timeline,
    emergency_timeline,
    pharmacy_timeline,
    rule_at,
    sharing_timeline,
    value_on,
    value_timeline,
)
from gongji.rules.lineage import Lineage, check_documents, trace
from gongji.rules.model import BenefitRule, SharingRule
from gongji.rules.pack import SCHEME_WORDS, BenefitKey, Pack, read_packs
from gongji.rules.pack_files import SHIPPED, pack_files, shipped_ids
from gongji.rules.problems import Problems
from gongji.rules.sources import Conflict, DatedAmount, Gap, Interpretation
from gongji.rules.vocabulary import CareKind, Contributor, Scheme
from gongji.rules.wallet import QuotaRule, WalletRule

#: How many hex digits of a digest are enough for a reader to tell packs apart.
SHORT_DIGEST: Final = 12

#: What an outpatient rule may pay too, and how.
_FOLLOWING: Final = {CareKind.PHARMACY: pharmacy_timeline, CareKind.EMERGENCY: emergency_timeline}

_DEFAULTS: Final[Mapping[str, str]] = MappingProxyType({})

_Readings: TypeAlias = tuple[tuple[str, str], ...]


class RuleBook:
    """All packs, compiled. Never changes once made; may be shared by threads."""

    def __init__(self, lineages: Iterable[Lineage], problems: Problems) -> None:
        """Compile packs; use `load`, `shipped` or `of_files` to get them from files."""
        self._by_region: dict[str, Lineage] = {}
        self._benefits: dict[tuple[str, Scheme, CareKind, _Readings], tuple[Span[BenefitRule], ...]] = {}
        self._sharing: dict[tuple[str, _Readings], tuple[Span[SharingRule], ...]] = {}
        self._accrual: dict[tuple[str, Contributor], tuple[Span[AccrualRule], ...]] = {}
        self._gaps: dict[str, tuple[Gap, ...]] = {}
        for lineage in lineages:
            self._take(lineage, problems)

    def _take(self, lineage: Lineage, problems: Problems) -> None:
        """Compile one region's rules under the default readings."""
        region = lineage.own.region
        self._by_region[region] = lineage
        self._gaps[region] = lineage.gaps()
        self._sharing[(region, ())] = sharing_timeline(lineage, {})
        for key in lineage.own.benefits:
            self._compile(lineage, key, {}, problems)

    def with_lineages(self, changed: Iterable[Lineage], problems: Problems) -> RuleBook:
        """Another book with some regions' packs in place of this one's, the others as they are compiled here.

        Args:
            changed: each of a region that this book has.
            problems: collects spans for which a value is missing.
        """
        lineages = list(changed)
        regions = {lineage.own.region for lineage in lineages}
        made = RuleBook((), problems)
        made._by_region = dict(self._by_region)
        # Copied before they are looked through: another thread may ask for a reading meanwhile.
        made._benefits = {key: spans for key, spans in dict(self._benefits).items() if key[0] not in regions}
        made._sharing = {key: spans for key, spans in dict(self._sharing).items() if key[0] not in regions}
        made._accrual = {key: spans for key, spans in dict(self._accrual).items() if key[0] not in regions}
        made._gaps = dict(self._gaps)
        for lineage in lineages:
            made._take(lineage, problems)
        return made

    @classmethod
    def of_files(cls, files: Iterable[Path]) -> RuleBook:
        """Read, check and compile pack files, and nothing else.

        Raises:
            PackError: listing every problem of every file.
        """
        problems = Problems()
        lineages = trace(read_packs(files, problems), problems)
        claimed: dict[str, Pack] = {}
        for lineage in lineages.values():
            pack = lineage.own
            other = claimed.setdefault(pack.region, pack)
            if other is not pack:
                problems.report(
                    "pack.duplicate_key",
                    pack.at,
                    f"region {pack.region} is also claimed by {other.id}",
                    f"统筹区 {pack.region} 与规则包 {other.id} 重复",
                )
            check_documents(lineage, problems)
            check_pack(lineage, problems)
        problems.raise_if_any()
        book = cls(lineages.values(), problems)
        problems.raise_if_any()
        return book

    @classmethod
    def load(cls, paths: Iterable[Path]) -> RuleBook:
        """The shipped packs and the user's own; a user's pack replaces the shipped one with the same id.

        Args:
            paths: pack folders or files.

        Raises:
            NotFound: ``pack.not_found``.
            PackError: listing every problem of every file.
        """
        # A file that is named twice, by itself and by its folder, is one file.
        own = {file.resolve(): file for path in paths for file in pack_files(Path(path))}.values()
        # Only to learn the ids: what is wrong in these files is reported when the book is made.
        replaced = set(read_packs(own, Problems()))
        kept = [file for file, ids in shipped_ids().items() if not replaced & ids]
        return cls.of_files([*kept, *own])

    @staticmethod
    @cache
    def shipped() -> RuleBook:
        """The packs that come with Gongji, loaded once a process."""
        return RuleBook.of_files(pack_files(SHIPPED))

    def as_held_on(self, day: date) -> RuleBook:
        """The book as it stood on a day: without what was published only later.

        "What did we hold on 1 March for a visit of 10 January" is ``book.as_held_on(march_1).benefit(…, january_10)``.
        A value without a date of publication counts as known from the day it takes effect. Digests differ from the
        full book's and depend on the day.
        """
        return RuleBook((lineage.as_held_on(day) for lineage in self._by_region.values()), Problems())

    def benefit(
        self,
        region: str,
        scheme: Scheme,
        kind: CareKind,
        on: date,
        readings: Mapping[str, str] = _DEFAULTS,
    ) -> BenefitRule | None:
        """What the funds pay in a region on a day.

        Args:
            region: 6-digit code of the pooling region or of a county in it.
            scheme: the patient's insurance scheme.
            kind: kind of care.
            on: day of the visit.
            readings: readings to take in place of the defaults, by the interpretation's name.

        Returns:
            The rule, or None where no pack sets one for that day.

        Raises:
            InvalidInput: ``region.invalid``; ``reading.unknown``.
        """
        return rule_at(self.timeline(region, scheme, kind, readings), on)

    def timeline(
        self, region: str, scheme: Scheme, kind: CareKind, readings: Mapping[str, str] = _DEFAULTS
    ) -> tuple[Span[BenefitRule], ...]:
        """Every rule of a benefit with the days on which it holds, in order; empty where no pack sets any.

        Args:
            region, scheme, kind, readings: as in `benefit`.

        Raises:
            InvalidInput: ``region.invalid``; ``reading.unknown``.
        """
        pooling = self._pooling(region)
        key = (pooling, scheme, kind, tuple(sorted(readings.items())) if readings else ())
        spans = self._benefits.get(key)
        if spans is None:
            if (pooling, scheme, kind, ()) not in self._benefits:
                return ()
            # A reading was asked for that nobody took before; `benefit_timeline` refuses one that does not exist,
            # so this store stays as small as the packs' own options.
            lineage = self._by_region[pooling]
            source = kind if (scheme, kind) in lineage.own.benefits else CareKind.OUTPATIENT
            self._compile(lineage, (scheme, source), readings, Problems())
            spans = self._benefits[key]
        return spans

    def _compile(self, lineage: Lineage, key: BenefitKey, readings: Mapping[str, str], problems: Problems) -> None:
        """Keep a benefit's rules under the readings asked for, and with them those that follow from them: what is paid at
        pharmacies and in an emergency."""
        region, asked = lineage.own.region, tuple(sorted(readings.items()))
        scheme, kind = key
        spans = benefit_timeline(lineage, key, readings, problems)
        self._benefits[region, scheme, kind, asked] = spans
        following = _FOLLOWING if kind is CareKind.OUTPATIENT else {}
        for other, timeline in following.items():
            derived = timeline(lineage, key, spans) if (scheme, other) not in lineage.own.benefits else ()
            if derived:
                self._benefits[region, scheme, other, asked] = derived

    def sharing(self, region: str, on: date, readings: Mapping[str, str] = _DEFAULTS) -> SharingRule | None:
        """Who may share with whom in a region on a day: the city's rule, else the province's, else the nation's.

        Args:
            region: 6-digit code.
            on: the day.
            readings: readings to take in place of the defaults.

        Returns:
            The rule, or None where the packs leave open something that a decision needs.

        Raises:
            InvalidInput: ``region.invalid``; ``reading.unknown``.
            NotFound: ``region.unknown`` when not even a nation's pack covers it.
        """
        return rule_at(self.sharing_timeline(region, readings), on)

    def sharing_timeline(self, region: str, readings: Mapping[str, str] = _DEFAULTS) -> tuple[Span[SharingRule], ...]:
        """Every sharing rule of a region with the days on which it holds, in order.

        Args:
            region, readings: as in `sharing`.

        Raises:
            InvalidInput: ``region.invalid``; ``reading.unknown``.
            NotFound: ``region.unknown``.
        """
        lineage = self._nearest(region)
        key = (lineage.own.region, tuple(sorted(readings.items())) if readings else ())
        spans = self._sharing.get(key)
        if spans is None:
            spans = sharing_timeline(lineage, readings)
            self._sharing[key] = spans
        return spans

    def pooling(self, region: str) -> str:
        """The pooling region that a region belongs to, whether or not a pack is there.

        Raises:
            InvalidInput: ``region.invalid``.
        """
        return self._pooling(region)

    def value(self, region: str, name: str, on: date, key: tuple[str, ...] = ()) -> DatedAmount | None:
        """A plain dated value: a premium, an account credit; the nearest pack that has one on that day answers.

        Args:
            region: 6-digit code.
            name: the value's name (``resident_premium_minimum``).
            on: the day.
            key: the path inside a table (``("from_70",)``); empty for a single number.

        Returns:
            Fen or per ten thousand with its clause; None where no pack holds one on that day.

        Raises:
            InvalidInput: ``region.invalid``.
        """
        return value_on(self._nearest(region), name, key, on)

    def value_timeline(self, region: str, name: str, key: tuple[str, ...] = ()) -> tuple[Span[DatedAmount], ...]:
        """Every amount of a plain value (a premium, say) with the days on which it holds, in order.

        Args:
            region, name, key: as in `value`.

        Raises:
            InvalidInput: ``region.invalid``.
            NotFound: ``region.unknown``.
        """
        return value_timeline(self._nearest(region), name, key)

    def accrual(self, region: str, contributor: Contributor, on: date) -> AccrualRule | None:
        """What is credited each month to a personal account: the city's rule, else the province's, else the nation's.

        Args:
            region: 6-digit code.
            contributor: to whom.
            on: a day of the month credited.

        Returns:
            The rule, or None where no pack says anything for that day.

        Raises:
            InvalidInput: ``region.invalid``.
            NotFound: ``region.unknown``.
        """
        return rule_at(self.accrual_timeline(region, contributor), on)

    def accrual_timeline(self, region: str, contributor: Contributor) -> tuple[Span[AccrualRule], ...]:
        """Every accrual rule with the days on which it holds, in order.

        Args:
            region, contributor: as in `accrual`.

        Raises:
            InvalidInput: ``region.invalid``.
            NotFound: ``region.unknown``.
        """
        lineage = self._nearest(region)
        key = (lineage.own.region, contributor)
        spans = self._accrual.get(key)
        if spans is None:
            spans = self._accrual[key] = accrual_timeline(lineage, contributor)
        return spans

    def wallet(self, region: str, on: date) -> WalletRule | None:
        """The terms on which money is sent from a region to a relative's wallet; None where no pack has any that day.

        Raises:
            InvalidInput: ``region.invalid``.
            NotFound: ``region.unknown``.
        """
        most = self.value(region, "wallet_transfer_max_single", on)
        return wallet_rules.sending_rule(self._nearest(region), most, on)

    def wallet_quota(self, region: str, on: date) -> QuotaRule | None:
        """How quotas are given in a region (`gongji.rules.wallet_rules.giving_rule`); arguments as `wallet`."""
        return wallet_rules.giving_rule(self._nearest(region), on)

    def wallet_is_open(self, region: str, on: date) -> bool:
        """Whether a text says that the wallet is open in a region on a day; arguments as `wallet`."""
        return wallet_rules.is_open(self._nearest(region), on)

    def gap(self, region: str, scheme: Scheme, kind: CareKind) -> Gap | None:
        """Why no rule is set for a benefit, where a pack says so."""
        word = next(word for word, one in SCHEME_WORDS.items() if one is scheme)
        return next((gap for gap in self.gaps(region) if gap.about == f"{word}.{kind}"), None)

    def gaps(self, region: str) -> tuple[Gap, ...]:
        """Everything that the region's pack and its parents leave silent on purpose, nearest first."""
        return self._gaps[self._nearest(region).own.region]

    def conflicts(self, region: str) -> tuple[Conflict, ...]:
        """Every recorded disagreement of sources in the region's pack and its parents, nearest first."""
        return tuple(conflict for pack in self._nearest(region).packs for conflict in pack.conflicts)

    def interpretations(self, region: str, scheme: Scheme, kind: CareKind) -> Mapping[str, Interpretation]:
        """Every open reading of a benefit, by name; empty where there is no such benefit."""
        lineage = self._by_region.get(self._pooling(region))
        benefit = lineage.own.benefits.get((scheme, kind)) if lineage is not None else None
        return dict(benefit.interpretations) if benefit is not None else {}

    def digest(self, region: str) -> str:
        """sha256 (hex) over the region's pack and all it inherits; cut it to `SHORT_DIGEST` for people."""
        return self._nearest(region).digest

    def regions(self) -> tuple[str, ...]:
        """The codes of all regions with a pack of their own, in order."""
        return tuple(sorted(self._by_region))

    def lineages(self) -> tuple[Lineage, ...]:
        """Every pack with all it inherits from, as read, in the order of their regions."""
        return tuple(self._by_region[region] for region in self.regions())

    def lineage(self, region: str) -> Lineage:
        """The nearest pack that speaks for a region, with all it inherits from, as read.

        Raises:
            InvalidInput: ``region.invalid``.
            NotFound: ``region.unknown``.
        """
        return self._nearest(region)

    def name(self, region: str) -> str:
        """The Chinese name of the nearest region with a pack: a county answers with its pooling region."""
        return self._nearest(region).own.name

    def _pooling(self, region: str) -> str:
        return pooling_of(region, self._by_region)

    def _nearest(self, region: str) -> Lineage:
        return nearest_to(region, self._by_region)
