"""People's names: with a middle dot, with rare characters, without what no name has."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from gongji.foundation.errors import InvalidInput

#: psn_name of the national interface is C(50).
LONGEST_NAME: Final = 50

#: What keyboards and old systems write for the middle dot of names such as 阿卜杜拉·买买提.
_DOTS: Final = str.maketrans(dict.fromkeys("•‧∙⋅・･．᛫", "·"))


def check_name(text: str, *, field: str = "psn_name") -> str:
    """Read a name: trimmed, one space at most between words, every middle dot written ``·`` (U+00B7).

    Rare characters are kept exactly as they are; also those that this Unicode version does not know yet, and the
    private ones that older systems used for them.

    Args:
        text: the name as somebody wrote it.
        field: what the sender calls the field, for the error.

    Raises:
        InvalidInput: ``name.empty``, ``name.characters`` (control characters, or not one letter),
            ``name.too_long`` (over 50 characters).
    """
    visible = "".join(c for c in text if unicodedata.category(c) != "Cf")
    if any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in visible.strip()):
        raise _wrong_characters(field)
    name = re.sub(r"\s+", " ", visible.strip()).translate(_DOTS)
    if not name:
        raise InvalidInput("name.empty", f"{field} is empty", "请填写姓名", field=field, accepted="a person's name")
    if not any(_is_letter(c) for c in name):
        raise _wrong_characters(field)
    if len(name) > LONGEST_NAME:
        raise InvalidInput(
            "name.too_long",
            f"{field} has {len(name)} characters, more than {LONGEST_NAME}",
            f"姓名超过 {LONGEST_NAME} 个字",
            field=field,
            accepted=f"at most {LONGEST_NAME} characters",
        )
    return name


def _is_letter(character: str) -> bool:
    category = unicodedata.category(character)
    return category.startswith("L") or category in ("Co", "Cn")


def _wrong_characters(field: str) -> InvalidInput:
    return InvalidInput(
        "name.characters",
        f"{field} holds characters that no name has",
        "姓名中有不能识别的字符，请重新填写",
        field=field,
        accepted="letters or Chinese characters, with · between the parts of a name",
    )
