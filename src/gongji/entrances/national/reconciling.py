"""3201 对总账 and 3202 对明细账."""

from __future__ import annotations

from datetime import date, datetime

from gongji.clearing import service as clearing
from gongji.clearing.model import Scope, Totals
from gongji.entrances.national.fields import AMOUNT, DAY, MOMENT, C
from gongji.entrances.national.messages import asked, free, needed, node, read_node, write_node
from gongji.entrances.national.transaction import Answer, Call, Transaction, record
from gongji.foundation.errors import InvalidInput


@node("data", "表 146 医药机构费用结算对总账")
class Sums:
    """The institution's sums over a span; what was refunded counts below zero, as in 2208's answer."""

    insutype: str = asked(C(6), "险种", "without one, all")
    clr_type: str = asked(C(6), "清算类别", "as in setlinfo; without one, all")
    setl_optins: str = asked(C(6), "结算经办机构", "clr_optins of setlinfo; without one, all")
    stmt_begndate: date = needed(DAY, "对账开始日期")
    stmt_enddate: date = needed(DAY, "对账结束日期", "the whole day, also when a time is sent")
    medfee_sumamt: int = needed(AMOUNT, "医疗费总额")
    fund_pay_sumamt: int = needed(AMOUNT, "基金支付总额")
    acct_pay: int = needed(AMOUNT, "个人账户支付金额", "includes acct_mulaid_pay")
    fixmedins_setl_cnt: str = needed(C(10), "定点医药机构结算笔数")
    refd_setl_flag: str = free(C(6), "退费结算标志", "0 only settlements, 1 only refunds, without one both")
    fixmedins_refd_setl_flag: str = asked(C(6), "定点医药机构退费结算标志", "not used")


@node("stmtinfo", "表 147 对总账结果")
class SumsAnswer:
    """Whether the two agree."""

    setl_optins: str = free(C(6), "结算经办机构")
    stmt_rslt: str = needed(C(6), "对账结果", "0 they agree, 1 they do not")
    stmt_rslt_dscr: str = free(C(200), "对账结果说明")


@node("data", "表 148 医药机构费用结算对明细账")
class Details:
    """Which uploaded file is compared over which span."""

    setl_optins: str = asked(C(6), "结算经办机构", "without one, all")
    file_qury_no: str = needed(C(200), "文件查询号", "9101's answer")
    stmt_begndate: date = needed(DAY, "对账开始日期")
    stmt_enddate: date = needed(DAY, "对账结束日期")
    medfee_sumamt: int = needed(AMOUNT, "医疗费总额")
    fund_pay_sumamt: int = needed(AMOUNT, "基金支付总额")
    cash_payamt: int = needed(AMOUNT, "现金支付金额")
    fixmedins_setl_cnt: str = needed(C(10), "定点医药机构结算笔数")
    clr_type: str = asked(C(6), "清算类别", "without one, all")
    refd_setl_flag: str = free(C(3), "退费结算标志", "as in 3201")
    fixmedins_refd_setl_flag: str = asked(C(6), "定点医药机构退费结算标志", "not used")


@node("fileinfo", "表 149 对明细账结果")
class DetailsAnswer:
    """Where the result is fetched with 9102."""

    file_qury_no: str = needed(C(30), "文件查询号")
    filename: str = needed(C(200), "文件名称")
    dld_endtime: datetime = needed(MOMENT, "下载截止时间")


def compare_sums(call: Call) -> Answer:
    """3201."""
    data = read_node(Sums, call.input)
    told = _told(data.medfee_sumamt, data.fund_pay_sumamt, data.fixmedins_setl_cnt, accounts=data.acct_pay)
    scope = _scope(call, data, data.insutype)
    with call.platform.database.transaction() as connection:
        verdict = clearing.compare_sums(connection, scope, told, call.received_at)
    answer = SumsAnswer(
        setl_optins=data.setl_optins, stmt_rslt="0" if verdict.agrees else "1", stmt_rslt_dscr=verdict.text[:200]
    )
    return Answer({"stmtinfo": write_node(answer)})


def compare_details(call: Call) -> Answer:
    """3202."""
    data = read_node(Details, call.input)
    told = _told(data.medfee_sumamt, data.fund_pay_sumamt, data.fixmedins_setl_cnt, cash=data.cash_payamt)
    scope = _scope(call, data, "")
    files, own, at = call.platform.files, call.institution, call.received_at
    with call.platform.database.snapshot() as books:
        found = clearing.compare_details(books, files, own, scope, told, data.file_qury_no, at)
    with found.packed, call.platform.database.transaction() as connection:
        result = clearing.keep_details(connection, files, own, found, at)
        differences = len(found.kept)
        record(connection, call, "statement.compare", None, settlements=found.lines, differences=differences)
    answer = DetailsAnswer(file_qury_no=result.id, filename=result.name, dld_endtime=_end(result.expires_at))
    return Answer({"fileinfo": write_node(answer)}, found.warning or None)


def _end(moment: datetime | None) -> datetime:
    assert moment is not None, "files of clearing have an end"
    return moment


def _scope(call: Call, data: Sums | Details, scheme: str) -> Scope:
    refunds = {"0": False, "1": True}.get(data.refd_setl_flag)
    return Scope(
        call.institution.id,
        data.stmt_begndate,
        data.stmt_enddate,
        scheme=scheme,
        clearing_type=data.clr_type,
        agency=data.setl_optins,
        refunds=refunds,
    )


def _told(total: int, funds: int, count: str, *, accounts: int | None = None, cash: int | None = None) -> Totals:
    try:
        number = int(count.partition(".")[0])
    except ValueError:
        raise InvalidInput(
            "field.invalid",
            "input.data.fixmedins_setl_cnt is not a number",
            "input.data.fixmedins_setl_cnt 不是数字",
            field="input.data.fixmedins_setl_cnt",
            accepted="N(10)",
        ) from None
    return Totals(total, funds, accounts, cash, number, number)


TRANSACTIONS = (
    Transaction("3201", "医药机构费用结算对总账", (Sums,), (SumsAnswer,), compare_sums),
    Transaction("3202", "医药机构费用结算对明细账", (Details,), (DetailsAnswer,), compare_details),
)
