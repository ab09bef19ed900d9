"""Typed errors: a stable code, a sentence in both languages that the reader can act on, the field at fault.

Every refusal of the platform is a `GongjiError`. The doors (national interface, REST, pages, command line) only
translate it into their own form; none of them invents wording.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar


class GongjiError(Exception):
    """A refusal with a stable code.

    Args:
        code: stable English identifier, lower-case with dots (``person.unknown``).
        en: one sentence in English: what is wrong and what to do.
        zh: the same sentence in Chinese, at a reading level a citizen manages.
        field: the input field at fault, as the sender spells it; None when no single field is.
        accepted: what would be accepted in that field, in words.
        details: further facts for programs (never personal data).
    """

    status: ClassVar[int] = 422

    def __init__(
        self,
        code: str,
        en: str,
        zh: str,
        *,
        field: str | None = None,
        accepted: str | None = None,
        details: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(f"{code}: {en}")
        self.code = code
        self.en = en
        self.zh = zh
        self.field = field
        self.accepted = accepted
        self.details = dict(details or {})


class InvalidInput(GongjiError):
    """The sender's data cannot be read or contradicts itself: nothing was looked up, nothing was written."""

    status: ClassVar[int] = 422


class NotFound(GongjiError):
    """The thing named does not exist, or is not the caller's to see."""

    status: ClassVar[int] = 404


class Refused(GongjiError):
    """Well-formed and understood, but a rule forbids it; `details` may say what would make it possible."""

    status: ClassVar[int] = 409


class NotAllowed(GongjiError):
    """The caller is known but may not do this."""

    status: ClassVar[int] = 403


class NotSignedIn(GongjiError):
    """No credential, or one that does not hold."""

    status: ClassVar[int] = 401


class Busy(GongjiError):
    """Too much waits already; the same call may be made again shortly."""

    status: ClassVar[int] = 503


class TooMany(GongjiError):
    """Tried too often from one place or by one account; `details` says from when on it may be tried again."""

    status: ClassVar[int] = 429


class Misconfigured(GongjiError):
    """The installation cannot work as it is set up; the sentence says which setting to change."""

    status: ClassVar[int] = 500
