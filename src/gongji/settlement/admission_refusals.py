"""Every way in which a step of a stay in hospital is refused."""

from __future__ import annotations

from datetime import date, datetime

from gongji.foundation.errors import GongjiError, InvalidInput, NotFound, Refused
from gongji.foundation.money import yuan
from gongji.settlement.stays import AdmissionState

STATE_WORDS = {
    AdmissionState.ADMITTED: ("the patient is still in hospital", "患者还在院"),
    AdmissionState.DISCHARGED: ("the patient was discharged", "已办理出院"),
    AdmissionState.SETTLED: ("the stay is settled", "本次住院已结算"),
    AdmissionState.CANCELLED: ("the admission was cancelled", "入院已撤销"),
}

#: What to do in a state to get on, by what was asked for.
_WAYS = {
    AdmissionState.ADMITTED: ("discharge the patient first (2402)", "请先办理出院（2402）"),
    AdmissionState.DISCHARGED: ("undo the discharge first (2405)", "请先撤销出院（2405）"),
    AdmissionState.SETTLED: ("reverse the settlement first (2305)", "请先撤销结算（2305）"),
    AdmissionState.CANCELLED: ("admit the patient anew (2401)", "请重新办理入院（2401）"),
}


def wrong_state(state: AdmissionState) -> GongjiError:
    """The stay is not where this step begins."""
    (en, zh), (way_en, way_zh) = STATE_WORDS[state], _WAYS[state]
    return Refused(
        "admission.state", f"{en}: {way_en}", f"{zh}，{way_zh}", field="mdtrt_id", details={"state": str(state)}
    )


def unknown() -> GongjiError:
    """No such stay of this patient at this institution (whose it is is not told)."""
    return NotFound(
        "admission.unknown",
        "there is no such stay of this patient at this institution",
        "本机构没有这位参保人的这次住院，请核对就诊ID和人员编号",
        field="mdtrt_id",
        accepted="the mdtrt_id that 2401 answered",
    )


def is_a_stay() -> GongjiError:
    """A stay in a message for outpatients."""
    return Refused(
        "admission.inpatient",
        "this is a stay in hospital: use the inpatient transactions (2301 to 2305)",
        "这次就诊是住院，请用住院交易（2301 至 2305）",
        field="mdtrt_id",
    )


def is_no_stay() -> GongjiError:
    """An outpatient visit in a message for stays."""
    return Refused(
        "admission.outpatient",
        "this is an outpatient visit: use the outpatient transactions (2204 to 2208)",
        "这次就诊是门诊，请用门诊交易（2204 至 2208）",
        field="mdtrt_id",
    )


def not_inpatient(med_type: str) -> GongjiError:
    """A med_type of outpatients in an admission."""
    return InvalidInput(
        "admission.med_type",
        f"med_type {med_type} is not one of a stay in hospital",
        f"医疗类别 {med_type} 不是住院类别",
        field="med_type",
        accepted="21, 2101, 22 … (begins with 2), 52 or 71",
    )


def not_a_hospital() -> GongjiError:
    """A pharmacy admits nobody."""
    return Refused(
        "admission.institution", "only a hospital admits patients", "只有定点医院可以办理住院", field="fixmedins_code"
    )


def elsewhere(begins: date) -> GongjiError:
    """Another stay of this person lies over these days."""
    return Refused(
        "admission.overlaps",
        f"the patient is in hospital already, here or elsewhere, at a time after {begins.isoformat()}:"
        " that stay has to be discharged first",
        f"该参保人 {begins.isoformat()} 起的时间内已有一次住院登记（本院或其他医院），请先办理那次住院的出院",
        field="begntime",
        accepted="days on which the person is in no other hospital",
    )


def in_future(moment: datetime, field: str) -> GongjiError:
    """A day that has not come yet."""
    return InvalidInput(
        "admission.in_future",
        f"{field} is {moment:%Y-%m-%d}, a day that has not come yet",
        f"{field} 为 {moment:%Y-%m-%d}，晚于今天",
        field=field,
        accepted="today or a day before",
    )


def leaves_before_coming(admitted_at: datetime) -> GongjiError:
    """The discharge lies before the admission."""
    return InvalidInput(
        "admission.endtime",
        f"the discharge lies before the admission ({admitted_at:%Y-%m-%d %H:%M})",
        f"出院时间早于入院时间（{admitted_at:%Y-%m-%d %H:%M}）",
        field="endtime",
        accepted=f"{admitted_at:%Y-%m-%d %H:%M:%S} or later",
    )


