"""The kinds of files: their columns, and how a file's kind is told from its header."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from gongji.entrances.loading import builders, cells
from gongji.entrances.loading.records import FileKind, Record
from gongji.family.model import FactKind
from gongji.foundation.errors import InvalidInput
from gongji.foundation.sheet import Table
from gongji.foundation.tabular import Column
from gongji.ledger.model import AccountKind
from gongji.registry.filings import FilingKind, FilingState
from gongji.registry.model import InstitutionKind, ItemClass
from gongji.registry.name import check_name
from gongji.rules.model import Scheme, Status, Tier
from gongji.rules.vocabulary import Late


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of file.

    Attributes:
        kind: which.
        columns: what its rows hold.
        build: makes the record of a row's cells; also given today's date.
    """

    kind: FileKind
    columns: tuple[Column, ...]
    build: Callable[[Mapping[str, Any], date], Record]

    def known(self, header: tuple[str, ...]) -> int:
        """How many of a header's columns this kind has."""
        names = {name for column in self.columns for name in column.names}
        return sum(name in names for name in header)

    def fits(self, header: tuple[str, ...]) -> bool:
        """Whether a header has every column that this kind requires."""
        return all(any(name in header for name in c.names) for c in self.columns if c.required)


def _name(value: str, field: str) -> str:
    return check_name(value, field=field)


_two_digits = cells.matching(r"\d{1,2}", "two digits")


def _code_of_two(value: str, field: str) -> str:
    """A two-digit code; spreadsheets drop its leading zero."""
    return _two_digits(value, field).zfill(2)


def _certificate_columns(
    prefix: str = "", also: tuple[str, ...] = (), also_type: tuple[str, ...] = ()
) -> tuple[Column, ...]:
    return (
        Column(f"{prefix}certificate_type", cells.text, also=also_type),
        Column(f"{prefix}certificate", cells.text, required=True, accepted="the certificate's number", also=also),
    )


_CERTIFICATE: Final = _certificate_columns("", ("身份证号", "证件号码", "certno"), ("证件类型", "psn_cert_type"))


_LATE: Final = {
    **{str(one): one for one in Late},
    "集中参保期外": Late.OUTSIDE_WINDOW,
    "断保": Late.INTERRUPTED,
    "灵活就业": Late.FLEXIBLE,
}


def _enrolment_columns(*, required: bool) -> tuple[Column, ...]:
    scheme_words = {
        "310": Scheme.EMPLOYEE,
        "390": Scheme.RESIDENT,
        "employee": Scheme.EMPLOYEE,
        "resident": Scheme.RESIDENT,
        "职工": Scheme.EMPLOYEE,
        "居民": Scheme.RESIDENT,
    }
    status_words = {
        "active": Status.ACTIVE,
        "retired": Status.RETIRED,
        "resident": Status.RESIDENT,
        "在职": Status.ACTIVE,
        "退休": Status.RETIRED,
        "居民": Status.RESIDENT,
    }
    standing_words = {"1": "1", "2": "2", "in_order": "1", "paused": "2", "正常": "1", "暂停": "2"}
    return (
        Column("scheme", cells.word(scheme_words), required, "310 employee, 390 resident", ("险种", "insutype")),
        Column("region", cells.region, True, cells.REGION_ACCEPTED, ("参保地", "统筹地区", "insuplc_admdvs")),
        Column("status", cells.word(status_words), also=("参保身份",)),
        Column("psn_type", cells.matching(r"\d{2,6}", "2 to 6 digits (psn_type)"), also=("人员类别",)),
        Column("standing", cells.word(standing_words), also=("参保状态", "psn_insu_stas")),
        Column("employer", cells.text, also=("单位名称", "emp_name")),
        Column("civil_servant", cells.flag, also=("公务员", "cvlserv_flag")),
        Column("aided", cells.flag, also=("医疗救助",)),
        Column("second_grade", cells.flag, also=("二档",)),
        Column("covered_since", cells.day, also=("连续参保起始日期",)),
        Column("late", cells.word(_LATE), also=("等待情形",)),
        Column("missed_years", cells.count, accepted="a whole number", also=("断保年数",)),
        Column("repaid_years", cells.count, accepted="a whole number", also=("补缴年数",)),
        Column("since", cells.day, required, cells.DATE_ACCEPTED, ("参保日期", "psn_insu_date")),
        Column("until", cells.day, also=("终止日期",)),
    )


_GENDER_WORDS: Final = {
    "1": "1",
    "2": "2",
    "9": "9",
    "男": "1",
    "女": "2",
    "male": "1",
    "female": "2",
    "m": "1",
    "f": "2",
}

