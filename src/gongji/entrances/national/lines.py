"""Fee lines of a visit (2204) and of a purchase (2101, 2102): what comes in, and how each was split."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Protocol

from gongji.benefit.split import Approval
from gongji.entrances.national.fields import AMOUNT, COUNT, MOMENT, MONEY, NESTED, PRICE, RATIO, SMALL, C, choice
from gongji.entrances.national.messages import asked, free, needed, node
from gongji.foundation.errors import InvalidInput
from gongji.registry.model import CatalogueItem, ItemClass
from gongji.settlement.model import FeeLine, PricedLine
from gongji.settlement.reception import ItemKey


@node("feedetail", "表 79 费用明细列表", many=True)
class FeeDetail:
    """A fee line of a visit."""

    feedetl_sn: str = needed(C(30), "费用明细流水号", "unique in the visit")
    mdtrt_id: str = needed(C(30), "就诊ID")
    psn_no: str = needed(C(30), "人员编号")
    chrg_bchno: str = needed(C(30), "收费批次号")
    dise_codg: str = free(C(30), "病种编码")
    rxno: str = free(C(30), "处方号")
    rx_circ_flag: str = asked(C(3), "外购处方标志")
    fee_ocur_time: datetime = needed(MOMENT, "费用发生时间")
    med_list_codg: str = needed(C(50), "医疗目录编码")
    medins_list_codg: str = asked(C(150), "医药机构目录编码")
    det_item_fee_sumamt: int = needed(MONEY, "明细项目费用总额")
    cnt: int = needed(COUNT, "数量")
    pric: int = needed(PRICE, "单价")
    sin_dos_dscr: str = free(C(200), "单次剂量描述")
    used_frqu_dscr: str = free(C(200), "使用频次描述")
    prd_days: int | None = free(SMALL, "周期天数")
    medc_way_dscr: str = free(C(200), "用药途径描述")
    bilg_dept_codg: str = asked(C(30), "开单科室编码")
    bilg_dept_name: str = asked(C(100), "开单科室名称")
    bilg_dr_codg: str = asked(C(30), "开单医生编码")
    bilg_dr_name: str = asked(C(50), "开单医师姓名")
    acord_dept_codg: str = free(C(30), "受单科室编码")
    acord_dept_name: str = free(C(100), "受单科室名称")
    orders_dr_code: str = free(C(30), "受单医生编码")
    orders_dr_name: str = free(C(50), "受单医生姓名")
    hosp_appr_flag: Approval | None = asked(choice(3, Approval), "医院审批标志", "0 not needed, 1 yes, 2 refused")
    tcmdrug_used_way: str = free(C(6), "中药使用方式")
    etip_flag: str = free(C(3), "外检标志")
    etip_hosp_code: str = free(C(30), "外检医院编码")
    dscg_tkdrug_flag: str = free(C(3), "出院带药标志")
    matn_fee_flag: str = free(C(6), "生育费用标志")
    memo: str = free(C(1000), "备注")
    comb_no: str = free(C(3), "组套编码")
    exp_content: Any = free(NESTED, "字段扩展")


@node("drugdetail", "表 60/65 购药明细信息", many=True)
class DrugDetail:
    """A line of a purchase."""

    feedetl_sn: str = needed(C(30), "费用明细流水号", "unique in the purchase")
    rxno: str = free(C(30), "处方号")
    rx_circ_flag: str = asked(C(3), "外购处方标志")
    fee_ocur_time: datetime = needed(MOMENT, "费用发生时间")
    med_list_codg: str = needed(C(50), "医疗目录编码")
    medins_list_codg: str = asked(C(150), "医药机构目录编码")
    det_item_fee_sumamt: int = needed(MONEY, "明细项目费用总额")
    cnt: int = needed(COUNT, "数量")
    pric: int = needed(PRICE, "单价")
    sin_dos_dscr: str = free(C(200), "单次剂量描述")
    used_frqu_dscr: str = free(C(200), "使用频次描述")
    prd_days: int | None = free(SMALL, "周期天数")
    medc_way_dscr: str = free(C(200), "用药途径描述")
    bilg_dr_codg: str = free(C(30), "开单医生编码")
    bilg_dr_name: str = free(C(50), "开单医师姓名")
    tcmdrug_used_way: str = free(C(6), "中药使用方式")
    exp_content: Any = free(NESTED, "字段扩展")
    durg_trac_info: Any = free(NESTED, "追溯码节点信息", "one node or several; codes of whole packs are kept")


@node("detlcutinfo", "表 63/68 明细分割信息", many=True)
class SplitRow:
    """How a line was split."""

    feedetl_sn: str = needed(C(30), "费用明细流水号")
    det_item_fee_sumamt: int = needed(AMOUNT, "明细项目费用总额")
    cnt: int = needed(COUNT, "数量")
    pric: int = needed(PRICE, "单价")
    pric_uplmt_amt: int = needed(PRICE, "定价上限金额", "999999 where there is no ceiling")
    selfpay_prop: int = free(RATIO, "自付比例")
    fulamt_ownpay_amt: int = free(AMOUNT, "全自费金额")
    overlmt_amt: int = free(AMOUNT, "超限价金额")
    preselfpay_amt: int = free(AMOUNT, "先行自付金额")
    inscp_scp_amt: int = free(AMOUNT, "符合政策范围金额")
    chrgitm_lv: str = needed(C(3), "收费项目等级", "01 class A, 02 B, 03 C")
    med_chrgitm_type: str = needed(C(6), "医疗收费项目类别")
    bas_medn_flag: str = free(C(3), "基本药物标志")
    hi_nego_drug_flag: str = free(C(3), "医保谈判药品标志")
    chld_medc_flag: str | None = free(C(3), "儿童用药标志")
    list_sp_item_flag: str | None = free(C(3), "目录特项标志")
    drt_reim_flag: str | None = free(C(3), "直报标志")
    memo: str | None = free(C(500), "备注", "why a line is all self-paid, where that needs telling")


@node("result", "表 80 费用明细分割", many=True)
class UploadedRow(SplitRow):
    """How an uploaded line of a visit was split."""

    lmt_used_flag: str = needed(C(3), "限制使用标志")
    exp_content: str | None = free(C(4000), "字段扩展")


#: What real centres write where an item has no price ceiling (Hebei), in millionths of a yuan.
NO_CEILING: Final = 999_999 * 10**6

#: chrgitm_lv of a catalogue class.
CLASS_CODES: Final = {ItemClass.A: "01", ItemClass.B: "02", ItemClass.C: "03"}

#: med_chrgitm_type 14: other fees; an item outside the catalogue has no category of its own.
OTHER_FEES: Final = "14"

_ALL_SELF_PAID: Final = 10_000

#: Characters of a trace code (drug_trac_codg), and how many of a line are kept.
_TRACE_CODE: Final = 100
_MOST_TRACES: Final = 200


class IncomingLine(Protocol):
    """What `FeeDetail` and `DrugDetail` have in common."""

    @property
    def feedetl_sn(self) -> str: ...
    @property
    def fee_ocur_time(self) -> datetime: ...
    @property
    def med_list_codg(self) -> str: ...
    @property
    def medins_list_codg(self) -> str: ...
    @property
    def det_item_fee_sumamt(self) -> int: ...
    @property
    def cnt(self) -> int: ...
    @property
    def pric(self) -> int: ...


def item_key(region: str, line: IncomingLine) -> ItemKey:
    """What the catalogue is asked for a line: its item at the place of treatment (目录 follows it), on the fee's day."""
    return region, line.fee_ocur_time.date(), line.med_list_codg


