"""The packs' words as a reader says them: Chinese first, then the word of the pack file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from gongji.rules.grid import CLASS, NUMBERED
from gongji.rules.model import Grade
from gongji.rules.vocabulary import TRUSTED

#: How far a source of each grade can be trusted.
GRADES: Final[Mapping[Grade, str]] = {
    Grade.OFFICIAL: "官方文本 official text",
    Grade.LOCAL_MEDIA: "本地媒体或医院通知 local media or a hospital's notice",
    Grade.SECONDARY: (
        "二手资料 (内容网站或他人汇编), 未经官方证实 secondary (content site or compilation): reported, not confirmed"
    ),
    Grade.FORUM: "论坛或演示, 不可作为依据 forum or demonstration: not to be relied on",
    Grade.BACKGROUND: "背景知识, 未见文件 background knowledge: no document seen",
}

_CHINESE: Final[Mapping[str, str]] = {
    "employee": "职工",
    "resident": "居民",
    "outpatient": "普通门诊",
    "pharmacy": "药店",
    "inpatient": "住院",
    "emergency": "急诊",
    "special_disease": "门诊慢特病",
    "two_diseases": "两病",
    "special_drug": "特药",
    "sharing": "家庭共济",
    "accrual": "个人账户划入",
    "waiting": "等待期",
    "each_further_year": "每多断保一年加",
    "less_each_repaid_year": "每补缴一年减",
    "long_gap_years": "断保满几年",
    "long_gap_least": "至少等待",
    "enrolment": "参保与缴费年限",
    "window": "居民集中参保期",
    "opens": "开始",
    "closes": "截止",
    "newborn": "新生儿参保期限",
    "within_days": "出生后天数",
    "within_months": "出生后月数",
    "years_add_up": "灵活就业与单位参保年限合并计算",
    "gap_suspends": "中断缴费暂停待遇",
    "back_payment": "补缴中断期间的费用",
    "years_only": "只计年限, 不补待遇",
    "benefits_too": "计年限并补待遇",
    "same_benefits": "灵活就业与单位职工待遇比例相同",
    "double_cover_forbidden": "不得重复参保",
    "retirement_years": "退休后不再缴费须满的年限",
    "men": "男",
    "women": "女",
    "paid_here": "其中本地实缴",
    "shortfall_at_once": "不足可一次补足",
    "transfer": "关系转移接续 (工作日)",
    "sending_days": "转出地",
    "receiving_days": "转入地",
    "total_days": "合计",
    "balance_moves": "账户余额随同转移",
    "retired_may": "退休人员可办理",
    "wallet": "医保钱包",
    "terms": "转账规则",
    "most_a_day": "每日至多笔数",
    "closed_from": "停办自 (时)",
    "closed_until": "停办至 (时)",
    "returned_at": "未接收的次日退回 (时)",
    "open": "已开通",
    "goes_back": "可退回个人账户",
    "one_pending": "对方未接收前不得再转",
    "quota": "额度制",
    "freezes": "额度在共济人账户内冻结",
    "unused_returns": "未用部分退回",
    "both_agree": "双方自愿建立和解除",
    "ends_with_insurance": "医保关系变动自动解除",
    "many_to_many": "一人可与多人互济",
    "least_each": "每项额度至少 (元)",
    "most_each": "每项额度至多 (元)",
    "most_users": "一人至多给几位家人",
    "most_givers": "一人至多由几位家人给",
    "pooled_only": "只参加统筹",
    "contribution_base": "本人缴费基数的比例",
    "average_pension": "统筹区平均养老金的比例",
    "active": "在职",
    "retired": "退休",
    "tier_1": "一级",
    "tier_2": "二级",
    "tier_3": "三级",
    "community": "社区",
    "tier_3_special": "三级特等",
    "provincial": "省级",
    "tier_3_specialist": "三级专科",
    "grade_1": "一档",
    "grade": "档次",
    "pre_1949": "建国前老工人",
    "set": "定为",
    "no_room": "限额以上的费用",
    "unpaid": "政策范围内仍由个人负担的费用",
    "outside_window": "集中参保期外参保",
    "interrupted": "断保后参保",
    "flexible": "灵活就业参保",
    "fund.civil": "公务员补助",
    "fund.aid": "医疗救助",
    "selected": "选定机构",
    "other": "其他机构",
    "selected_provider": "选定机构",
    "grade_2": "二档",
    "family_doctor": "签约家庭医生",
    "essential_drugs": "基本药物",
    "local": "参保地",
    "filed": "异地备案",
    "referral": "转诊",
    "unfiled": "未备案",
    "fund.pool": "统筹基金",
    "fund.large": "大额基金",
    "status": "身份",
    "tier": "级别",
    "age": "年龄",
    "cover": "参保月数",
    "provider": "机构",
    "disease": "病种",
    "admission": "住院次数",
    "band": "费用段",
    "calendar_year": "自然年度",
    "insurance_year": "医保年度",
    "quarter": "季度",
    "month": "月",
    "none": "无",
    "cumulative": "累计",
    "per_visit": "每次",
    "by_admission": "按住院次数",
    "gross": "含起付线的费用",
    "net": "起付线后的费用",
    "fund": "基金支付额",
    "points": "加百分点",
    "less_points": "减百分点",
    "factor": "乘以系数",
    "self_pay_factor": "自付乘以系数",
    "first_self_pay": "先行自付",
    "deductible": "起付线",
    "share": "支付比例",
    "rules": "结构",
    "repeat": "再次住院",
    "less": "递减",
    "floor": "最低",
    "spouse": "配偶",
    "parent": "父母",
    "child": "子女",
    "sibling": "兄弟姐妹",
    "grandparent": "祖父母",
    "grandchild": "孙子女",
    "parent_in_law": "配偶父母",
    "care": "就医",
    "deposit": "押金",
    "resident_premium": "居民医保缴费",
    "ltc_premium": "长护险缴费",
    "public_health": "公共卫生",
    "fitness": "健身",
    "wellness": "养生保健",
    "outside_basic_insurance": "基本医保外费用",
    "review": "审核",
    "commitment": "承诺制",
    "city": "同一统筹区",
    "province": "省内",
    "automatic": "自动",
    "on_request": "按申请",
    "policy_only": "仅政策范围内",
    "self_borne": "个人负担部分",
    "own_first": "先本人后共济",
    "sharers_only": "只用共济",
    "total": "全部余额",
    "historical_only": "仅历年余额",
    "max_relatives": "可绑定人数",
    "procedure": "生效方式",
    "exclusive_user": "一人只能有一名共济人",
    "dual_role_forbidden": "不得兼为共济人与使用人",
    "relations": "亲属范围",
    "area": "地域范围",
    "trigger": "启用方式",
    "account_scope": "账户支付范围",
    "own_account_first": "先用本人账户",
    "flag_2_means": "标志 2 的含义",
    "balance_source": "余额来源",
    "retained_floor": "留存底线",
    "sharer_limit_allowed": "共济人可设限额",
    "purposes": "用途",
    "review_working_days": "审核工作日",
    "user_consent": "须使用人同意",
    "unbind_after_days": "满多少天才可解绑",
    "forbidden_uses": "禁止用途",
    "allotment_required": "须先划拨",
    "allotment_parts": "划拨给谁",
    "allotment_take_back": "未用部分何时收回",
    "allotment_year_end": "年末如何处理",
    "one_pot": "家人共用一份",
    "per_relative": "每位家人各一份",
    "any_time": "随时",
    "at_end": "只在共济结束时",
    "returns": "退回个人账户",
    "stays": "结转",
    "true": "是",
    "false": "否",
}


def both(word: str) -> str:
    """A pack's word with its Chinese before it: ``三级 tier_3``; a word of the pack's own as it is."""
    chinese = chinese_of(word)
    return f"{chinese} {word}" if chinese else word


def chinese_of(word: str) -> str:
    """The Chinese of a word, empty for a word of the pack's own."""
    if word in _CHINESE:
        return _CHINESE[word]
    match = CLASS.fullmatch(word)
    if match is not None:
        limit, unit = match[2], "个月" if match[3] else "岁"
        return f"不满{limit}{unit}" if match[1] == "under" else f"{limit}{unit}起"
    match = NUMBERED.fullmatch(word)
    if match is not None:
        return f"第{match[2]}次住院" if match[1] == "admission" else f"第{match[2]}段"
    return ""


def path_of(path: tuple[str, ...]) -> str:
    """The words of a table's path: ``退休 三级``; a word without Chinese as it is."""
    return " ".join(chinese_of(word) or word for word in path)


def grade_words(grade: Grade) -> str:
    """A grade for a reader: its letter, and in words what that means where the source needs a warning."""
    return f"{grade}" if grade in TRUSTED else f"{grade}: {GRADES[grade]}"
