"""Keys that callers name their deeds by, so that a deed that is sent twice is done once."""

from __future__ import annotations

import re
from typing import Final

from gongji.foundation.errors import GongjiError, InvalidInput, Refused

#: As a schema says it.
PATTERN: Final = r"^[!-~]{8,128}$"

_KEY: Final = re.compile(PATTERN.strip("^$"))
_FIELD: Final = "Idempotency-Key"


def check_key(key: str) -> None:
    """Refuse what is no key: too short to be one's own, or nothing that a header may carry.

    Raises:
        InvalidInput: ``key.shape``.
    """
    if not _KEY.fullmatch(key):
        raise InvalidInput(
            "key.shape",
            "name a key of your own, new for every deed: 8 to 128 visible ASCII characters",
            "请求缺少防重复的编号，请返回重新提交",
            field=_FIELD,
            accepted="8 to 128 visible ASCII characters",
        )


def other_content() -> GongjiError:
    """The refusal of a key that something else was done under."""
    return Refused(
        "key.other_content",
        "under this key something else was done before: name a new one",
        "这个编号已用于另一次办理，请返回重新提交",
        field=_FIELD,
        accepted="a key not used before",
    )
