"""Why a month is not archived or brought back, in sentences that the operator can act on."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from gongji.foundation.errors import Busy, GongjiError, InvalidInput, Refused

#: What keeps a month here: in English and Chinese.
_KEPT_BACK: Final = {
    "archive.year_not_turned": (
        "accounts have not seen the end of the month's year: run `gongji accrual turn-year` for every region first",
        "还有账户没有完成该年度的年终结转：请先对各统筹区运行 gongji accrual turn-year",
    ),
    "archive.open_holds": (
        "money that was set aside in or before the month is still held: capture or release it first",
        "该月或更早冻结的资金尚未扣款或解冻：请先处理",
    ),
    "archive.open_stays": (
        "somebody admitted in or before the month has no settled stay: settle or cancel it first",
        "该月或更早入院的患者尚未结算：请先结算或撤销",
    ),
    "archive.default_rows": (
        "rows of that time lie in a default table: move them first (docs/operating.md)",
        "有数据落在默认分区：请先按 docs/operating.md 迁移",
    ),
    "archive.across_months": (
        "blocks of this month and of a later one cannot be told apart (a clock went back): the month has to stay",
        "该月与之后月份的区块交错（时钟曾回拨），该月不能单独归档",
    ),
    "archive.behind": (
        "sums, messages or clearing have not come through the month yet: run `gongji db maintain` and let a server run a minute",
        "汇总、消息或清算尚未处理完该月：请运行 gongji db maintain，并让服务运行一分钟",
    ),
}


def month_unreadable(month: str) -> GongjiError:
    """Not a month."""
    return InvalidInput(
        "archive.month", f"{month!r} is no month", f"月份 {month!r} 无法识别", field="month", accepted="2024-06"
    )


def file_exists(file: Path) -> GongjiError:
    """The file is there already."""
    return Refused(
        "archive.file_exists", f"{file} exists already", f"{file} 已存在", field="file", accepted="a new file"
    )


def too_young(first_kept: int) -> GongjiError:
    """Two accounting years stay."""
    return Refused(
        "archive.too_young",
        f"months from January {first_kept} on stay here: two accounting years before this one are kept",
        f"{first_kept} 年 1 月以后的月份须保留在线：本年度之前的两个会计年度不归档",
        field="month",
        accepted=f"a month before {first_kept}-01",
    )


def not_the_oldest(oldest: str) -> GongjiError:
    """Months go in order."""
    return Refused(
        "archive.order",
        f"the oldest month goes first: {oldest}",
        f"须从最早的月份开始归档：{oldest}",
        field="month",
        accepted=oldest,
    )


def kept_back(code: str) -> GongjiError:
    """Something of the month is not over yet."""
    en, zh = _KEPT_BACK[code]
    return Refused(code, en, zh, field="month")


def not_whole(wrong: str) -> GongjiError:
    """The chain of the month does not hold."""
    return Refused(
        "archive.not_whole",
        f"the month's books do not hold: {wrong}",
        f"该月账目校验未通过：{wrong}",
        field="month",
    )


def busy() -> GongjiError:
    """Locks were not had."""
    return Busy(
        "archive.busy",
        "somebody reads all months at once: nothing was changed, try again in a quiet minute",
        "有任务正在读取全部月份：未作任何改动，请在空闲时重试",
    )


def unreadable(file: Path) -> GongjiError:
    """No archive of ours."""
    return InvalidInput(
        "archive.unreadable",
        f"{file} is no file that `gongji db archive` wrote",
        f"{file} 不是 gongji db archive 生成的文件",
        field="file",
    )


def other_file(wanted: str | None) -> GongjiError:
    """Not the file of the month archived last."""
    en = f"the month archived last is in {wanted}" if wanted else "no month is archived"
    zh = f"最近归档的月份在文件 {wanted} 中" if wanted else "没有已归档的月份"
    return Refused(
        "archive.other_file",
        f"this is not the file that was written: {en}",
        f"不是归档时写入的文件：{zh}",
        field="file",
        accepted=wanted,
    )