_TIER_WORDS: Final[dict[str, Tier | None]] = {
    "1": Tier.TIER_1,
    "2": Tier.TIER_2,
    "3": Tier.TIER_3,
    "tier_1": Tier.TIER_1,
    "tier_2": Tier.TIER_2,
    "tier_3": Tier.TIER_3,
    "一级": Tier.TIER_1,
    "二级": Tier.TIER_2,
    "三级": Tier.TIER_3,
    "community": Tier.COMMUNITY,
    "社区": Tier.COMMUNITY,
    "tier_3_special": Tier.TIER_3_SPECIAL,
    "三级特等": Tier.TIER_3_SPECIAL,
    "tier_3_specialist": Tier.TIER_3_SPECIALIST,
    "三级专科": Tier.TIER_3_SPECIALIST,
    "provincial": Tier.PROVINCIAL,
    "省级": Tier.PROVINCIAL,
    "none": None,
    "无": None,
}

_INSTITUTION_KINDS: Final = {
    "hospital": InstitutionKind.HOSPITAL,
    "pharmacy": InstitutionKind.PHARMACY,
    "医院": InstitutionKind.HOSPITAL,
    "药店": InstitutionKind.PHARMACY,
}

_CLASSES: Final = {
    "a": ItemClass.A,
    "b": ItemClass.B,
    "c": ItemClass.C,
    "甲": ItemClass.A,
    "乙": ItemClass.B,
    "丙": ItemClass.C,
}

_FILINGS: Final = {
    **{str(kind): kind for kind in FilingKind},
    "慢特病": FilingKind.SPECIAL_DISEASE,
    "两病": FilingKind.TWO_DISEASES,
    "定点": FilingKind.PROVIDER,
    "家庭医生": FilingKind.FAMILY_DOCTOR,
    "转诊": FilingKind.REFERRAL,
    "异地": FilingKind.ELSEWHERE,
}

_FILING_STATES: Final = {
    "filed": FilingState.FILED,
    "granted": FilingState.GRANTED,
    "审核中": FilingState.FILED,
    "已通过": FilingState.GRANTED,
}

_FACTS: Final = {
    "parent": FactKind.PARENT,
    "spouse": FactKind.SPOUSE,
    "父母": FactKind.PARENT,
    "配偶": FactKind.SPOUSE,
}

_ACCOUNTS: Final = {
    "current": AccountKind.PERSONAL_CURRENT,
    "historical": AccountKind.PERSONAL_HISTORICAL,
    "当年": AccountKind.PERSONAL_CURRENT,
    "历年": AccountKind.PERSONAL_HISTORICAL,
}

_INSTITUTION_CODE: Final = "H (hospital) or P (pharmacy) and 11 digits or capitals"

