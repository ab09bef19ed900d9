"""The files of 3202: an institution's settlements line by line, and what we found of each. Columns by TAB, nothing as ``null``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Final

from gongji.clearing.decide import memo
from gongji.clearing.model import Compared, Difference, Told
from gongji.foundation.errors import InvalidInput
from gongji.foundation.money import parse_yuan, yuan
from gongji.registry.psn_no import person_id_from_psn_no
from gongji.settlement.model import from_wire, wire_id

#: 表 150: the columns of the institution's file, in their order.
COLUMNS: Final = ("setl_id", "mdtrt_id", "psn_no", "medfee_sumamt", "fund_pay_sumamt", "acct_pay", "refd_setl_flag")

#: Most lines of a file: more than a large hospital settles in a month.
MOST_LINES: Final = 500_000

#: C(30), as the interface has its numbers.
_LONGEST_CELL: Final = 30

_NOTHING: Final = "null"


def read(lines: Iterable[str]) -> list[Told]:
    """The institution's lines.

    Raises:
        InvalidInput: ``detail.columns``, ``detail.lines``, ``amount.…``, naming the line.
    """
    told = [_line(number, line) for number, line in enumerate(lines, start=1)]
    if not told:
        raise _wrong("detail.lines", "the file has no line", "明细文件没有数据", accepted="at least one line")
    times = Counter(one.setl_id for one in told)
    # Some send a refund under the settlement's own number, told apart by the flag alone.
    return [
        one if one.refund is False or one.total < 0 or times[one.setl_id] > 1 else replace(one, refund=False)
        for one in told
    ]


def _line(number: int, line: str) -> Told:
    if number > MOST_LINES:
        raise _wrong("detail.lines", "the file is too long", f"明细超过 {MOST_LINES} 行，请缩短对账区间")
    cells = ["" if cell.strip() in (_NOTHING, "NULL") else cell.strip() for cell in line.split("\t")]
    if len(cells) != len(COLUMNS):
        raise _wrong(
            "detail.columns",
            f"line {number} has {len(cells)} columns",
            f"第 {number} 行有 {len(cells)} 列，应为 {len(COLUMNS)} 列，以 TAB 分隔",
            accepted="\t".join(COLUMNS),
        )
    setl_id, mdtrt_id, psn_no, *amounts, flag = cells
    for name, cell in zip(COLUMNS, cells, strict=True):
        if len(cell) > _LONGEST_CELL or "\0" in cell:
            raise _wrong(
                "detail.cell",
                f"line {number}: {name} is no text of at most {_LONGEST_CELL} characters",
                f"第 {number} 行 {name} 不是 {_LONGEST_CELL} 个字符以内的文本",
                accepted=f"C({_LONGEST_CELL})",
            )
    fields = COLUMNS[3:6]
    total, funds, accounts = (
        parse_yuan(amount or "0", f"line {number}: {field}", negative=True)
        for field, amount in zip(fields, amounts, strict=True)
    )
    refund = flag == "1" or min(total, funds, accounts) < 0
    return Told(
        setl_id, mdtrt_id, psn_no, from_wire(setl_id), person_id_from_psn_no(psn_no), total, funds, accounts, refund
    )


def written(compared: Iterable[Compared], told: list[Told], institution_region: str) -> Iterator[str]:
    """The result file (表 151): psn_no, mdtrt_id, setl_id, msgid, stmt_rslt, refd_setl_flag, memo and our three amounts.

    What the institution does not have is named by its msgid alone, as the text of 3202 has it: that is what 2601 asks for.
    """
    for one in compared:
        line = None if one.place is None else told[one.place]
        amounts = (one.total, one.funds, one.accounts)
        if one.total is None and line is not None:
            amounts = (line.total, line.funds, line.accounts)
        if line is not None:
            names = (line.mdtrt_id, line.setl_id)
        elif one.difference is Difference.MISSING_THERE:
            names = ("", "")
        else:
            names = (wire_id(institution_region, one.visit_id or 0), wire_id(one.region, one.settlement_id or 0))
        refund = one.reverses is not None if one.total is not None or line is None else line.refund
        cells = (
            one.psn_no or (line.psn_no if line else ""),
            *names,
            one.msgid,
            "0" if one.difference is Difference.AGREES else "1",
            "1" if refund else "0",
            memo(one, line),
            *(yuan(amount or 0) for amount in amounts),
        )
        yield "\t".join(cell or _NOTHING for cell in cells)


def _wrong(code: str, en: str, zh: str, *, accepted: str | None = None) -> InvalidInput:
    return InvalidInput(code, en, zh, field="input.data.file_qury_no", accepted=accepted)
