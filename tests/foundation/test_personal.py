"""Personal data: sealed at rest, found by a keyed index, masked for others and in every log."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gongji.foundation.errors import Misconfigured
from gongji.foundation.personal import Vault, mask_name, mask_number, open_vault
from gongji.foundation.settings import Settings
from gongji.foundation.telemetry import masked

MOTHERS_NUMBER = "211202195508130022"


@given(st.text(max_size=60))
def test_what_is_sealed_opens_and_looks_different_every_time(text: str) -> None:
    vault = Vault(b"\x01" * 32)
    assert vault.open(vault.seal(text)) == text
    assert vault.seal(text) != vault.seal(text)


def test_another_secret_does_not_open_it_and_finds_nothing() -> None:
    mine, other = Vault(b"\x01" * 32), Vault(b"\x02" * 32)
    with pytest.raises(Misconfigured) as refused:
        other.open(mine.seal("王秀兰"))
    assert refused.value.code == "secret.wrong"
    assert mine.index("certificate", MOTHERS_NUMBER) != other.index("certificate", MOTHERS_NUMBER)
    assert mine.index("certificate", MOTHERS_NUMBER) != mine.index("card", MOTHERS_NUMBER)


def test_a_changed_byte_is_noticed() -> None:
    vault = Vault(b"\x01" * 32)
    sealed = bytearray(vault.seal("王秀兰"))
    sealed[14] ^= 1
    with pytest.raises(Misconfigured):
        vault.open(bytes(sealed))


def test_a_new_installation_makes_its_secret_once_readable_by_nobody_else(tmp_path: Path) -> None:
    first = open_vault(Settings(data=tmp_path))
    assert open_vault(Settings(data=tmp_path)).fingerprint == first.fingerprint
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600


def test_of_a_name_or_number_so_much_is_shown() -> None:
    assert mask_number(MOTHERS_NUMBER) == "2112************22"
    assert mask_number("12345") == "*****"
    assert [mask_name(name) for name in ("王秀兰", "李强", "阿", "买买提·艾力")] == ["**兰", "*强", "阿", "*****力"]


def test_logs_show_no_name_and_no_number_however_deep() -> None:
    event = {
        "event": f"1101 for {MOTHERS_NUMBER}, call 13812345678",
        "psn_name": "王秀兰",
        "input": {"data": [{"certno": MOTHERS_NUMBER, "amount": 126850}]},
        "msgid": "H21120000101202611221030000001",
    }
    shown = str({key: masked(value, key) for key, value in event.items()})
    assert MOTHERS_NUMBER not in shown
    assert "13812345678" not in shown
    assert "王秀" not in shown
    assert "H21120000101202611221030000001" in shown
    assert "126850" in shown
