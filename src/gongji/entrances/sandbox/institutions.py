"""The sandbox's institutions and the keys that they sign with: one table, loaded and shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from gongji.registry.keys import SigningDialect
from gongji.registry.model import InstitutionKind
from gongji.rules.model import Tier


@dataclass(frozen=True, slots=True)
class InventedInstitution:
    """One invented institution.

    Attributes:
        code: fixmedins_code.
        name: its name.
        kind: hospital or pharmacy.
        tier: None for a pharmacy.
        region: six-digit code of where it lies; its first four digits name the pooling region.
        ended: whether its designation has ended, so that it may no longer settle.
    """

    code: str
    name: str
    kind: InstitutionKind
    tier: Tier | None
    region: str
    ended: bool = False

    @property
    def paasid(self) -> str:
        """The name of its key."""
        return f"sandbox_{self.code}"

    @property
    def secret(self) -> str:
        """The key itself, the same for every way of signing but the one that sends it."""
        return f"sandbox-secret-{self.code}"

    @property
    def apikey(self) -> str:
        """The key that is sent as it is."""
        return f"sandbox-apikey-{self.code}-not-a-real-key"

    @property
    def keys(self) -> tuple[tuple[SigningDialect, str, str], ...]:
        """All its keys: way of signing, name of the key (an apikey has none), secret."""
        return (
            (SigningDialect.X_TIF, self.paasid, self.secret),
            (SigningDialect.API, self.paasid, self.secret),
            (SigningDialect.X_CA, self.code, self.secret),
            (SigningDialect.APIKEY, "", self.apikey),
        )


_HOSPITAL, _PHARMACY = InstitutionKind.HOSPITAL, InstitutionKind.PHARMACY

INSTITUTIONS: Final = (
    InventedInstitution("H21129900001", "铁岭沙盘三级医院", _HOSPITAL, Tier.TIER_3, "211202"),
    InventedInstitution("H21129900002", "铁岭沙盘一级医院", _HOSPITAL, Tier.TIER_1, "211202"),
    InventedInstitution("H21129900003", "铁岭沙盘二级医院", _HOSPITAL, Tier.TIER_2, "211202"),
    InventedInstitution("P21129900004", "铁岭沙盘药店", _PHARMACY, None, "211202"),
    InventedInstitution("H21129900005", "铁岭沙盘已解约医院", _HOSPITAL, Tier.TIER_2, "211202", ended=True),
    InventedInstitution("H37089900001", "济宁沙盘三级医院", _HOSPITAL, Tier.TIER_3, "370811"),
    InventedInstitution("H37089900002", "济宁沙盘社区医院", _HOSPITAL, Tier.COMMUNITY, "370811"),
    InventedInstitution("H32019900001", "南京沙盘三级医院", _HOSPITAL, Tier.TIER_3, "320102"),
    InventedInstitution("P37089900003", "济宁沙盘药店", _PHARMACY, None, "370811"),
)

BY_CODE: Final = {institution.code: institution for institution in INSTITUTIONS}
