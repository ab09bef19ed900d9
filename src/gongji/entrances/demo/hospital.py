"""A hospital's or pharmacy's system, as small as it can be: it signs, numbers and posts messages, and reads answers."""

from __future__ import annotations

import base64
import hashlib
import io
import itertools
import secrets
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import httpx

from gongji.foundation.clock import CHINA
from gongji.foundation.errors import GongjiError
from gongji.foundation.money import parse_yuan, yuan


@dataclass(frozen=True, slots=True)
class Item:
    """Something on a bill: code and name of the catalogue, how many, and the unit price in yuan."""

    code: str
    name: str
    count: int
    price: str


def sign_x_tif(paasid: str, secret: str, now: datetime) -> dict[str, str]:
    """The four headers of the x-tif dialect, with a fresh nonce."""
    timestamp, nonce = str(int(now.timestamp())), secrets.token_hex(16)
    return {
        "x-tif-paasid": paasid,
        "x-tif-timestamp": timestamp,
        "x-tif-nonce": nonce,
        "x-tif-signature": hashlib.sha256(f"{timestamp}{secret}{nonce}{timestamp}".encode()).hexdigest(),
    }


@dataclass
class InstitutionSystem:
    """The system of one institution, talking to the national interface at `base`.

    Attributes:
        client: the HTTP client.
        base: address of the platform.
        code, name, region: the institution.
        paasid, secret: what it signs with (x-tif dialect).
    """

    client: httpx.Client
    base: str
    code: str
    name: str
    region: str
    paasid: str
    secret: str
    _serial: Any = field(default_factory=lambda: itertools.count(1))

    def send(self, infno: str, **nodes: object) -> dict[str, Any]:
        """Send a transaction.

        Returns:
            Its output nodes.

        Raises:
            GongjiError: ``demo.refused`` with the platform's err_msg when infcode is not 0.
        """
        answer = self.post(self.message(infno, nodes)).json()
        if answer.get("infcode") != 0:
            reason = str(answer.get("err_msg"))
            raise GongjiError("demo.refused", f"{infno} was refused: {reason}", f"{infno} 被拒绝：{reason}")
        output = answer.get("output")
        return output if isinstance(output, dict) else {}

    def post(self, message: Mapping[str, object]) -> httpx.Response:
        """The raw response to a message, signed afresh."""
        signed = sign_x_tif(self.paasid, self.secret, datetime.now(CHINA))
        return self.client.post(f"{self.base}/fsi/api/callService", json=message, headers=signed)

    def message(self, infno: str, nodes: object) -> dict[str, Any]:
        """A whole message with a fresh msgid."""
        now = datetime.now(CHINA)
        return {
            "infno": infno,
            "msgid": f"{self.code}{now:%Y%m%d%H%M%S}{next(self._serial):04d}",
            "mdtrtarea_admvs": self.region,
            "insuplc_admdvs": self.region,
            "recer_sys_code": "GONGJI",
            "infver": "V1.0",
            "opter_type": "1",
            "opter": "0053",
            "opter_name": "收费员",
            "inf_time": f"{now:%Y-%m-%d %H:%M:%S}",
            "fixmedins_code": self.code,
            "fixmedins_name": self.name,
            "sign_no": "",
            "input": nodes,
        }

    def identify(self, certificate: str) -> dict[str, Any]:
        """1101: who is this, by the ID card that they show."""
        return self.send("1101", data={"mdtrt_cert_type": "02", "mdtrt_cert_no": certificate, "begntime": ""})

    def register(self, psn_no: str, certificate: str, insutype: str, med_type: str = "11", disease: str = "") -> str:
        """2201 and 2203: register a visit and say what it is for; gives the mdtrt_id."""
        now = f"{datetime.now(CHINA):%Y-%m-%d %H:%M:%S}"
        registered = self.send(
            "2201",
            data={
                "psn_no": psn_no,
                "insutype": insutype,
                "begntime": now,
                "mdtrt_cert_type": "02",
                "mdtrt_cert_no": certificate,
                "ipt_otp_no": f"MZ{next(self._serial):06d}",
                "atddr_no": "D210001",
                "dr_name": "赵医生",
                "dept_code": "0301",
                "dept_name": "心血管内科",
                "caty": "A03.03",
            },
        )["data"]
        mdtrt_id = str(registered["mdtrt_id"])
        self.send(
            "2203",
            mdtrtinfo={
                "mdtrt_id": mdtrt_id,
                "psn_no": psn_no,
                "med_type": med_type,
                "begntime": now,
                "dise_codg": disease,
            },
            diseinfo=[
                {
                    "diag_type": "1",
                    "diag_srt_no": 1,
                    "diag_code": "I25.103",
                    "diag_name": "冠状动脉粥样硬化性心脏病",
                    "diag_dept": "心血管内科",
                    "dise_dor_no": "D210001",
                    "dise_dor_name": "赵医生",
                    "diag_time": now,
                    "vali_flag": "1",
                }
            ],
        )
        return mdtrt_id

    def upload(self, psn_no: str, mdtrt_id: str, items: Sequence[Item]) -> str:
        """2204: upload the fee lines of one charging batch; gives the batch."""
        batch = f"B{next(self._serial):06d}"
        common = {"mdtrt_id": mdtrt_id, "psn_no": psn_no, "chrg_bchno": batch, "hosp_appr_flag": "0"}
        doctor = {
            "bilg_dept_codg": "0301",
            "bilg_dept_name": "心血管内科",
            "bilg_dr_codg": "D210001",
            "bilg_dr_name": "赵医生",
        }
        self.send("2204", feedetail=[self._line(item) | common | doctor for item in items])
        return batch

    def settle(
        self,
        infno: str,
        psn_no: str,
        certificate: str,
        insutype: str,
        mdtrt_id: str,
        batch: str,
        total: str,
        flag: str,
        med_type: str = "11",
    ) -> dict[str, Any]:
        """2206 or 2207: what will be, or is, paid by whom; gives the output nodes."""
        return self.send(
            infno,
            data={
                "psn_no": psn_no,
                "mdtrt_cert_type": "02",
                "mdtrt_cert_no": certificate,
                "med_type": med_type,
                "medfee_sumamt": total,
                "psn_setlway": "01",
                "mdtrt_id": mdtrt_id,
                "chrg_bchno": batch,
                "acct_used_flag": flag,
                "insutype": insutype,
            },
        )

    def sell(
        self,
        person: Mapping[str, Any],
        certificate: str,
        insutype: str,
        items: Sequence[Item],
        flag: str,
        infno: str = "2102",
    ) -> dict[str, Any]:
        """2102 (or 2101): a purchase at a pharmacy, lines and all; gives the output nodes."""
        return self.send(
            infno,
            druginfo={
                "psn_no": person["psn_no"],
                "mdtrt_cert_type": "02",
                "mdtrt_cert_no": certificate,
                "psn_cert_type": "01",
                "certno": certificate,
                "psn_name": person["psn_name"],
                "begntime": f"{datetime.now(CHINA):%Y-%m-%d %H:%M:%S}",
                "medfee_sumamt": total_of(items),
                "insutype": insutype,
                "acct_used_flag": flag,
                "med_type": "41",
            },
            drugdetail=[self._line(item) for item in items],
        )

    def take_back(self, infno: str, setlinfo: Mapping[str, Any]) -> dict[str, Any]:
        """2208 or 2103: give a settlement back; gives the output nodes."""
        return self.send(infno, data={name: setlinfo[name] for name in ("setl_id", "mdtrt_id", "psn_no")})

    def compare(self, settlements: Sequence[Mapping[str, Any]]) -> None:
        """9101 and 3202: hold what the institution's own books have of today (as setlinfo told it) against the centre's."""
        rows = ["\t".join(_row_of(one)) + "\n" for one in settlements]
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("detail.txt", "".join(rows))
        file = {"in": base64.b64encode(packed.getvalue()).decode(), "filename": "明细.zip", "fixmedins_code": self.code}
        number = self.send("9101", fsUploadIn=file)["file_qury_no"]
        today = f"{datetime.now(CHINA):%Y-%m-%d}"
        self.send(
            "3202",
            data={
                "file_qury_no": number,
                "stmt_begndate": today,
                "stmt_enddate": today,
                "medfee_sumamt": _sum_of(settlements, "medfee_sumamt"),
                "fund_pay_sumamt": _sum_of(settlements, "fund_pay_sumamt"),
                "cash_payamt": _sum_of(settlements, "psn_cash_pay"),
                "fixmedins_setl_cnt": str(len(settlements)),
            },
        )

    def _line(self, item: Item) -> dict[str, object]:
        return {
            "feedetl_sn": f"{next(self._serial):08d}",
            "rx_circ_flag": "0",
            "fee_ocur_time": f"{datetime.now(CHINA):%Y-%m-%d %H:%M:%S}",
            "med_list_codg": item.code,
            "medins_list_codg": item.code,
            "det_item_fee_sumamt": total_of([item]),
            "cnt": str(item.count),
            "pric": item.price,
        }


def _row_of(setlinfo: Mapping[str, Any]) -> list[str]:
    """A settlement as a line of the file of 3202."""
    told = [str(setlinfo[name]) for name in ("setl_id", "mdtrt_id", "psn_no")]
    amounts = [_sum_of([setlinfo], name) for name in ("medfee_sumamt", "fund_pay_sumamt", "acct_pay")]
    return [*told, *amounts, "1" if amounts[0].startswith("-") else "0"]


def _sum_of(settlements: Sequence[Mapping[str, Any]], field: str) -> str:
    return yuan(sum(parse_yuan(one[field], field, negative=True) for one in settlements))


def total_of(items: Sequence[Item]) -> str:
    """What items cost together, in yuan."""
    return yuan(sum(item.count * parse_yuan(item.price, "price") for item in items))
