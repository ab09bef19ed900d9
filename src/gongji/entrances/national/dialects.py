"""The ways of signing a message (§1.4), one class each: headers and body in, a `Proof` out.

What is the same for all (whose key it is, time, comparison, replay) is done once, in `auth`. OAuth2 with SM2/SM4 (Jilin)
is not served.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Final, Protocol

import msgspec
from msgspec import Struct

from gongji.foundation.errors import NotSignedIn
from gongji.registry.keys import SigningDialect, fingerprint

#: How far a signature's time may be from ours, where the dialect says nothing: hospitals' clocks drift by minutes.
WINDOW: Final = timedelta(minutes=15)

#: The widest window of all dialects: so long is a signature remembered.
WIDEST_WINDOW: Final = timedelta(minutes=30)


class Proof(Struct, frozen=True):
    """What a message brings to prove its sender.

    Attributes:
        client: names the key that signed.
        made_at: unix seconds of the signature; None where the dialect knows no time, and no replay.
        nonce: makes it unlike every other; "" where the dialect has none.
        signature: as given, in the case that `expected` gives.
        expected: the right signature for a secret.
    """

    client: str
    made_at: int | None
    nonce: str
    signature: str
    expected: Callable[[str], str]


class Dialect(Protocol):
    """One way of signing."""

    @property
    def name(self) -> SigningDialect:
        """As keys are registered for it."""

    @property
    def marks(self) -> tuple[str, ...]:
        """Headers of which any says that a message speaks this dialect."""

    @property
    def window(self) -> timedelta:
        """How far a signature's time may be from ours."""

    @property
    def headers(self) -> str:
        """What the headers must hold, in words."""

    def read(self, headers: Mapping[str, str], body: bytes) -> Proof:
        """The proof that the message carries.

        Raises:
            NotSignedIn: ``access.headers`` when some header is missing or malformed.
        """

    def rejection(self, refusal: NotSignedIn) -> bytes | None:
        """The dialect's own form of a refusal at the door; None where it is the interface's."""


class XTif:
    """Dialect a, the most common: sha256hex(timestamp + secret + nonce + timestamp); the body is not covered."""

    name = SigningDialect.X_TIF
    marks = ("x-tif-paasid",)
    window = WINDOW
    headers = "x-tif-paasid, x-tif-timestamp in unix seconds, x-tif-nonce and x-tif-signature"

    def read(self, headers: Mapping[str, str], body: bytes) -> Proof:
        """See `Dialect`."""
        client = headers.get("x-tif-paasid", "")
        stamp = headers.get("x-tif-timestamp", "")
        nonce = headers.get("x-tif-nonce", "")
        signature = headers.get("x-tif-signature", "")
        if not (client and _is_number(stamp, 12) and nonce and signature):
            raise missing_headers(self.headers)
        return Proof(
            client=client,
            made_at=int(stamp),
            nonce=nonce,
            signature=signature.lower(),
            expected=lambda secret: hashlib.sha256(f"{stamp}{secret}{nonce}{stamp}".encode()).hexdigest(),
        )

    def rejection(self, refusal: NotSignedIn) -> bytes | None:
        """See `Dialect`."""
        return None


class Api:
    """Dialect b (Hunan): base64(HMAC-SHA1(secret, the other four headers)); milliseconds, no nonce, 30 minutes; its own
    form of rejections. The body is not covered."""

    name = SigningDialect.API
    marks = ("_api_access_key", "_api_signature", "_api_timestamp", "_api_name", "_api_version")
    window = timedelta(minutes=30)
    headers = "_api_name, _api_version, _api_timestamp in unix milliseconds, _api_access_key and _api_signature"

    #: What Hunan's gateway says, word for word, by our code.
    _SAID: Final = {
        "access.headers": "缺少服务网关的请求头!",
        "access.timestamp": "签名时间戳超时!",
        "access.unknown_key": "非法用户!",
        "access.signature": "签名不一致!",
    }

    def read(self, headers: Mapping[str, str], body: bytes) -> Proof:
        """See `Dialect`."""
        key, name, version, stamp = (
            headers.get(f"_api_{part}", "") for part in ("access_key", "name", "version", "timestamp")
        )
        signature = headers.get("_api_signature", "")
        if not (key and name and version and signature and _is_number(stamp, 15)):
            raise missing_headers(self.headers)
        signed = f"_api_access_key={key}&_api_name={name}&_api_timestamp={stamp}&_api_version={version}".encode()

        def expected(secret: str) -> str:
            return base64.b64encode(hmac.digest(secret.encode(), signed, "sha1")).decode()

        return Proof(client=key, made_at=int(stamp) // 1000, nonce="", signature=signature, expected=expected)

    def rejection(self, refusal: NotSignedIn) -> bytes | None:
        """See `Dialect`."""
        said = self._SAID.get(refusal.code, refusal.zh)
        return msgspec.json.encode({"code": 401, "message": said})


class XCa:
    """Dialect c (Zhejiang): ``<unix>:`` and HMAC-SM3(secret, ``<unix>\\n`` + body) in upper-case hex; covers the body."""

    name = SigningDialect.X_CA
    marks = ("x-ca-key", "x-ca-signature")
    window = WINDOW
    headers = "x-ca-key and x-ca-signature, unix seconds, a colon and the HMAC-SM3 in hex"

    def read(self, headers: Mapping[str, str], body: bytes) -> Proof:
        """See `Dialect`."""
        client = headers.get("x-ca-key", "")
        stamp, _, signature = headers.get("x-ca-signature", "").partition(":")
        if not (client and _is_number(stamp, 12) and signature):
            raise missing_headers(self.headers)

        def expected(secret: str) -> str:
            return hmac.new(secret.encode(), f"{stamp}\n".encode() + body, "sm3").hexdigest().upper()

        return Proof(client=client, made_at=int(stamp), nonce="", signature=signature.upper(), expected=expected)

    def rejection(self, refusal: NotSignedIn) -> bytes | None:
        """See `Dialect`."""
        return None


class ApiKey:
    """Dialect e (Qinhuangdao, Shanghai): the secret itself in a header; nothing else guards the message."""

    name = SigningDialect.APIKEY
    marks = ("apikey",)
    window = WINDOW
    headers = "apikey"

    def read(self, headers: Mapping[str, str], body: bytes) -> Proof:
        """See `Dialect`."""
        given = headers.get("apikey", "")
        if not given:
            raise missing_headers(self.headers)
        return Proof(client=fingerprint(given), made_at=None, nonce="", signature=given, expected=lambda secret: secret)

    def rejection(self, refusal: NotSignedIn) -> bytes | None:
        """See `Dialect`."""
        return None


#: All that are understood, the most common first.
DIALECTS: Final[tuple[Dialect, ...]] = (XTif(), Api(), XCa(), ApiKey())


def missing_headers(needed: str) -> NotSignedIn:
    """``access.headers``."""
    return NotSignedIn(
        "access.headers",
        f"the signature's headers are missing or malformed: send {needed}",
        f"缺少签名请求头或格式不正确，应为：{needed}",
        accepted=needed,
    )


def _is_number(text: str, longest: int) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= longest