def lines_outside(sn: str, on: date) -> GongjiError:
    """A fee line would lie outside the stay."""
    return Refused(
        "admission.lines_outside",
        f"fee line {sn} of {on.isoformat()} would lie outside the stay: correct the day, or withdraw the line (2302)",
        f"明细 {sn}（{on.isoformat()}）不在住院期间内：请更正时间，或先撤销该明细（2302）",
        field="fee_ocur_time",
        accepted="a day of the stay",
        details={"feedetl_sn": sn},
    )


def has_lines() -> GongjiError:
    """A stay with fee lines cannot be cancelled."""
    return Refused(
        "admission.has_lines",
        "the stay has fee lines: withdraw them (2302) before the admission is cancelled (2404)",
        "本次住院还有费用明细，请先撤销明细（2302），再撤销入院（2404）",
        field="mdtrt_id",
    )


def not_taken_back(sn: str) -> GongjiError:
    """The line of which pieces are taken back is not there, or settled, or at another price."""
    return InvalidInput(
        "fee_line.takes_back",
        f"line {sn} takes back a line that is not uploaded, is settled, or is another item or price",
        f"退单明细 {sn} 对应的原明细不存在、已结算，或项目、单价不同",
        field="init_feedetl_sn",
        accepted="an unsettled line of the stay with the same item and price",
    )


def takes_too_much(sn: str, left: int, left_count: int) -> GongjiError:
    """More is taken back than is left of the line."""
    return InvalidInput(
        "fee_line.takes_too_much",
        f"line {sn} takes back more than is left of the line: {left_count / 10**4:g} pieces, {yuan(left)}",
        f"退单明细 {sn} 超过原明细剩余的数量或金额（{left_count / 10**4:g}，{yuan(left)} 元）",
        field="cnt",
        accepted=f"at most {left_count / 10**4:g}",
    )


def negative_without_original(sn: str) -> GongjiError:
    """A count below zero without the line that it takes back."""
    return InvalidInput(
        "fee_line.count",
        f"line {sn}: a count below zero needs init_feedetl_sn, and only such a line has one",
        f"明细 {sn}：退单（数量为负）必须填写原费用流水号 init_feedetl_sn，正常明细不填",
        field="init_feedetl_sn",
        accepted="the number of the line that is taken back",
    )


def line_has_returns(sn: str) -> GongjiError:
    """A line of which pieces were taken back cannot be withdrawn alone."""
    return Refused(
        "fee_line.has_returns",
        f"pieces of line {sn} were taken back: withdraw those lines first",
        f"明细 {sn} 已有退单，请先撤销退单明细",
        field="feedetl_sn",
    )


def line_unknown(sn: str) -> GongjiError:
    """No such line in the stay."""
    return NotFound(
        "fee_line.unknown",
        f"there is no fee line {sn} in this stay",
        f"本次住院没有流水号为 {sn} 的明细",
        field="feedetl_sn",
        accepted="the number of an uploaded line, or 0000 for all that are not settled",
    )


def later_first() -> GongjiError:
    """A later settlement of the stay stands."""
    return Refused(
        "admission.later_settlement",
        "a later settlement of this stay rests on this one: reverse the later one first",
        "这次住院之后还有一笔结算，请先撤销后一笔",
        field="setl_id",
    )


def nothing_standing() -> GongjiError:
    """The stay has no settlement that could be taken back."""
    return NotFound(
        "settlement.unknown",
        "no settlement of this stay stands",
        "这次住院没有可撤销的结算",
        field="mdtrt_id",
        accepted="a stay that is settled",
    )


def no_sharer_for_deposits() -> GongjiError:
    """Nobody shares their account for deposits."""
    return Refused(
        "deposit.no_sharer",
        "nobody lets their account be held for this patient's deposits: a relative can allow it in the authorisation",
        "没有家人授权用个人账户为患者冻结住院押金，家人可在共济授权中选择“住院押金”",
        field="deposit_acct",
    )


def mid_stay_flag(flag: str) -> GongjiError:
    """mid_setl_flag is neither yes nor no."""
    return InvalidInput(
        "field.invalid",
        f"input.data.mid_setl_flag {flag} is not supported",
        f"input.data.mid_setl_flag 取值 {flag} 不支持，可用 0 / 1",
        field="input.data.mid_setl_flag",
        accepted="0 or 1",
    )


def account_flag_missing() -> GongjiError:
    """A settlement does not say which accounts may pay; only a quote may leave that open."""
    return InvalidInput(
        "field.missing",
        "input.data.acct_used_flag is missing",
        "input.data.acct_used_flag（个人账户使用标志）不能为空",
        field="input.data.acct_used_flag",
        accepted="0, 1 or 2",
    )
