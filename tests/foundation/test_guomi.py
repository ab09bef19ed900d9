"""国密 against the standard's own examples, round trips over any text, and what is refused in words."""

from __future__ import annotations

import ctypes.util
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gongji.foundation import guomi
from gongji.foundation.errors import InvalidInput, Misconfigured

#: GB/T 32918.5-2017, annexes A and C: one key pair, a signature and a ciphertext.
PRIVATE = bytes.fromhex("3945208F7B2144B13F36E38AC6D39F95889393692860B51A42FB81EF4DF7C5B8")
PUBLIC = bytes.fromhex(
    "04"
    "09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
    "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
)
SIGNATURE = bytes.fromhex(
    "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3"
    "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"
)
CIPHERTEXT = bytes.fromhex(
    "04"
    "04EBFC718E8D1798620432268E77FEB6415E2EDE0E073C0F4F640ECD2E149A73"
    "E858F9D81E5430A57B36DAAB8F950A3C64E6EE6A63094D99283AFF767E124DF0"
    "59983C18F809E262923C53AEC295D30383B54E39D609D160AFCB1908D0BD8766"
    "21886CA989CA9C7D58087307CA93092D651EFA"
)
SAMPLE = json.loads((Path(__file__).parents[1] / "national" / "samples" / "mobilepay_sm2_sm4_kat.json").read_text())
FIXTURE = SAMPLE["kat"]["sm2OpensslCrossFixture"]

KEYS = guomi.sm2_keypair()


def test_the_standards_signature_is_right_and_one_bit_less_is_not() -> None:
    assert guomi.sm2_verify(PUBLIC, b"message digest", SIGNATURE)
    assert not guomi.sm2_verify(PUBLIC, b"message digesT", SIGNATURE)
    assert not guomi.sm2_verify(PUBLIC, b"message digest", SIGNATURE[:-1] + b"\xab")
    assert not guomi.sm2_verify(PUBLIC, b"message digest", SIGNATURE, b"ALICE123@YAHOO.COM")
    assert not guomi.sm2_verify(KEYS[1], b"message digest", SIGNATURE)


def test_the_standards_ciphertext_opens() -> None:
    assert guomi.sm2_decrypt(PRIVATE, CIPHERTEXT) == b"encryption standard"


def test_the_payment_centres_signature_made_elsewhere_is_right() -> None:
    public = bytes.fromhex(FIXTURE["publicKeyHex130"])
    signature = bytes.fromhex(FIXTURE["opensslSignatureRsHex"])
    text = FIXTURE["message"].encode()
    assert guomi.sm2_verify(public, text, signature, FIXTURE["userId"].encode())
    ours = guomi.sm2_sign(bytes.fromhex(FIXTURE["privateKeyHex"]), text)
    assert ours != signature
    assert guomi.sm2_verify(public, text, ours)


def test_sm3_and_sm4_of_the_standards() -> None:
    """GB/T 32905 example 1 and GB/T 32907 example 1 (its one block, then the padding's)."""
    assert guomi.sm3(b"abc").hex() == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    block = bytes.fromhex("0123456789abcdeffedcba9876543210")
    assert guomi.sm4_encrypt(block, block)[:16].hex() == "681edf34d206965e86b3e94f536e4246"


@settings(max_examples=30)
@given(st.binary(min_size=1, max_size=3000))
def test_whatever_is_sealed_and_signed_opens_and_verifies(text: bytes) -> None:
    private, public = KEYS
    assert guomi.sm2_decrypt(private, guomi.sm2_encrypt(public, text)) == text
    assert guomi.sm2_verify(public, text, guomi.sm2_sign(private, text, b"me"), b"me")
    key = text[:1] * 16
    assert guomi.sm4_decrypt(key, guomi.sm4_encrypt(key, text)) == text


@settings(max_examples=60)
@given(st.binary(max_size=300))
def test_nonsense_is_refused_in_words(nonsense: bytes) -> None:
    with pytest.raises(InvalidInput, match="guomi"):
        guomi.sm2_decrypt(KEYS[0], nonsense)
    assert not guomi.sm2_verify(KEYS[1], b"text", nonsense)


@pytest.mark.parametrize("cut", [0, 1, 64, 97, 98, len(CIPHERTEXT) - 1])
def test_a_cut_text_is_refused(cut: int) -> None:
    with pytest.raises(InvalidInput, match=r"guomi\.ciphertext"):
        guomi.sm2_decrypt(PRIVATE, CIPHERTEXT[:cut])


def test_another_key_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"guomi\.ciphertext"):
        guomi.sm2_decrypt(KEYS[0], CIPHERTEXT)
    sealed = guomi.sm4_encrypt(b"k" * 16, b"a text of twenty byt")
    with pytest.raises(InvalidInput, match=r"guomi\.ciphertext"):
        guomi.sm4_decrypt(b"k" * 16, sealed[:-1])


@pytest.mark.parametrize("key", [b"", b"\4" * 64, b"\4" + b"\0" * 64, b"\2" + b"\1" * 32, b"\0" * 32])
def test_what_is_no_key_is_refused(key: bytes) -> None:
    with pytest.raises(InvalidInput, match=r"guomi\.key"):
        guomi.sm2_verify(key, b"text", SIGNATURE)
    if len(key) != 33:
        with pytest.raises(InvalidInput, match=r"guomi\.key"):
            guomi.sm2_sign(key, b"text")


def test_a_huge_text_is_refused_before_anything_is_computed() -> None:
    huge = b"x" * (guomi.LONGEST + 1)
    for attempt in (
        lambda: guomi.sm2_sign(PRIVATE, huge),
        lambda: guomi.sm2_verify(PUBLIC, huge, SIGNATURE),
        lambda: guomi.sm2_encrypt(PUBLIC, huge),
        lambda: guomi.sm2_decrypt(PRIVATE, huge),
        lambda: guomi.sm4_encrypt(b"k" * 16, huge),
    ):
        with pytest.raises(InvalidInput, match=r"guomi\.too_large"):
            attempt()


def test_without_openssl_3_the_sentence_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ctypes.util, "find_library", lambda name: "libcrypto-of-nobody.so.9")
    guomi.libcrypto.cache_clear()
    try:
        with pytest.raises(Misconfigured, match=r"guomi\.no_libcrypto.*OpenSSL 3"):
            guomi.sm2_sign(PRIVATE, b"text")
    finally:
        guomi.libcrypto.cache_clear()
