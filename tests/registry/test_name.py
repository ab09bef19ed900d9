"""Names as they come from counters and old systems."""

from __future__ import annotations

import pytest

from gongji.foundation.errors import InvalidInput
from gongji.registry.name import check_name


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("王秀兰", "王秀兰"),
        ("\u3000王秀兰 \n", "王秀兰"),
        ("阿卜杜拉·买买提", "阿卜杜拉·买买提"),
        ("阿卜杜拉•买买提", "阿卜杜拉·买买提"),
        ("古丽・阿依", "古丽·阿依"),
        ("𫖯㛃", "𫖯㛃"),
        ("王\U00031350", "王\U00031350"),
        ("王\ue863", "王\ue863"),
        ("JOHN   SMITH", "JOHN SMITH"),
        ("王\u200b秀兰", "王秀兰"),
    ],
)
def test_names_are_kept_as_families_write_them(written: str, kept: str) -> None:
    assert check_name(written) == kept


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("", "name.empty"),
        (" \u3000\u200b", "name.empty"),
        ("王\x00秀兰", "name.characters"),
        ("王\t秀兰", "name.characters"),
        ("王\ud800", "name.characters"),
        ("12345", "name.characters"),
        ("···", "name.characters"),
        ("王" * 51, "name.too_long"),
    ],
)
def test_what_is_no_name_is_refused(written: str, code: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        check_name(written, field="name")
    assert refusal.value.code == code
    assert refusal.value.field == "name"
