"""国密: SM2 by the system's OpenSSL 3, SM3 and SM4 by `cryptography`.

SM2 (GB/T 32918) is in no maintained Python library with sound nonces, but in every libcrypto since 1.1.1; it is called in
this process. Keys travel as hospitals hand them on: a private key as 32 bytes, a public key as 65 bytes (04, x, y).
"""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, Final

from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from gongji.foundation.errors import GongjiError, InvalidInput, Misconfigured

#: Who signs, where the parties have agreed on nothing else (GM/T 0009).
DEFAULT_ID: Final = b"1234567812345678"

#: Longest text that is signed, encrypted or decrypted in one call, in bytes.
LONGEST: Final = 4_000_000

_OPENSSL_3: Final = 0x30000000

#: SubjectPublicKeyInfo and PKCS#8 of a key on the curve sm2p256v1, up to the key itself.
_PUBLIC: Final = bytes.fromhex("3059301306072a8648ce3d020106082a811ccf5501822d034200")
_PRIVATE: Final = bytes.fromhex("3041020100301306072a8648ce3d020106082a811ccf5501822d042730250201010420")

_SEQUENCE, _INTEGER, _OCTETS = 0x30, 0x02, 0x04


def sm3(content: bytes) -> bytes:
    """The SM3 digest, 32 bytes."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(content)
    return digest.finalize()


def sm4_encrypt(key: bytes, content: bytes) -> bytes:
    """SM4 in ECB with PKCS#7 padding, as the mobile payment centre's text prescribes; not for anything else.

    Raises:
        InvalidInput: ``guomi.key``, ``guomi.too_large``.
    """
    padder = padding.PKCS7(128).padder()
    encryptor = _sm4(key, content).encryptor()
    return encryptor.update(padder.update(content) + padder.finalize()) + encryptor.finalize()


def sm4_decrypt(key: bytes, sealed: bytes) -> bytes:
    """The opposite of `sm4_encrypt`.

    Raises:
        InvalidInput: ``guomi.key``, ``guomi.too_large``; ``guomi.ciphertext`` when it is cut short or of another key.
    """
    decryptor = _sm4(key, sealed).decryptor()
    if not sealed or len(sealed) % 16:
        raise unreadable()
    unpadder = padding.PKCS7(128).unpadder()
    try:
        return unpadder.update(decryptor.update(sealed) + decryptor.finalize()) + unpadder.finalize()
    except ValueError:
        raise unreadable() from None


def _sm4(key: bytes, content: bytes) -> Cipher[modes.ECB]:
    if len(key) != 16:
        raise _bad_key("an SM4 key has 16 bytes", "SM4 密钥应为 16 字节")
    _check_length(content)
    return Cipher(algorithms.SM4(key), modes.ECB())


def sm2_sign(private: bytes, content: bytes, identity: bytes = DEFAULT_ID) -> bytes:
    """SM2 with SM3 over a text: r and s, 64 bytes.

    Raises:
        InvalidInput: ``guomi.key``, ``guomi.too_large``.
        Misconfigured: ``guomi.no_libcrypto``.
    """
    _check_length(content)
    lib = libcrypto()
    with _key(private, public=False) as key, _digest(lib, key, identity) as context:
        _done(lib.EVP_DigestSignInit(context, None, lib.EVP_sm3(), None, key))
        signature, length = ctypes.create_string_buffer(128), ctypes.c_size_t(128)
        _done(lib.EVP_DigestSign(context, signature, ctypes.byref(length), content, len(content)))
    r, s = decode_dss_signature(signature.raw[: length.value])
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def sm2_verify(public: bytes, content: bytes, signature: bytes, identity: bytes = DEFAULT_ID) -> bool:
    """Whether a signature of 64 bytes (r and s) is this key's over this text; whatever else it may be, it is not.

    Raises:
        InvalidInput: ``guomi.key``, ``guomi.too_large``.
        Misconfigured: ``guomi.no_libcrypto``.
    """
    _check_length(content)
    lib = libcrypto()
    with _key(public, public=True) as key:
        if len(signature) != 64:
            return False
        der = encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))
        with _digest(lib, key, identity) as context:
            _done(lib.EVP_DigestVerifyInit(context, None, lib.EVP_sm3(), None, key))
            right: int = lib.EVP_DigestVerify(context, der, len(der), content, len(content))
        lib.ERR_clear_error()
        return right == 1


def sm2_encrypt(public: bytes, content: bytes) -> bytes:
    """SM2 encryption: the point C1 (65 bytes), the digest C3 (32), the text C2, in the order of GB/T 32918.4-2016.

    Raises:
        InvalidInput: ``guomi.key``, ``guomi.too_large``, also for an empty text, which SM2 has no form for.
        Misconfigured: ``guomi.no_libcrypto``.
    """
    _check_length(content)
    if not content:
        raise unreadable()
    with _key(public, public=True) as key:
        return _raw_from_der(_crypt(key, content, "encrypt"))


def sm2_decrypt(private: bytes, sealed: bytes) -> bytes:
    """The opposite of `sm2_encrypt`.

    Raises:
        InvalidInput: ``guomi.key``, ``guomi.too_large``; ``guomi.ciphertext`` when it is cut, altered or of another key.
        Misconfigured: ``guomi.no_libcrypto``.
    """
    _check_length(sealed)
    if len(sealed) < 98 or sealed[0] != 4:
        raise unreadable()
    with _key(private, public=False) as key:
        return _crypt(key, _der_from_raw(sealed), "decrypt")


def sm2_keypair() -> tuple[bytes, bytes]:
    """A fresh private key (32 bytes) and its public key (65 bytes).

    Raises:
        Misconfigured: ``guomi.no_libcrypto``.
    """
    lib = libcrypto()
    key = lib.EVP_PKEY_Q_keygen(None, None, b"SM2")
    if not key:
        raise _failed()
    try:
        private = ctypes.c_void_p()
        _done(lib.EVP_PKEY_get_bn_param(key, b"priv", ctypes.byref(private)))
        number = ctypes.create_string_buffer(32)
        lib.BN_bn2binpad(private, number, 32)
        lib.BN_clear_free(private)
        der = ctypes.c_void_p()
        length = lib.i2d_PUBKEY(key, ctypes.byref(der))
        public = ctypes.string_at(der, length)[-65:]
        lib.CRYPTO_free(der, None, 0)
    finally:
        lib.EVP_PKEY_free(key)
    return number.raw, public


def _crypt(key: ctypes.c_void_p, content: bytes, verb: str) -> bytes:
    lib = libcrypto()
    context = ctypes.c_void_p(lib.EVP_PKEY_CTX_new(key, None))
    try:
        _done(getattr(lib, f"EVP_PKEY_{verb}_init")(context))
        length = ctypes.c_size_t(len(content) + 256)
        result = ctypes.create_string_buffer(length.value)
        if getattr(lib, f"EVP_PKEY_{verb}")(context, result, ctypes.byref(length), content, len(content)) != 1:
            lib.ERR_clear_error()
            raise unreadable()
        return result.raw[: length.value]
    finally:
        lib.EVP_PKEY_CTX_free(context)


@contextmanager
def _key(raw: bytes, *, public: bool) -> Iterator[ctypes.c_void_p]:
    """The key as libcrypto holds it."""
    lib = libcrypto()
    right = len(raw) == 65 and raw[0] == 4 if public else len(raw) == 32 and any(raw)
    if not right:
        raise _bad_key(
            "an SM2 public key has 65 bytes beginning with 04, a private key 32",
            "SM2 公钥应为 65 字节（04 开头），私钥应为 32 字节",
        )
    der = (_PUBLIC if public else _PRIVATE) + raw
    place = ctypes.c_char_p(der)
    read: Callable[..., int] = lib.d2i_PUBKEY if public else lib.d2i_AutoPrivateKey
    handle = ctypes.c_void_p(read(None, ctypes.byref(place), len(der)))
    if not handle:
        lib.ERR_clear_error()
        raise _bad_key("this is no key on the curve of SM2", "密钥不在 SM2 曲线上")
    try:
        yield handle
    finally:
        lib.EVP_PKEY_free(handle)


@contextmanager
def _digest(lib: Any, key: ctypes.c_void_p, identity: bytes) -> Iterator[ctypes.c_void_p]:
    """A context for signing as `identity`."""
    whose = ctypes.c_void_p(lib.EVP_PKEY_CTX_new(key, None))
    context = ctypes.c_void_p(lib.EVP_MD_CTX_new())
    try:
        _done(lib.EVP_PKEY_CTX_set1_id(whose, identity, len(identity)))
        lib.EVP_MD_CTX_set_pkey_ctx(context, whose)
        yield context
    finally:
        lib.EVP_MD_CTX_free(context)
        lib.EVP_PKEY_CTX_free(whose)


@cache
def libcrypto() -> Any:
    """The system's OpenSSL 3.

    Raises:
        Misconfigured: ``guomi.no_libcrypto`` when there is none, or an older one.
    """
    name = ctypes.util.find_library("crypto") or "libcrypto.so.3"
    try:
        lib = ctypes.CDLL(name)
        lib.OpenSSL_version_num.restype = ctypes.c_ulong
        recent = lib.OpenSSL_version_num() >= _OPENSSL_3
    except (OSError, AttributeError):
        recent = False
    if not recent:
        raise Misconfigured(
            "guomi.no_libcrypto",
            "SM2 needs the system's OpenSSL 3 (libcrypto.so.3): install it, or do without mobile payment's signatures",
            "SM2 需要系统的 OpenSSL 3（libcrypto.so.3）：请先安装",
        )
    pointer, size, whole = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int
    for function, result, arguments in (
        ("d2i_PUBKEY", pointer, [pointer, pointer, ctypes.c_long]),
        ("d2i_AutoPrivateKey", pointer, [pointer, pointer, ctypes.c_long]),
        ("i2d_PUBKEY", whole, [pointer, pointer]),
        ("EVP_PKEY_Q_keygen", pointer, None),
        ("EVP_PKEY_get_bn_param", whole, [pointer, ctypes.c_char_p, pointer]),
        ("BN_bn2binpad", whole, [pointer, pointer, whole]),
        ("BN_clear_free", None, [pointer]),
        ("CRYPTO_free", None, [pointer, ctypes.c_char_p, whole]),
        ("EVP_PKEY_free", None, [pointer]),
        ("EVP_PKEY_CTX_new", pointer, [pointer, pointer]),
        ("EVP_PKEY_CTX_free", None, [pointer]),
        ("EVP_PKEY_CTX_set1_id", whole, [pointer, ctypes.c_char_p, whole]),
        ("EVP_MD_CTX_new", pointer, []),
        ("EVP_MD_CTX_free", None, [pointer]),
        ("EVP_MD_CTX_set_pkey_ctx", None, [pointer, pointer]),
        ("EVP_sm3", pointer, []),
        ("EVP_DigestSignInit", whole, [pointer] * 5),
        ("EVP_DigestVerifyInit", whole, [pointer] * 5),
        ("EVP_DigestSign", whole, [pointer, pointer, pointer, ctypes.c_char_p, size]),
        ("EVP_DigestVerify", whole, [pointer, ctypes.c_char_p, size, ctypes.c_char_p, size]),
        ("EVP_PKEY_encrypt_init", whole, [pointer]),
        ("EVP_PKEY_decrypt_init", whole, [pointer]),
        ("EVP_PKEY_encrypt", whole, [pointer, pointer, pointer, ctypes.c_char_p, size]),
        ("EVP_PKEY_decrypt", whole, [pointer, pointer, pointer, ctypes.c_char_p, size]),
        ("ERR_clear_error", None, []),
    ):
        found = getattr(lib, function)
        found.restype = result
        if arguments is not None:
            found.argtypes = arguments
    return lib


def _raw_from_der(der: bytes) -> bytes:
    """C1, C3 and C2 from GM/T 0009's SEQUENCE of x, y, digest and text."""
    _, body, _ = _read(der)
    parts = []
    while body:
        _, value, body = _read(body)
        parts.append(value)
    x, y, digest, text = parts
    return b"\x04" + _wide(x) + _wide(y) + digest + text


