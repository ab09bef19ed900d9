"""人员编号 (psn_no): the region in which a person was entered and our id, as long as the national platform's numbers."""

from __future__ import annotations

from typing import Final

_REGION_DIGITS: Final = 6
_ID_DIGITS: Final = 14


def psn_no_for(region: str, person_id: int) -> str:
    """The number of a person who is entered in a region: its six digits and fourteen of the id."""
    return f"{region}{person_id:0{_ID_DIGITS}d}"


def person_id_from_psn_no(text: str) -> int | None:
    """The id in a person's number; None when it is no number of ours."""
    if len(text) != _REGION_DIGITS + _ID_DIGITS or not (text.isascii() and text.isdigit()):
        return None
    return int(text[_REGION_DIGITS:]) or None
