"""Whose prescription a pharmacy fills: some regions pay a pharmacy as the hospital that prescribed.

The interface has a field for it only in 2203A (rxfixmedinsCode); 2101 and 2102 carry the same name in exp_content, as an
object or as the text of one.
"""

from __future__ import annotations

from typing import Any

import msgspec

from gongji.foundation.errors import InvalidInput
from gongji.registry.model import Institution, InstitutionKind
from gongji.rules.model import Tier

_IN_2102 = "input.druginfo.exp_content.rxfixmedinsCode"


def prescribing_hospital(extension: Any) -> str:
    """The code of the hospital named in an exp_content; "" where it names none.

    Raises:
        InvalidInput: ``field.invalid`` when it is no text.
    """
    if isinstance(extension, str) and extension.startswith("{"):
        try:
            extension = msgspec.json.decode(extension)
        except msgspec.DecodeError:
            return ""
    code = extension.get("rxfixmedinsCode") or "" if isinstance(extension, dict) else ""
    if not isinstance(code, str):
        raise _no_hospital(_IN_2102, str(code))
    return code.strip()


def tier_of_prescriber(code: str, found: Institution | None, field: str = _IN_2102) -> Tier | None:
    """The tier of the hospital that prescribed; one without a tier counts as the lowest. None without a prescription.

    Args:
        code: the code as it was told.
        found: the institution with that code.
        field: where it was told.

    Raises:
        InvalidInput: ``field.invalid`` when the code is no hospital's.
    """
    if not code:
        return None
    if found is None or found.kind is not InstitutionKind.HOSPITAL:
        raise _no_hospital(field, code)
    return found.tier or Tier.TIER_1


def _no_hospital(field: str, code: str) -> InvalidInput:
    return InvalidInput(
        "field.invalid",
        f"{field} is {code[:20]!r}, which is no designated hospital",
        f"{field} 取值 {code[:20]} 不是已登记的定点医院编码，请填写开具处方的医院的编码",
        field=field,
        accepted="fixmedins_code of the hospital that prescribed",
    )
