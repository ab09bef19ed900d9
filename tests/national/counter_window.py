"""A hospital's or pharmacy's side of the interface, for tests: it signs and sends what real systems send."""

from __future__ import annotations

import hashlib
import itertools
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from gongji.registry.model import Person
from town import Town

SAMPLES = Path(__file__).parent / "samples"
SECRET = "test-secret"


def sample(name: str) -> dict[str, Any]:
    """A real message by its file's name."""
    return dict(json.loads((SAMPLES / f"{name}.json").read_text()))


def signed(town: Town, paasid: str, *, nonce: str, secret: str = SECRET, ahead: int = 0) -> dict[str, str]:
    """The four headers of the x-tif dialect, stamped `ahead` seconds from now."""
    stamp = str(int(town.clock.now().timestamp()) + ahead)
    digest = hashlib.sha256(f"{stamp}{secret}{nonce}{stamp}".encode()).hexdigest()
    return {
        "x-tif-paasid": paasid,
        "x-tif-timestamp": stamp,
        "x-tif-nonce": nonce,
        "x-tif-signature": digest,
        "content-type": "application/json",
    }


@dataclass
class Household:
    """A retired mother with ¥200.00 of her own and her son's ¥5,000.00 behind her; the mother is the patient."""

    mother: Person
    son: Person
    stranger: Person


@dataclass
class Window:
    """One institution's counter."""

    client: TestClient
    town: Town
    code: str
    numbers: Any = field(default_factory=lambda: itertools.count(1))

    def message(self, infno: str, nodes: object, **header: Any) -> dict[str, Any]:
        """A whole message with a fresh msgid."""
        now = self.town.clock.now()
        return {
            "infno": infno,
            "msgid": f"{self.code}{now:%Y%m%d%H%M%S}{next(self.numbers):04d}",
            "mdtrtarea_admvs": "211202",
            "insuplc_admdvs": "211200",
            "recer_sys_code": "FSI_LOCAL",
            "dev_no": "null",
            "dev_safe_info": "",
            "cainfo": "1",
            "signtype": "1",
            "infver": "V1.0",
            "opter_type": "1",
            "opter": "0053",
            "opter_name": "测试操作员",
            "inf_time": f"{now:%Y-%m-%d %H:%M:%S}",
            "fixmedins_code": self.code,
            "fixmedins_name": "测试机构",
            "sign_no": "null",
            "input": nodes,
        } | header

    def post(self, message: object, path: str = "/fsi/callService", headers: dict[str, str] | None = None) -> Any:
        """The raw response to a message (an object, or the very bytes)."""
        body = message if isinstance(message, bytes) else json.dumps(message, ensure_ascii=False).encode()
        if headers is None:
            headers = signed(self.town, f"paas-{self.code}", nonce=f"n{next(self.numbers)}")
        return self.client.post(path, content=body, headers=headers)

    def send(self, infno: str, nodes: object, **header: Any) -> dict[str, Any]:
        """The answer to a transaction, whatever it is."""
        response = self.post(self.message(infno, nodes, **header))
        assert response.status_code == 200
        assert response.headers["content-type"] == "application/json;charset=UTF-8"
        return dict(response.json())

    def done(self, infno: str, nodes: object, **header: Any) -> Any:
        """The output of a transaction that succeeds."""
        answer = self.send(infno, nodes, **header)
        assert answer["infcode"] == 0, answer
        return answer["output"]

    def sees(self, person: Person) -> None:
        """The person shows the identity card: 1101."""
        self.done("1101", {"data": {"mdtrt_cert_type": "02", "mdtrt_cert_no": person.certificate}})

    def refused(self, infno: str, nodes: object, **header: Any) -> str:
        """err_msg of a transaction that is refused."""
        answer = self.send(infno, nodes, **header)
        assert answer["infcode"] == -1, answer
        assert answer["inf_refmsgid"] is None
        assert answer["output"] is None
        return str(answer["err_msg"])
