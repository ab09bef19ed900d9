"""Who sends a message: the dialects of signing, the window of time, the guard against replays.

A dialect only reads headers and body into a `Proof`; everything that is the same for all (which institution the key
belongs to, time, comparison, replay) is done once, here.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from anyio import to_thread

from gongji.entrances.platform import Platform
from gongji.foundation.errors import NotAllowed, NotSignedIn
from gongji.registry import service as registry
from gongji.registry.model import Institution

#: How far a signature's time may be from ours. Hospitals' clocks drift by minutes, hardly more; Hunan's gateway allows
#: 30, and every minute costs memory in the replay guard.
WINDOW: Final = timedelta(minutes=15)

#: Signatures a process remembers, about 70 bytes each. At more than a thousand a second the window shrinks instead.
REMEMBERED: Final = 1_000_000

#: How long a looked-up key is used without asking the registry again: a withdrawn key works at most this much longer.
KEY_KEPT: Final = timedelta(seconds=30)

#: Looked-up keys that are kept; a province has some ten thousand institutions.
KEYS_KEPT: Final = 20_000


@dataclass(frozen=True, slots=True)
class Proof:
    """What a message brings to prove its sender.

    Attributes:
        client: names the key that signed.
        made_at: unix seconds of the signature.
        nonce: makes it unlike every other; "" where the dialect has none.
        signature: as given, in the case that `expected` gives.
        expected: the right signature for a secret.
    """

    client: str
    made_at: int
    nonce: str
    signature: str
    expected: Callable[[str], str]


class Dialect(Protocol):
    """One way of signing (§1.4 names six)."""

    def read(self, headers: Mapping[str, str], body: bytes) -> Proof | None:
        """The proof that the message carries in this dialect; None when it speaks another."""
        ...


class XTif:
    """Dialect a, the most common: sha256hex(timestamp + secret + nonce + timestamp); the body is not covered."""

    def read(self, headers: Mapping[str, str], body: bytes) -> Proof | None:
        """See `Dialect`.

        Raises:
            NotSignedIn: ``access.headers`` when some of the four headers are missing or the time is no number.
        """
        client = headers.get("x-tif-paasid", "")
        if not client:
            return None
        stamp = headers.get("x-tif-timestamp", "")
        nonce = headers.get("x-tif-nonce", "")
        signature = headers.get("x-tif-signature", "")
        if not (stamp.isascii() and stamp.isdigit() and len(stamp) <= 12 and nonce and signature):
            raise missing_headers()
        return Proof(
            client=client,
            made_at=int(stamp),
            nonce=nonce,
            signature=signature.lower(),
            expected=lambda secret: hashlib.sha256(f"{stamp}{secret}{nonce}{stamp}".encode()).hexdigest(),
        )


def missing_headers() -> NotSignedIn:
    """``access.headers``."""
    return NotSignedIn(
        "access.headers",
        "the signature's headers are missing or malformed",
        "缺少签名请求头：x-tif-paasid、x-tif-timestamp（秒）、x-tif-nonce、x-tif-signature",
        accepted="x-tif-paasid, x-tif-timestamp in unix seconds, x-tif-nonce and x-tif-signature",
    )


def _stale() -> NotSignedIn:
    return NotSignedIn(
        "access.timestamp",
        "the signature's time is too far from ours: set the clock and sign again",
        "签名时间戳超时：请校准系统时间后重新签名",
        field="x-tif-timestamp",
        accepted=f"unix seconds, at most {WINDOW.seconds // 60} minutes from now",
    )


class ReplayGuard:
    """Remembers the signatures of the window, so that none is taken twice; for one process and one thread.

    Memory is bounded: when it is full, the oldest slot of time is forgotten and signatures from then count as stale,
    so that a replay never slips through.
    """

    _SLOT: Final = 10

    def __init__(self, window: timedelta = WINDOW, capacity: int = REMEMBERED) -> None:
        self._window = int(window.total_seconds())
        self._capacity = capacity
        self._slots: dict[int, set[int]] = {}
        self._count = 0
        self._floor = 0

    def admit(self, proof: Proof, now: int) -> None:
        """Take note of a signature that was found right.

        Raises:
            NotSignedIn: ``access.replayed``, ``access.timestamp``.
        """
        self._forget(now)
        slot = proof.made_at // self._SLOT
        if slot < self._floor:
            raise _stale()
        seen = self._slots.setdefault(slot, set())
        mark = hash((proof.client, proof.made_at, proof.nonce, proof.signature))
        if mark in seen:
            raise NotSignedIn(
                "access.replayed",
                "this signature was used before: sign every message with a new nonce",
                "签名已使用过：每次发送请换新的 x-tif-nonce 并重新签名",
                field="x-tif-nonce",
                accepted="a nonce not used before",
            )
        seen.add(mark)
        self._count += 1

    def _forget(self, now: int) -> None:
        expired = (now - self._window) // self._SLOT
        for slot in [slot for slot in self._slots if slot < expired]:
            self._count -= len(self._slots.pop(slot))
        while self._count >= self._capacity:
            oldest = min(self._slots)
            self._count -= len(self._slots.pop(oldest))
            self._floor = oldest + 1


class Gatekeeper:
    """Finds out which institution sends a message.

    Args:
        platform: where keys are looked up.
        dialects: the ways of signing that are understood.
    """

    def __init__(self, platform: Platform, dialects: tuple[Dialect, ...] = (XTif(),)) -> None:
        self._platform = platform
        self._dialects = dialects
        self._guard = ReplayGuard()
        self._keys: dict[str, tuple[datetime, Institution, str]] = {}

    async def identify(self, headers: Mapping[str, str], body: bytes, now: datetime) -> Institution:
        """The institution whose key signed the message.

        Raises:
            NotSignedIn: ``access.headers``, ``access.timestamp``, ``access.signature``, ``access.replayed``.
        """
        proof = next((found for each in self._dialects if (found := each.read(headers, body))), None)
        if proof is None:
            raise missing_headers()
        moment = int(now.timestamp())
        if abs(moment - proof.made_at) > WINDOW.total_seconds():
            raise _stale()
        known = await self._key(proof.client, now)
        if known is None or not hmac.compare_digest(proof.expected(known[1]).encode(), proof.signature.encode()):
            raise NotSignedIn(
                "access.signature",
                "the signature does not fit, or the key is not registered",
                "签名不一致，或 paasid 未登记：请核对密钥和签名算法",
                field="x-tif-signature",
                accepted="sha256hex(timestamp + secret + nonce + timestamp)",
            )
        self._guard.admit(proof, moment)
        return known[0]

    async def _key(self, client: str, now: datetime) -> tuple[Institution, str] | None:
        kept = self._keys.get(client)
        if kept is not None and now - kept[0] < KEY_KEPT:
            return kept[1:]
        found = await to_thread.run_sync(self._look_up, client, now)
        if found is None:
            self._keys.pop(client, None)
        else:
            if len(self._keys) >= KEYS_KEPT:
                self._keys.clear()
            self._keys[client] = (now, *found)
        return found

    def _look_up(self, client: str, now: datetime) -> tuple[Institution, str] | None:
        with self._platform.database.transaction() as connection:
            return registry.signing_secret(connection, self._platform.vault, client, now)


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
