"""2301 住院费用明细上传 and 2302 住院费用明细撤销."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from gongji.benefit.split import Approval
from gongji.entrances.national.fields import AMOUNT, MOMENT, NESTED, PRICE, SIGNED_COUNT, C, choice
from gongji.entrances.national.inpatient import own_stay
from gongji.entrances.national.lines import UploadedRow, item_key, priced, refuse_repeats, uploaded_row
from gongji.entrances.national.messages import asked, free, needed, node, read_rows, write_node
from gongji.entrances.national.transaction import Answer, Call, Transaction
from gongji.foundation.errors import InvalidInput
from gongji.settlement import admission_lines
from gongji.settlement.reception import catalogue_items


@node("feedetail", "表 91 住院费用明细", many=True)
class StayFee:
    """A fee line of a stay, or one that gives pieces of another back."""

    feedetl_sn: str = needed(C(30), "费用明细流水号", "unique in the stay")
    init_feedetl_sn: str = free(
        C(30), "原费用流水号", "the line that is taken back; then cnt and amount are below zero"
    )
    mdtrt_id: str = needed(C(30), "就诊ID")
    drord_no: str = free(C(30), "医嘱号")
    psn_no: str = needed(C(30), "人员编号")
    med_type: str = asked(C(6), "医疗类别")
    fee_ocur_time: datetime = needed(MOMENT, "费用发生时间", "a day of the stay")
    med_list_codg: str = needed(C(50), "医疗目录编码")
    medins_list_codg: str = asked(C(150), "医药机构目录编码")
    det_item_fee_sumamt: int = needed(AMOUNT, "明细项目费用总额")
    cnt: int = needed(SIGNED_COUNT, "数量")
    pric: int = needed(PRICE, "单价")
    bilg_dept_codg: str = asked(C(30), "开单科室编码")
    bilg_dept_name: str = asked(C(100), "开单科室名称")
    bilg_dr_codg: str = asked(C(30), "开单医生编码")
    bilg_dr_name: str = asked(C(50), "开单医师姓名")
    acord_dept_codg: str = free(C(30), "受单科室编码")
    acord_dept_name: str = free(C(100), "受单科室名称")
    orders_dr_code: str = free(C(30), "受单医生编码")
    orders_dr_name: str = free(C(50), "受单医生姓名")
    hosp_appr_flag: Approval | None = free(choice(3, Approval), "医院审批标志", "0 not needed, 1 yes, 2 refused")
    tcmdrug_used_way: str = free(C(6), "中药使用方式")
    etip_flag: str = free(C(3), "外检标志")
    etip_hosp_code: str = free(C(30), "外检医院编码")
    dscg_tkdrug_flag: str = free(C(3), "出院带药标志")
    matn_fee_flag: str = free(C(6), "生育费用标志")
    memo: str = free(C(500), "备注")
    comb_no: str = free(C(3), "组套编号")
    exp_content: Any = free(NESTED, "字段扩展")


@node("data", "表 93 住院费用明细撤销", many=True)
class StayFeeNamed:
    """A fee line of a stay by its number."""

    feedetl_sn: str = needed(C(30), "费用明细流水号", "0000: all that are not settled")
    mdtrt_id: str = needed(C(30), "就诊ID")
    psn_no: str = needed(C(30), "人员编号")
    exp_content: Any = free(NESTED, "字段扩展")


def upload(call: Call) -> Answer:
    """2301."""
    details = read_rows(StayFee, call.input)
    refuse_repeats(details, "feedetail")
    _refuse_several(details, "feedetail")
    first = details[0]
    with call.platform.database.transaction() as connection:
        known = own_stay(connection, call, first.psn_no, first.mdtrt_id, "feedetail[0]")
        keys = [item_key(call.institution.region, each) for each in details]
        items = catalogue_items(connection, frozenset(keys))
        lines = [
            priced(
                each,
                items.get(key),
                batch="",
                approval=each.hosp_appr_flag or "",
                takes_back=each.init_feedetl_sn,
            )
            for each, key in zip(details, keys, strict=True)
        ]
        kept = admission_lines.upload_lines(connection, known, lines, call.received_at)
    return Answer({"result": [write_node(uploaded_row(fee)) for fee in kept]})


def withdraw(call: Call) -> Answer:
    """2302."""
    rows = read_rows(StayFeeNamed, call.input)
    _refuse_several(rows, "data")
    with call.platform.database.transaction() as connection:
        known = own_stay(connection, call, rows[0].psn_no, rows[0].mdtrt_id, "data")
        admission_lines.drop_lines(connection, known, [row.feedetl_sn for row in rows])
    return Answer({})


class _OfStay(Protocol):
    @property
    def mdtrt_id(self) -> str: ...
    @property
    def psn_no(self) -> str: ...


def _refuse_several(rows: Sequence[_OfStay], node_name: str) -> None:
    for number, row in enumerate(rows):
        if (row.mdtrt_id, row.psn_no) != (rows[0].mdtrt_id, rows[0].psn_no):
            path = f"input.{node_name}[{number}]"
            raise InvalidInput(
                "fee_line.other_visit",
                f"{path} belongs to another stay or person than the first line",
                f"{path} 的就诊ID或人员编号与第 1 行不同：一次只能上传一次住院的明细",
                field=f"{path}.mdtrt_id",
                accepted="lines of one stay",
            )


TRANSACTIONS = (
    Transaction("2301", "住院费用明细上传", (StayFee,), (UploadedRow,), upload),
    Transaction("2302", "住院费用明细撤销", (StayFeeNamed,), (), withdraw),
)