def traces_of(line: DrugDetail) -> tuple[str, ...]:
    """The trace codes of a line's packs that are sold whole: those of a pack that is sold in parts (trdn_flag 1) come again.

    The node is free, and tills fill it as they can: what is no code is passed over, and never stops a purchase.
    """
    nodes = line.durg_trac_info if isinstance(line.durg_trac_info, list) else [line.durg_trac_info]
    whole = [one for one in nodes if isinstance(one, dict) and str(one.get("trdn_flag", "0")) != "1"]
    codes = [one.get("drug_trac_codg") for one in whole]
    kept = [code.strip() for code in codes if isinstance(code, str) and 0 < len(code.strip()) <= _TRACE_CODE]
    return tuple(dict.fromkeys(kept[:_MOST_TRACES]))


def priced(
    line: IncomingLine,
    item: CatalogueItem | None,
    *,
    batch: str,
    approval: str = "",
    takes_back: str = "",
    traces: tuple[str, ...] = (),
) -> PricedLine:
    """A line with its catalogue item, as the settlement room takes it."""
    return PricedLine(
        sn=line.feedetl_sn,
        batch=batch,
        item=item,
        item_code=line.med_list_codg,
        own_code=line.medins_list_codg,
        occurred_at=line.fee_ocur_time,
        count=line.cnt,
        price=line.pric,
        total=line.det_item_fee_sumamt,
        approval=approval,
        takes_back=takes_back,
        traces=traces,
    )


def refuse_repeats(lines: Sequence[IncomingLine], node_name: str) -> None:
    """Refuse a message in which two lines carry the same number.

    Raises:
        InvalidInput: ``fee_line.repeated``.
    """
    seen: dict[str, int] = {}
    for number, line in enumerate(lines):
        first = seen.setdefault(line.feedetl_sn, number)
        if first != number:
            path = f"input.{node_name}[{number}].feedetl_sn"
            raise InvalidInput(
                "fee_line.repeated",
                f"{path} repeats the number of line {first}",
                f"{path} 与第 {first + 1} 行的流水号 {line.feedetl_sn} 重复",
                field=path,
                accepted="a number that no other line of the message has",
            )


def _split(fee: FeeLine) -> dict[str, Any]:
    """The fields that a split line has in 2204 and in 2102 alike."""
    line, item = fee.line, fee.line.item
    return {
        "feedetl_sn": line.sn,
        "det_item_fee_sumamt": line.total,
        "cnt": line.count,
        "pric": line.price,
        "pric_uplmt_amt": NO_CEILING if item is None or item.ceiling is None else item.ceiling,
        "selfpay_prop": _ALL_SELF_PAID if item is None else item.first_self_pay,
        "fulamt_ownpay_amt": fee.self_paid,
        "overlmt_amt": fee.over_limit,
        "preselfpay_amt": fee.first_self_pay,
        "inscp_scp_amt": fee.in_scope,
        "chrgitm_lv": CLASS_CODES[ItemClass.C if item is None else item.item_class],
        "med_chrgitm_type": OTHER_FEES if item is None else item.charge_type,
        "bas_medn_flag": _flag(item is not None and item.essential_drug),
        "hi_nego_drug_flag": _flag(item is not None and item.negotiated_drug),
        "chld_medc_flag": None,
        "list_sp_item_flag": None,
        "drt_reim_flag": None,
        "memo": "医保目录中没有该编码，按全自费处理" if item is None else None,
    }


def split_row(fee: FeeLine) -> SplitRow:
    """A line of a purchase as 2101 and 2102 answer it."""
    return SplitRow(**_split(fee))


def uploaded_row(fee: FeeLine) -> UploadedRow:
    """A line of a visit as 2204 answers it."""
    item = fee.line.item
    return UploadedRow(**_split(fee), lmt_used_flag=_flag(item is not None and item.restricted), exp_content=None)


def _flag(holds: bool) -> str:
    return "1" if holds else "0"