def _der_from_raw(raw: bytes) -> bytes:
    parts = (_number(raw[1:33]), _number(raw[33:65]), _written(_OCTETS, raw[65:97]), _written(_OCTETS, raw[97:]))
    return _written(_SEQUENCE, b"".join(parts))


def _read(der: bytes) -> tuple[int, bytes, bytes]:
    """Tag, value and what comes after."""
    length, start = der[1], 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(der[2:start], "big")
    return der[0], der[start : start + length], der[start + length :]


def _written(tag: int, value: bytes) -> bytes:
    length = len(value)
    if length < 0x80:
        return bytes([tag, length]) + value
    size = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + value


def _number(raw: bytes) -> bytes:
    stripped = raw.lstrip(b"\0") or b"\0"
    return _written(_INTEGER, b"\0" + stripped if stripped[0] & 0x80 else stripped)


def _wide(value: bytes) -> bytes:
    return value.lstrip(b"\0").rjust(32, b"\0")


def _check_length(content: bytes) -> None:
    if len(content) > LONGEST:
        raise InvalidInput(
            "guomi.too_large",
            f"the text is longer than {LONGEST} bytes",
            f"内容超过 {LONGEST} 字节，无法加密、解密或签名",
            accepted=f"at most {LONGEST} bytes",
        )


def unreadable() -> InvalidInput:
    """``guomi.ciphertext``."""
    return InvalidInput(
        "guomi.ciphertext",
        "the text cannot be decrypted: it is empty, cut short, altered, or was encrypted with another key",
        "密文无法解密：内容为空、不完整、被改动，或不是用约定的密钥加密的",
        accepted="a whole text, encrypted with the agreed key",
    )


def _bad_key(en: str, zh: str) -> InvalidInput:
    return InvalidInput("guomi.key", en, zh, accepted="a key of this algorithm")


def _failed() -> GongjiError:
    return GongjiError("guomi.failed", "libcrypto could not do it", "国密算法库执行失败，请联系平台运维")


def _done(result: int) -> None:
    if result != 1:
        libcrypto().ERR_clear_error()
        raise _failed()
