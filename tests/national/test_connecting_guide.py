"""The shell commands of docs/connect-a-hospital.md, run as they are printed against a served platform."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gongji.entrances.loading import load_files
from gongji.entrances.national.gateway import NationalGateway
from gongji.entrances.platform import Platform
from gongji.entrances.server import serving
from gongji.foundation.clock import SystemClock
from gongji.foundation.database import Database
from gongji.foundation.personal import Vault
from gongji.foundation.settings import Settings
from gongji.rules.book import RuleBook

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "docs" / "connect-a-hospital.md"
WORLD = ROOT / "src" / "gongji" / "entrances" / "demo" / "world"


@pytest.mark.skipif(not (shutil.which("bash") and shutil.which("curl")), reason="needs bash and curl")
def test_commands_of_the_guide_do_what_it_says(database: Database, vault: Vault, tmp_path: Path) -> None:
    platform = Platform(Settings(data=tmp_path), database, vault, SystemClock(), RuleBook.shipped())
    load_files(database, vault, platform.clock, sorted(WORLD.glob("*.csv")))
    script = "\n".join(re.findall(r"```bash\n(.*?)```", GUIDE.read_text(), flags=re.DOTALL))
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    with serving(NationalGateway(platform), "127.0.0.1", 0) as base:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script], env={"BASE": base, "PATH": path},
            capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
    platform.close()
    assert done.returncode == 0, done.stderr + done.stdout
    answers = [json.loads(found) for found in re.findall(r'\{"infcode".*?"signtype":null\}', done.stdout)]
    assert len(answers) == 21
    assert [answer["err_msg"] for answer in answers] == [None] * 21
    paid = answers[4]["output"]["setlinfo"]
    assert (paid["medfee_sumamt"], paid["acct_pay"], paid["psn_cash_pay"]) == (1200.0, 200.0, 531.95)
    refund = answers[5]["output"]["setlinfo"]
    assert (refund["medfee_sumamt"], refund["balc"]) == (-1200.0, 200.0)
    admitted, uploaded, in_house, _, _, stay, back = answers[7:14]
    assert json.loads(admitted["output"]["result"]["exp_content"]) == {"deposit_amt": "200.00", "deposit_acct": "1"}
    assert [row["det_item_fee_sumamt"] for row in uploaded["output"]["result"]] == [1600, -800]
    assert [one["ipt_otp_no"] for one in in_house["output"]["data"]] == ["ZY0001"]
    info = stay["output"]["setlinfo"]
    assert (info["fund_pay_sumamt"], info["acct_pay"], info["psn_cash_pay"], info["balc"]) == (0, 200.0, 600.0, 0)
    assert (back["output"]["setlinfo"]["acct_pay"], back["output"]["setlinfo"]["balc"]) == (-200.0, 200.0)
    assert "settled once: " in done.stdout
    undone, sums, diseases, withdrawn = answers[17:]
    assert (undone["output"], withdrawn["output"]) == (None, None)
    assert sums["output"]["stmtinfo"]["stmt_rslt"] == "0", sums
    assert diseases["output"] == {"feedetail": []}
    result = [line.split("\t") for line in done.stdout.splitlines() if line.count("\t") == 9]
    assert [(cells[4], cells[7]) for cells in result] == [("1", "1200.00"), ("1", "-1200.00"), ("0", "1200.00")]
