"""The envelope of mobile payment: known answers, round trips, and everything that is altered."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec
import pytest
from counter_window import sample
from hypothesis import given, settings
from hypothesis import strategies as st

from gongji.entrances.national import sm
from gongji.foundation import guomi
from gongji.foundation.clock import CHINA
from gongji.foundation.errors import GongjiError

KAT = sample("mobilepay_sm2_sm4_kat")["kat"]
AT = datetime(2024, 6, 12, 10, 30, tzinfo=CHINA)

_private, _public = guomi.sm2_keypair()
APPLICATION = sm.Application(KAT["appId"], KAT["appSecret"], _public, _private)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize("known", KAT["samples"], ids=lambda known: known["name"][:12])
def test_known_answers_to_the_letter(known: dict[str, Any]) -> None:
    payload = known["payload"]
    key = sm.sm4_key(KAT["appId"], KAT["appSecret"])
    assert key.hex() == KAT["expectedDerivedSm4KeyHexUpperAscii"].lower()
    assert sm.sign_string(payload, KAT["appSecret"]) == known["expectedSignString"]
    cleaned = msgspec.json.encode(sm.cleaned(payload["data"]))
    assert guomi.sm4_encrypt(key, cleaned).hex().upper() == known["expectedEncData"]


@settings(max_examples=40)
@given(st.dictionaries(st.text(), JSON, max_size=6))
def test_what_is_sealed_comes_out_without_what_is_empty(data: dict[str, Any]) -> None:
    assert sm.unseal(APPLICATION, sm.seal(APPLICATION, data, AT)) == sm.cleaned(data)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"timestamp": "20240612103001"}, "access.signature"),
        ({"version": "1.0.0"}, "access.signature"),
        ({"payload": "more"}, "access.signature"),
        ({"encType": "AES"}, "mobile.envelope"),
        ({"signType": None}, "mobile.envelope"),
        ({"encData": None}, "mobile.envelope"),
        ({"encData": "ABC"}, "guomi.ciphertext"),
        ({"encData": "AB" * 16}, "guomi.ciphertext"),
        ({"encData": ""}, "guomi.ciphertext"),
        ({"signData": "not base64!"}, "guomi.ciphertext"),
        ({"signData": ""}, "access.signature"),
    ],
)
def test_an_altered_message_is_refused(change: dict[str, Any], code: str) -> None:
    message = sm.seal(APPLICATION, {"payOrdId": "1"}, AT)
    with pytest.raises(GongjiError, match=code):
        sm.unseal(APPLICATION, message | change)


def test_another_applications_secret_or_key_does_not_open_it() -> None:
    message = sm.seal(APPLICATION, {"payOrdId": "1"}, AT)
    other_private, other_public = guomi.sm2_keypair()
    with pytest.raises(GongjiError, match=r"access\.signature"):
        sm.unseal(sm.Application(APPLICATION.app_id, APPLICATION.secret, other_public, other_private), message)
    with pytest.raises(GongjiError, match=r"guomi\.ciphertext"):
        sm.unseal(sm.Application(APPLICATION.app_id, "another secret 32 characters long", _public, _private), message)
