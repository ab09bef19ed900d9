"""The identities that every amount of a settlement's answer obeys (facts of the interface, §4), checked before it leaves.

Each was found to hold on every complete public answer of a real centre. I7 (balance after = balance before − own part)
and I9's equality with the original need a second message and are the settlement's own concern.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gongji.entrances.national.lines import SplitRow
from gongji.entrances.national.setlinfo import SetlDetail, SetlInfo


def check(setlinfo: SetlInfo, setldetail: Sequence[SetlDetail], lines: Sequence[SplitRow] = ()) -> list[str]:
    """The identities that an answer breaks.

    Args:
        setlinfo: the settlement.
        setldetail: its rows by fund.
        lines: the split of its fee lines, where the answer carries them.

    Returns:
        One sentence for each broken identity, with the figures in fen; empty when all hold.
    """
    return [*_sums(setlinfo), *_signs(setlinfo), *_details(setlinfo, setldetail), *_lines(setlinfo, lines)]


def _sums(info: SetlInfo) -> Iterator[str]:
    """I1 to I4: total, personal part, funds, split."""
    payers = info.fund_pay_sumamt + info.psn_part_amt + info.hosp_part_amt
    if info.medfee_sumamt != payers:
        yield f"I1: medfee_sumamt {info.medfee_sumamt} is not funds, person and hospital {payers}"
    personal = info.acct_pay + info.psn_cash_pay
    if info.psn_part_amt != personal:
        yield f"I2: psn_part_amt {info.psn_part_amt} is not account and cash {personal}"
    funds = (
        info.hifp_pay
        + info.cvlserv_pay
        + info.hifes_pay
        + info.hifmi_pay
        + info.hifob_pay
        + info.maf_pay
        + info.oth_pay
        + info.hifdm_pay
    )
    if info.fund_pay_sumamt != funds:
        yield f"I3: fund_pay_sumamt {info.fund_pay_sumamt} is not the sum of the funds {funds}"
    parts = info.fulamt_ownpay_amt + info.overlmt_selfpay + info.preselfpay_amt + info.inscp_scp_amt
    if info.medfee_sumamt != parts:
        yield f"I4: medfee_sumamt {info.medfee_sumamt} is not the sum of its parts {parts}"


def _signs(info: SetlInfo) -> Iterator[str]:
    """I5: shared money is part of the account's; in a reversal (I9) every sign is turned."""
    sign = -1 if info.medfee_sumamt < 0 else 1
    if not 0 <= sign * info.acct_mulaid_pay <= sign * info.acct_pay:
        yield f"I5: acct_mulaid_pay {info.acct_mulaid_pay} is no part of acct_pay {info.acct_pay}"
    wrong = [
        name
        for name, amount in (
            ("fund_pay_sumamt", info.fund_pay_sumamt),
            ("psn_part_amt", info.psn_part_amt),
            ("psn_cash_pay", info.psn_cash_pay),
            ("hosp_part_amt", info.hosp_part_amt),
        )
        if sign * amount < 0
    ]
    if wrong:
        yield f"I9: {', '.join(wrong)} against the sign of medfee_sumamt"


def _details(info: SetlInfo, details: Sequence[SetlDetail]) -> Iterator[str]:
    """I6: the rows by fund are the funds, the account and the hospital."""
    rows = sum(row.fund_payamt for row in details)
    paid = info.fund_pay_sumamt + info.acct_pay + info.hosp_part_amt
    if rows != paid:
        yield f"I6: the rows of setldetail {rows} are not funds, account and hospital {paid}"


def _lines(info: SetlInfo, lines: Sequence[SplitRow]) -> Iterator[str]:
    """I8: lines add up to the total, and each to its parts."""
    if lines and sum(row.det_item_fee_sumamt for row in lines) != info.medfee_sumamt:
        yield f"I8: the lines do not add up to medfee_sumamt {info.medfee_sumamt}"
    for row in lines:
        if row.det_item_fee_sumamt != (
            row.fulamt_ownpay_amt + row.overlmt_amt + row.preselfpay_amt + row.inscp_scp_amt
        ):
            yield f"I8: line {row.feedetl_sn} is not the sum of its parts"