FORMS: Final = {
    form.kind: form
    for form in (
        Form(
            FileKind.INSTITUTIONS,
            (
                Column(
                    "code", cells.matching(r"[HP][0-9A-Z]{11}", _INSTITUTION_CODE), True, _INSTITUTION_CODE, ("编码",)
                ),
                Column("name", cells.text, True, "the institution's name", ("名称",)),
                Column("kind", cells.word(_INSTITUTION_KINDS), True, "hospital or pharmacy", ("类型",)),
                Column(
                    "tier",
                    cells.word(_TIER_WORDS),
                    accepted="1, 2, 3, community, tier_3_special, tier_3_specialist, provincial or none",
                    also=("等级",),
                ),
                Column("region", cells.region, True, cells.REGION_ACCEPTED, ("地区",)),
                Column("designated_since", cells.day, True, cells.DATE_ACCEPTED, ("定点开始日期",)),
                Column("designated_until", cells.day, also=("定点结束日期",)),
                Column("paasid", cells.text),
                Column("secret", cells.text),
            ),
            builders.institution,
        ),
        Form(
            FileKind.CATALOGUE,
            (
                Column("area", cells.matching(r"\d{6}", cells.REGION_ACCEPTED), True, cells.REGION_ACCEPTED, ("地区",)),
                Column(
                    "code", cells.text, True, "the national code of the item (med_list_codg)", ("目录编码", "医保编码")
                ),
                Column("name", cells.text, True, "the item's name", ("名称",)),
                Column("class", cells.word(_CLASSES), True, "A, B or C", ("类别", "item_class")),
                Column("first_self_pay", cells.ratio, accepted=cells.RATIO_ACCEPTED, also=("先行自付比例",)),
                Column("ceiling", cells.unit_price, also=("限价",)),
                Column("charge_type", _code_of_two, True, "two digits of med_chrgitm_type, such as 09", ("收费类别",)),
                Column("restricted", cells.flag, also=("限制使用",)),
                Column("essential_drug", cells.flag, also=("基本药物",)),
                Column("negotiated_drug", cells.flag, also=("谈判药品",)),
                Column("since", cells.day, True, cells.DATE_ACCEPTED, ("开始日期",)),
                Column("until", cells.day, also=("结束日期",)),
            ),
            builders.catalogue_item,
        ),
        Form(
            FileKind.PEOPLE,
            (
                *_CERTIFICATE,
                Column("name", _name, True, "the person's name", ("姓名", "psn_name")),
                Column("gender", cells.word(_GENDER_WORDS), also=("性别", "gend")),
                Column("born_on", cells.day, also=("出生日期", "brdy")),
                Column("card", cells.matching(r"[0-9A-Z]{5,32}", "5 to 32 digits and letters"), also=("社保卡号",)),
                Column("household", cells.text, also=("户号",)),
                Column("nationality", _code_of_two, accepted="two digits of naty", also=("民族", "naty")),
                Column("died_on", cells.day, also=("死亡日期",)),
                # Known, so that a file need not be cut down; a phone number is not stored.
                Column("phone", cells.text, also=("手机号", "联系电话"), kept=False),
                *_enrolment_columns(required=False),
            ),
            builders.person,
        ),
        Form(FileKind.ENROLMENTS, (*_CERTIFICATE, *_enrolment_columns(required=True)), builders.enrolment),
        Form(
            FileKind.FILINGS,
            (
                *_CERTIFICATE,
                Column("filing", cells.word(_FILINGS), True, ", ".join(FilingKind), ("备案类型",)),
                Column(
                    "subject",
                    cells.text,
                    True,
                    "disease code, rank, institution or area",
                    ("病种编码", "opsp_dise_code"),
                ),
                Column("name", cells.text, also=("病种名称", "opsp_dise_name")),
                Column("word", cells.text, also=("规则病种",)),
                Column(
                    "institution",
                    cells.matching(r"[HP][0-9A-Z]{11}", _INSTITUTION_CODE),
                    accepted=_INSTITUTION_CODE,
                    also=("定点医药机构编号", "fixmedins_code"),
                ),
                Column("state", cells.word(_FILING_STATES), also=("审核状态",)),
                Column("since", cells.day, True, cells.DATE_ACCEPTED, ("开始日期", "begndate")),
                Column("until", cells.day, also=("结束日期", "enddate")),
            ),
            builders.filing,
        ),
        Form(
            FileKind.KINSHIP,
            (
                Column("kind", cells.word(_FACTS), True, "parent (one is the parent of other) or spouse", ("关系",)),
                *_certificate_columns("one_"),
                *_certificate_columns("other_"),
                Column("since", cells.day, True, cells.DATE_ACCEPTED, ("开始日期",)),
                Column("until", cells.day, also=("结束日期",)),
                Column("evidence", cells.text, also=("依据",)),
            ),
            builders.kinship,
        ),
        Form(
            FileKind.BALANCES,
            (
                *_CERTIFICATE,
                Column("account", cells.word(_ACCOUNTS), True, "current or historical", ("账户",)),
                Column("balance", cells.fen, True, cells.YUAN_ACCEPTED, ("余额",)),
            ),
            builders.balance,
        ),
    )
}


def recognise(table: Table) -> Form:
    """The kind of file that a table's header belongs to.

    A header that lacks something still counts when it resembles one kind more than all others, so that the report can
    name the column that is missing or misspelt.

    Raises:
        InvalidInput: ``file.empty``, ``file.kind_unknown``.
    """
    header, file = table.header, table.file
    if not header and not table.problems:
        raise InvalidInput(
            "file.empty", f"{file} holds no rows", f"{file} 没有内容", field="file", accepted="a header and rows"
        )
    best, second = sorted(FORMS.values(), key=lambda form: (form.fits(header), form.known(header)), reverse=True)[:2]
    if best.fits(header) or (best.known(header) >= 2 and best.known(header) > second.known(header)):
        return best
    kinds = "; ".join(
        f"{form.kind}: {', '.join(c.name for c in form.columns if c.required)}" for form in FORMS.values()
    )
    raise InvalidInput(
        "file.kind_unknown",
        f"{file}: the columns belong to no kind of file that is known; name the kind with --kind",
        f"{file}：无法从表头判断文件类型，请用 --kind 指明",
        field="file",
        accepted=kinds,
    )
