"""Which region answers for a place: a county's pooling region, and whose pack speaks where that one is silent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gongji.foundation.errors import InvalidInput, NotFound
from gongji.rules.lineage import Lineage

#: The region code of the nation's pack, the last to answer.
NATION: Final = "100000"


def pooling_of(region: str, packs: Mapping[str, Lineage]) -> str:
    """The pooling region of a county; a region with a pack is its own.

    The first four digits say it (市级统筹), or the first two where the province's own pack sets benefits
    (直辖市全市统筹).

    Args:
        region: 6-digit code.
        packs: every pack by its region.

    Raises:
        InvalidInput: ``region.invalid``.
    """
    if region in packs:
        return region
    if len(region) != 6 or not (region.isascii() and region.isdigit()):
        raise InvalidInput(
            "region.invalid",
            f"'{region}' is not a region code",
            f"“{region}”不是统筹区划代码",
            field="region",
            accepted="six digits such as 211200",
        )
    city, province = region[:4] + "00", packs.get(region[:2] + "0000")
    if city not in packs and province is not None and province.own.benefits:
        return province.own.region
    return city


def nearest_to(region: str, packs: Mapping[str, Lineage]) -> Lineage:
    """The pack that speaks for a place: its pooling region's, else the province's, else the nation's; arguments as `pooling_of`.

    Raises:
        InvalidInput: ``region.invalid``. NotFound: ``region.unknown``.
    """
    pooling = pooling_of(region, packs)
    for code in (pooling, pooling[:2] + "0000", NATION):
        if code in packs:
            return packs[code]
    raise NotFound("region.unknown", f"no rule pack covers {region}", f"没有规则包覆盖 {region}", field="region")
