"""The envelope of mobile payment (6101 to 6401 at a payment centre): signed with SM2, sealed with SM4.

``{appId, encType, signType, version, timestamp, encData, signData}``. What is signed is the plain message: without what is
empty, keys sorted at every level, joined as ``k=v&…`` and closed by the application's secret; sealed is its ``data``.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec

from gongji.foundation.errors import InvalidInput, NotSignedIn
from gongji.foundation.guomi import sm2_sign, sm2_verify, sm4_decrypt, sm4_encrypt, unreadable

#: What stands around the data and takes no part in the signature.
_UNSIGNED: Final = frozenset({"signData", "encData", "extra"})

VERSION: Final = "2.0.1"


@dataclass(frozen=True, slots=True, repr=False)
class Application:
    """An institution's application at mobile payment: its number, the shared secret, and the keys of both sides.

    Attributes:
        app_id, secret: as both sides hold them.
        public: the institution's SM2 key, 65 bytes.
        private: ours for this application, 32 bytes.
    """

    app_id: str
    secret: str
    public: bytes
    private: bytes


def cleaned(value: object) -> object:
    """A message without what is empty (``""``, null, ``{}``, ``[]``), its keys sorted at every level."""
    if isinstance(value, Mapping):
        kept = {str(key): cleaned(value[key]) for key in sorted(value)}
        return {key: one for key, one in kept.items() if not _empty(one)}
    if isinstance(value, list):
        return [one for one in map(cleaned, value) if not _empty(one)]
    return value


def _empty(value: object) -> bool:
    return value is None or (isinstance(value, str | Mapping | list) and not value)


def sign_string(message: Mapping[str, object], secret: str) -> str:
    """What is signed of a message whose ``data`` is plain."""
    fields = cleaned({key: value for key, value in message.items() if key not in _UNSIGNED})
    assert isinstance(fields, dict)
    return "&".join([*(f"{key}={_text(value)}" for key, value in fields.items()), f"key={secret}"])


def _text(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def sm4_key(app_id: str, secret: str) -> bytes:
    """The key that both sides derive for the data."""
    derived = sm4_encrypt(_first_16(app_id), secret.encode()).hex().upper()
    return derived[:16].encode()


def _first_16(app_id: str) -> bytes:
    return app_id.encode()[:16].ljust(16, b"0")


def seal(application: Application, data: Mapping[str, object], at: datetime) -> dict[str, object]:
    """A message of ours to an institution's system: signed, then sealed."""
    message: dict[str, object] = {
        "appId": application.app_id,
        "data": data,
        "encType": "SM4",
        "signType": "SM2",
        "timestamp": f"{at:%Y%m%d%H%M%S}",
        "version": VERSION,
    }
    signature = sm2_sign(application.private, sign_string(message, application.secret).encode())
    sealed = sm4_encrypt(sm4_key(application.app_id, application.secret), msgspec.json.encode(cleaned(data)))
    del message["data"]
    return message | {"encData": sealed.hex().upper(), "signData": base64.b64encode(signature).decode()}


def unseal(application: Application, message: Mapping[str, object]) -> dict[str, object]:
    """The data of an institution's message, once its signature is found right.

    Raises:
        InvalidInput: ``guomi.ciphertext``, ``mobile.envelope``, naming the field.
        NotSignedIn: ``access.signature``.
    """
    for name, wanted in (("encType", "SM4"), ("signType", "SM2")):
        if message.get(name) != wanted:
            raise _malformed(name, wanted)
    sealed = message.get("encData")
    signature = message.get("signData")
    if not isinstance(sealed, str) or not isinstance(signature, str):
        raise _malformed("encData" if not isinstance(sealed, str) else "signData", "text")
    try:
        data = msgspec.json.decode(sm4_decrypt(sm4_key(application.app_id, application.secret), bytes.fromhex(sealed)))
        proof = base64.b64decode(signature, validate=True)
    except (ValueError, binascii.Error, msgspec.MsgspecError):
        raise unreadable() from None
    if not isinstance(data, dict):
        raise unreadable()
    signed = sign_string({**message, "data": data}, application.secret)
    if not sm2_verify(application.public, signed.encode(), proof):
        raise NotSignedIn(
            "access.signature",
            "the signature is not this application's over this message",
            "签名不一致：请核对 SM2 密钥、appSecret 和签名原文的拼接顺序",
            field="signData",
            accepted="base64(r + s) of SM2 with SM3 over the sorted fields and &key=appSecret",
        )
    return data


def _malformed(field: str, accepted: str) -> InvalidInput:
    return InvalidInput(
        "mobile.envelope",
        f"{field} is missing or not {accepted}",
        f"{field} 缺失或不正确，应为 {accepted}",
        field=field,
        accepted=accepted,
    )
