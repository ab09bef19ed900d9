"""The Chinese guide: its commands and programs are run as they are printed, its tables are the sandbox's own."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gongji.entrances.sandbox.conformance.scenarios import SCENARIOS
from gongji.entrances.sandbox.failures import FailureKind
from gongji.entrances.sandbox.host import Sandbox
from gongji.entrances.sandbox.institutions import INSTITUTIONS
from gongji.entrances.sandbox.people import PEOPLE

GUIDE = (Path(__file__).parents[2] / "docs" / "sandbox.zh-CN.md").read_text()

SECRET, SECONDS, NONCE = "sandbox-secret-H21129900001", "1767225600", "0123456789abcdef"


def programs(language: str) -> list[str]:
    """The guide's blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", GUIDE, flags=re.DOTALL)


def run(command: list[str], address: str, folder: Path) -> str:
    """What a program prints that reaches the sandbox at an address."""
    done = subprocess.run(
        command, env={"BASE": address, "PATH": "/usr/bin:/bin:/usr/local/bin", "HOME": str(folder), "LANG": "C.UTF-8"},
        capture_output=True, text=True, timeout=120, check=False, cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


@pytest.mark.skipif(not (shutil.which("bash") and shutil.which("curl")), reason="needs bash and curl")
def test_commands_of_the_guide_do_what_it_says(address: str, sandbox: Sandbox, tmp_path: Path) -> None:
    told = run(["bash", "-eu", "-c", "\n".join(programs("bash"))], address, tmp_path)
    answers = [json.loads(found) for found in re.findall(r'\{"infcode".*?"signtype":null\}', told)]
    assert [answer["infcode"] for answer in answers] == [0] * len(answers)
    quoted, paid, back = [answer["output"]["setlinfo"] for answer in answers if "setlinfo" in (answer["output"] or {})]
    figures = ("medfee_sumamt", "hifp_pay", "acct_pay", "acct_mulaid_pay", "psn_cash_pay")
    assert [paid[name] for name in figures] == [800.0, 275.0, 525.0, 325.0, 0.0]
    assert [quoted[name] for name in figures] == [paid[name] for name in figures]
    assert [back[name] for name in figures] == [-800.0, -275.0, -525.0, -325.0, 0.0]
    for name in figures:
        assert f"| `{name}` | {paid[name]:.2f} |" in GUIDE
    assert "没有收到回复" in told
    assert re.search(r"^H21129900001\d{14}7777$", told, flags=re.MULTILINE)
    assert re.search(r"^\d{4}-01-01 00:", told, flags=re.MULTILINE)
    assert '"passed":1' in told


def test_python_s_program_signs_on(address: str, tmp_path: Path) -> None:
    (program,) = programs("python")
    assert run([sys.executable, "-c", program], address, tmp_path).startswith("0 20")


@pytest.mark.skipif(shutil.which("node") is None, reason="needs Node.js")
def test_javascript_s_program_signs_on(address: str, tmp_path: Path) -> None:
    (program,) = programs("javascript")
    assert run(["node", "-e", program], address, tmp_path).startswith("0 20")


@pytest.mark.skipif(shutil.which("javac") is None, reason="needs a JDK")
def test_java_s_program_signs_on(address: str, tmp_path: Path) -> None:
    (program,) = programs("java")
    (tmp_path / "First.java").write_text(program)
    assert json.loads(run(["java", "First.java"], address, tmp_path))["infcode"] == 0


@pytest.mark.parametrize("language", ["csharp", "go"])
def test_the_other_programs_name_the_known_answer_and_the_right_headers(language: str) -> None:
    (program,) = programs(language)
    assert "6a98fada" in program
    for name in ("x-tif-paasid", "x-tif-timestamp", "x-tif-nonce", "x-tif-signature"):
        assert f'"{name}"' in program
    assert re.search(r"timestamp \+ secret \+ nonce \+ timestamp", program)
    assert SECRET in program


def test_the_known_answers_are_right() -> None:
    key = SECRET.encode()
    api = f"_api_access_key=sandbox_H21129900001&_api_name=9001&_api_timestamp={SECONDS}000&_api_version=1.0.0"
    for answer in (
        hashlib.sha256(f"{SECONDS}{SECRET}{NONCE}{SECONDS}".encode()).hexdigest(),
        base64.b64encode(hmac.digest(key, api.encode(), "sha1")).decode(),
        hmac.new(key, f'{SECONDS}\n{{"infno":"9001"}}'.encode(), "sm3").hexdigest().upper(),
    ):
        assert f"`{answer}`" in GUIDE


def test_the_guide_s_tables_are_the_sandbox_s_own() -> None:
    for person in PEOPLE:
        assert f"| {person.name} | `{person.certificate.number}` | {person.case[0]} |" in GUIDE
    for institution in INSTITUTIONS:
        ended = "（定点已终止）" if institution.ended else ""
        assert f"| `{institution.code}` | {institution.name}{ended} | {institution.region} |" in GUIDE
    for scenario in SCENARIOS:
        assert f"| `{scenario.key}` | {scenario.title[0]} | {scenario.about} |" in GUIDE
    for kind in FailureKind:
        assert f"| `{kind}` |" in GUIDE
