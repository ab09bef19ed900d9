"""Who sends a message: the dialect is told by its headers, the key by the dialect, the institution by the key."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import datetime

from gongji.entrances.national.dialects import DIALECTS, Dialect, Proof, missing_headers
from gongji.entrances.national.keyring import KeyRing
from gongji.entrances.national.replays import ReplayGuard, Signature, replayed, sighting_of
from gongji.entrances.platform import Platform
from gongji.foundation.errors import NotAllowed, NotSignedIn
from gongji.registry.keys import SigningKey
from gongji.registry.model import Institution


class Rejected(NotSignedIn):
    """A refusal at the door that a dialect says in its own form.

    Attributes:
        body: that form.
    """

    def __init__(self, refusal: NotSignedIn, body: bytes) -> None:
        super().__init__(refusal.code, refusal.en, refusal.zh, field=refusal.field, accepted=refusal.accepted)
        self.body = body


def _in_form_of(dialect: Dialect, refusal: NotSignedIn) -> NotSignedIn:
    own_form = dialect.rejection(refusal)
    return refusal if own_form is None else Rejected(refusal, own_form)


class Gatekeeper:
    """Finds out which institution sends a message.

    Args:
        platform: where keys are looked up.
        dialects: the ways of signing that are understood.
    """

    def __init__(self, platform: Platform, dialects: tuple[Dialect, ...] = DIALECTS) -> None:
        self._dialects = dialects
        self._marks = [(mark, dialect) for dialect in dialects for mark in dialect.marks]
        self._keys = KeyRing(platform.database, platform.vault)
        self._guard = ReplayGuard(platform.database)
        platform.at_the_end(self._keys.close)
        platform.at_the_end(self._guard.close)

    async def identify(
        self, headers: Mapping[str, str], body: bytes, now: datetime
    ) -> tuple[Institution, Signature | None]:
        """The institution whose key signed the message, and the signature, still to be noted; None where the dialect knows
        no time (an apikey) and so no signature that comes once.

        Raises:
            NotSignedIn: ``access.headers``, ``access.timestamp``, ``access.signature``, ``access.unknown_key``; as
                `Rejected` where the dialect has a form of its own for it.
        """
        dialect = next((each for mark, each in self._marks if mark in headers), None)
        if dialect is None:
            raise missing_headers("；".join(each.headers for each in self._dialects))
        try:
            proof = dialect.read(headers, body)
            key = await self._key(dialect, proof, now)
        except NotSignedIn as refusal:
            raise _in_form_of(dialect, refusal) from None
        if proof.made_at is None:
            return key.institution, None
        sighting = sighting_of(proof, proof.made_at, body)
        return key.institution, Signature(sighting, lambda: _in_form_of(dialect, replayed(proof)), self._guard)

    async def _key(self, dialect: Dialect, proof: Proof, now: datetime) -> SigningKey:
        """The key that made the proof; of several under one name, whichever fits."""
        if proof.made_at is not None and abs(int(now.timestamp()) - proof.made_at) > dialect.window.total_seconds():
            raise _stale(dialect)
        keys = await self._keys.keys(dialect.name, proof.client, now)
        given = proof.signature.encode()
        for key in keys:
            if hmac.compare_digest(proof.expected(key.secret).encode(), given):
                return key
        raise _wrong_signature() if keys else _unknown_key()


def _stale(dialect: Dialect) -> NotSignedIn:
    minutes = dialect.window.seconds // 60
    return NotSignedIn(
        "access.timestamp",
        f"the signature's time is more than {minutes} minutes from ours: set the clock and sign again",
        f"签名时间戳超时（与平台时间相差超过 {minutes} 分钟）：请校准系统时间后重新签名",
        accepted=f"the present moment, at most {minutes} minutes off",
    )


def _wrong_signature() -> NotSignedIn:
    return NotSignedIn(
        "access.signature",
        "the signature does not fit: check the secret and the order of the signed parts",
        "签名不一致：请核对密钥和签名算法",
        accepted="a signature with a key that holds",
    )


def _unknown_key() -> NotSignedIn:
    return NotSignedIn(
        "access.unknown_key",
        "no key under this name holds: it was never registered, is over, or signs in another dialect",
        "该密钥名称未登记或已停用，或不是本签名方式的密钥",
        accepted="the name of a key that holds",
    )


def check_own_code(institution: Institution, fixmedins_code: str) -> None:
    """An institution acts for itself only.

    Raises:
        NotAllowed: ``access.institution``.
    """
    if institution.code != fixmedins_code:
        raise NotAllowed(
            "access.institution",
            "fixmedins_code is not the institution that the key belongs to",
            "fixmedins_code 与签名机构不一致：只能为本机构办理业务",
            field="fixmedins_code",
            accepted="the institution's own code",
        )
