"""Personal data: sealed at rest, found again by a keyed index, masked wherever it is shown to others.

SM4-GCM seals (GB/T 32907), HMAC-SM3 indexes (GB/T 32905): the algorithms that Chinese agencies must use. Both keys are
derived from the installation's one secret, so an index entry says nothing about the value without it.
"""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from gongji.foundation.errors import Misconfigured
from gongji.foundation.settings import Settings

_NONCE = 12
_TAG = 16


class Vault:
    """Seals and opens personal data and makes its index entries.

    Args:
        secret: the installation's secret, 32 bytes.
    """

    def __init__(self, secret: bytes) -> None:
        self._seal_key = hmac.new(secret, b"seal", "sm3").digest()[:16]
        self._index_key = hmac.new(secret, b"index", "sm3").digest()
        self._file_key = hmac.new(secret, b"file", "sm3").digest()
        self.fingerprint = hmac.new(secret, b"fingerprint", "sm3").hexdigest()[:16]

    def seal(self, text: str) -> bytes:
        """The text encrypted, as `seal_bytes` does it."""
        return self.seal_bytes(text.encode())

    def open(self, sealed: bytes) -> str:
        """The text that was sealed.

        Raises:
            Misconfigured: ``secret.wrong``, see `open_bytes`.
        """
        return self.open_bytes(sealed).decode()

    def seal_bytes(self, content: bytes) -> bytes:
        """The content (a photographed document) encrypted with a fresh nonce: ``nonce || ciphertext || tag``."""
        nonce = os.urandom(_NONCE)
        encryptor = Cipher(algorithms.SM4(self._seal_key), modes.GCM(nonce)).encryptor()
        body = encryptor.update(content) + encryptor.finalize()
        return nonce + body + encryptor.tag

    def open_bytes(self, sealed: bytes) -> bytes:
        """The content that was sealed.

        Raises:
            Misconfigured: ``secret.wrong`` when the data was sealed with another secret or has been altered.
        """
        nonce, body, tag = sealed[:_NONCE], sealed[_NONCE:-_TAG], sealed[-_TAG:]
        decryptor = Cipher(algorithms.SM4(self._seal_key), modes.GCM(nonce, tag)).decryptor()
        try:
            return decryptor.update(body) + decryptor.finalize()
        except InvalidTag:
            raise Misconfigured(
                "secret.wrong",
                "personal data does not open with this secret: set GONGJI_SECRET to the one it was sealed with",
                "个人信息无法解密：请把 GONGJI_SECRET 设为写入时使用的密钥",
                field="GONGJI_SECRET",
            ) from None

    def index(self, kind: str, value: str) -> bytes:
        """The 32-byte look-up key for a value of a kind (``certificate``, ``card``, ``token`` …)."""
        return hmac.new(self._index_key, f"{kind}\0{value}".encode(), "sm3").digest()

    def file_key(self, file_id: str) -> bytes:
        """The 32-byte key that a file's content is sealed with (see `gongji.foundation.files`)."""
        return hmac.new(self._file_key, file_id.encode(), "sm3").digest()


def open_vault(settings: Settings) -> Vault:
    """The vault with the installation's secret; a new installation makes one in its data folder, mode 0600."""
    if settings.secret:
        return Vault(bytes.fromhex(settings.secret))
    path: Path = settings.data / "secret.key"
    if not path.exists():
        settings.data.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_hex(32))
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass  # another process made it in the same moment; its key is the installation's
        finally:
            fresh.unlink()
    return Vault(bytes.fromhex(path.read_text().strip()))


def mask_number(number: str) -> str:
    """A certificate or card number with all but the first four and last two characters hidden."""
    if len(number) <= 6:
        return "*" * len(number)
    return number[:4] + "*" * (len(number) - 6) + number[-2:]


def mask_name(name: str) -> str:
    """A name with everything but its last character hidden, as Chinese agencies print it: 王秀兰 → ``**兰``."""
    return "*" * (len(name) - 1) + name[-1:] if len(name) > 1 else name
