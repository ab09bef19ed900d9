"""The sandbox's people: one table, which is loaded, shown on a page, told in the guide and tried by a test.

Nobody here can be mistaken for a real person: every name begins with 沙, and every number with a county that does not
exist (211299, 370899), with a check digit that fits.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from gongji.registry.certificate import BIRTH_CERTIFICATE, CITIZEN_ID, Certificate, check_certificate, check_digit
from gongji.registry.filings import FilingKind
from gongji.rules.model import Relation, Scheme, Status

TIELING, JINING, NANJING = "211200", "370800", "320100"
REGIONS: Final = (TIELING, JINING, NANJING)

#: National codes of diseases (门诊慢特病病种).
HYPERTENSION, DIALYSIS = "M03900", "M07801"

#: Institutions of the sandbox that trials go to (see `institutions`).
TIELING_TIER_3, TIELING_TIER_1 = "H21129900001", "H21129900002"
JINING_TIER_3, NANJING_TIER_3 = "H37089900001", "H32019900001"

#: Where visits of before were, so that everybody else's books begin empty.
TIELING_TIER_2, JINING_COMMUNITY = "H21129900003", "H37089900002"

#: psn_type by status, as the demo world and most regions code it.
_PSN_TYPES: Final = {Status.ACTIVE: "11", Status.RETIRED: "12", Status.RESIDENT: "15"}


@dataclass(frozen=True, slots=True)
class Trial:
    """What to send, and what comes back.

    A trial is a visit with `count` coronary CTs (class A, ¥800.00 each), pre-settled with 2206 so that it changes
    nothing and may be repeated.

    Attributes:
        at: code of the hospital.
        use: acct_used_flag.
        count: how many CTs.
        fund, own, shared, cash: who pays how much, in yuan; None where the trial is refused.
        refused: code of the refusal, "" where none.
        name: psn_name to send with 1101, where the refusal is 1101's; "" otherwise.
        med_type: 医疗类别.
        disease: dise_codg of 2203, "" where the category asks for none.
    """

    at: str = TIELING_TIER_3
    use: str = "1"
    count: int = 1
    fund: str | None = None
    own: str | None = None
    shared: str | None = None
    cash: str | None = None
    refused: str = ""
    name: str = ""
    med_type: str = "11"
    disease: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """A visit that was settled before the sandbox begins; fields as in `Trial`."""

    at: str
    count: int
    use: str


@dataclass(frozen=True, slots=True)
class InventedPerson:
    """One invented person and the case that they stand for.

    Attributes:
        key: names them in scenarios.
        name: full name.
        number: the first 17 digits of the citizen number, or the number of a birth certificate.
        region: pooling region.
        status: active, retired or resident.
        case: the case in Chinese and in English.
        trial: what shows it; None for those who only stand behind others.
        current, historical: yuan in the account; None for nobody's account.
        standing: psn_insu_stas.
        months_unpaid: how many full months ago the cover ended; None while it goes on.
        days_old: for a newborn, how many days before the sandbox's first; None where the number tells the birth.
        died: whether they are registered as deceased.
        held: yuan of the account set aside as a deposit for three days.
        before: what was settled before.
        filed: what is filed for them and granted: kind, code, and the disease in the words of the region's rules.
        told: fields of 1101's insuinfo that show the case.
    """

    key: str
    name: str
    number: str
    region: str
    status: Status
    case: tuple[str, str]
    trial: Trial | None = None
    current: str | None = None
    historical: str = "0.00"
    standing: str = "1"
    months_unpaid: int | None = None
    days_old: int | None = None
    died: bool = False
    held: str | None = None
    before: Visit | None = None
    filed: tuple[FilingKind, str, str] | None = None
    told: Mapping[str, str] = field(default_factory=dict)

    @property
    def certificate(self) -> Certificate:
        """The checked certificate."""
        if self.days_old is not None:
            return check_certificate(BIRTH_CERTIFICATE, self.number)
        return check_certificate(CITIZEN_ID, self.number + check_digit(self.number))

    @property
    def gender(self) -> str:
        """1 male, 2 female."""
        return self.certificate.gender or "2"

    @property
    def card(self) -> str:
        """The number of the social-security card."""
        return f"SX{self.certificate.number[-12:]}"

    @property
    def scheme(self) -> Scheme:
        """310 or 390."""
        return Scheme.RESIDENT if self.status is Status.RESIDENT else Scheme.EMPLOYEE

    @property
    def psn_type(self) -> str:
        """The person category."""
        return _PSN_TYPES[self.status]

    @property
    def born_on(self) -> date | None:
        """The date of birth in the number."""
        return self.certificate.born_on


@dataclass(frozen=True, slots=True)
class Sharing:
    """Somebody shares an account with somebody.

    Attributes:
        sharer, user: keys of people.
        relation: what the user is to the sharer.
        limit_month, limit_total: yuan; None without.
        paused: whether the sharer has paused it.
        waiting: whether it still waits for review, so that it is not in force.
    """

    sharer: str
    user: str
    relation: Relation
    limit_month: str | None = None
    limit_total: str | None = None
    paused: bool = False
    waiting: bool = False


_ACTIVE, _RETIRED, _RESIDENT = Status.ACTIVE, Status.RETIRED, Status.RESIDENT

PEOPLE: Final = (
    InventedPerson(
        "plain", "沙平安", "21129919800315901", TIELING, _ACTIVE,
        ("在职，个人账户有余额", "employed, with money in the account"),
        Trial(fund="250.00", own="550.00", shared="0.00", cash="0.00"),
        current="1000.00", historical="500.00", told={"psn_insu_stas": "1", "balc": "1500.00"},
    ),
    InventedPerson(
        "zero", "沙归零", "21129919820620903", TIELING, _ACTIVE,
        ("个人账户余额为零，没有共济人", "the account is empty, and nobody shares"),
        Trial(fund="250.00", own="0.00", shared="0.00", cash="550.00"),
        current="0.00", told={"balc": "0.00"},
    ),
    InventedPerson(
        "no_account", "沙无户", "21129919830711905", TIELING, _ACTIVE,
        ("在职，没有开立个人账户", "employed, but no account was ever opened"),
        Trial(fund="250.00", own="0.00", shared="0.00", cash="550.00"),
    ),
    InventedPerson(
        "paused_cover", "沙停保", "21129919841012907", TIELING, _ACTIVE,
        ("参保暂停（psn_insu_stas 2），不能结算", "cover is paused (psn_insu_stas 2): no settlement"),
        Trial(refused="enrolment.not_in_force"),
        current="800.00", standing="2", told={"psn_insu_stas": "2"},
    ),
    InventedPerson(
        "arrears", "沙欠费", "21129919850123909", TIELING, _ACTIVE,
        ("欠费两个月，参保已终止（psn_insu_stas 4）", "two months in arrears: cover has ended (psn_insu_stas 4)"),
        Trial(refused="enrolment.not_in_force"),
        current="300.00", months_unpaid=2, told={"psn_insu_stas": "4"},
    ),
    InventedPerson(
        "two_sharers", "沙奶奶", "21129919500808902", TIELING, _RETIRED,
        ("退休，有两名共济人：先用自己的，再依次用共济人的", "retired, bound by two sharers, who pay one after the other"),
        Trial(count=2, fund="715.00", own="200.00", shared="685.00", cash="0.00"),
        current="200.00",
    ),
    InventedPerson(
        "first_sharer", "沙长子", "21129919751103911", TIELING, _ACTIVE,
        ("沙奶奶的第一名共济人，账户 300.00 元", "first sharer of 沙奶奶, ¥300.00"), current="300.00",
    ),
    InventedPerson(
        "second_sharer", "沙次女", "21129919780924904", TIELING, _ACTIVE,
        ("沙奶奶的第二名共济人，账户 5000.00 元", "second sharer of 沙奶奶, ¥5,000.00"),
        current="3000.00", historical="2000.00",
    ),
    InventedPerson(
        "capped", "沙封顶", "21129919700505913", TIELING, _ACTIVE,
        ("本年度统筹支付已到封顶线（3000.00 元）", "the pooled fund has paid up to this year's cap (¥3,000.00)"),
        Trial(fund="0.00", own="100.00", shared="0.00", cash="700.00"),
        current="100.00", before=Visit(TIELING_TIER_2, 8, "0"),
    ),
    InventedPerson(
        "retired", "沙退休", "21129919560417906", TIELING, _RETIRED,
        ("退休，比例比在职高 5 个百分点", "retired: five percentage points more than the employed"),
        Trial(fund="275.00", own="525.00", shared="0.00", cash="0.00"),
        current="600.00",
    ),
    InventedPerson(
        "community", "沙社区", "21129919881119915", TIELING, _ACTIVE,
        ("在一级医院就诊，起付线低、比例高", "at a tier-1 hospital: lower deductible, higher ratio"),
        Trial(at=TIELING_TIER_1, fund="420.00", own="380.00", shared="0.00", cash="0.00"),
        current="400.00",
    ),
    InventedPerson(
        "paused_sharing", "沙暂停", "21129919530219917", TIELING, _RETIRED,
        ("共济被共济人暂停，共济账户不支付", "the sharer has paused sharing: the shared account pays nothing"),
        Trial(fund="275.00", own="0.00", shared="0.00", cash="525.00"), current="0.00",
    ),
    InventedPerson(
        "waiting_sharing", "沙待审", "21129919520322908", TIELING, _RETIRED,
        ("共济绑定还在审核，尚未生效", "the binding still waits for review: not in force"),
        Trial(fund="275.00", own="0.00", shared="0.00", cash="525.00"), current="0.00",
    ),
    InventedPerson(
        "their_sharer", "沙账主", "21129919790228919", TIELING, _ACTIVE,
        ("沙暂停与沙待审的共济人", "the sharer of 沙暂停 and 沙待审"), current="2000.00",
    ),
    InventedPerson(
        "frozen", "沙冻结", "21129919860606921", TIELING, _ACTIVE,
        ("账户里的钱已作住院押金冻结三天，可用余额为零", "all of the account is held as a deposit for three days"),
        Trial(fund="250.00", own="0.00", shared="0.00", cash="550.00"),
        current="900.00", held="900.00", told={"balc": "0.00"},
    ),
    InventedPerson(
        "dead", "沙已故", "21129919400101923", TIELING, _RETIRED,
        ("已登记死亡，不能结算", "registered as deceased: no settlement"),
        Trial(refused="patient.died"), current="50.00", died=True,
    ),
    InventedPerson(
        "wrong_name", "沙正名", "21129919900909925", TIELING, _ACTIVE,
        ("姓名不符：随 1101 发送“沙误名”会被拒绝", "a wrong name: 沙误名 sent with 1101 is refused"),
        Trial(refused="person.other_credential", name="沙误名"), current="100.00",
    ),
    InventedPerson(
        "away", "沙异地", "21129919770707927", TIELING, _ACTIVE,
        ("铁岭参保，在济宁就诊，没有异地备案", "insured in Tieling, treated in Jining, not filed"),
        Trial(at=JINING_TIER_3, fund="0.00", own="800.00", shared="0.00", cash="0.00"), current="1000.00",
    ),
    InventedPerson(
        "away_filed", "沙备案", "21129919760606929", TIELING, _ACTIVE,
        ("铁岭参保，已办异地备案，在济宁就诊：铁岭的异地标准没有可靠资料，统筹不支付",
         "insured in Tieling, filed for care in Jining: no reliable text says what Tieling pays there, so it pays nothing"),
        Trial(at=JINING_TIER_3, fund="0.00", own="800.00", shared="0.00", cash="0.00"), current="1000.00",
        filed=(FilingKind.ELSEWHERE, JINING, ""),
    ),
    InventedPerson(
        "two_diseases", "沙两病", "21129919580514910", TIELING, _RESIDENT,
        ("居民，高血压已备案（两病门诊用药，med_type 9901），到年度限额 300.00 元为止",
         "a resident with a granted filing for hypertension (med_type 9901), up to ¥300.00 a year"),
        Trial(at=TIELING_TIER_1, fund="300.00", own="0.00", shared="0.00", cash="500.00",
              med_type="9901", disease=HYPERTENSION),
        filed=(FilingKind.TWO_DISEASES, HYPERTENSION, "hypertension"),
    ),
    InventedPerson(
        "not_filed", "沙未备", "21129919590615931", TIELING, _RESIDENT,
        ("居民，没有两病备案：按 9901 结算会被拒绝", "a resident without the filing: 9901 is refused"),
        Trial(at=TIELING_TIER_1, refused="settlement.not_entitled", med_type="9901", disease=HYPERTENSION),
    ),
    InventedPerson(
        "special_disease", "沙透析", "32019919620716901", NANJING, _RETIRED,
        ("南京退休，透析已备案（门诊慢特病，med_type 14），支付 95 %",
         "retired in Nanjing with a granted filing for dialysis (med_type 14): 95 %"),
        Trial(at=NANJING_TIER_3, fund="760.00", own="0.00", shared="0.00", cash="40.00",
              med_type="14", disease=DIALYSIS),
        current="0.00", filed=(FilingKind.SPECIAL_DISEASE, DIALYSIS, "dialysis"),
    ),
    InventedPerson(
        "resident", "沙居民", "37089919600610901", JINING, _RESIDENT,
        ("居民医保，没有个人账户，也没有共济人", "resident scheme: no account, and nobody shares"),
        Trial(at=JINING_TIER_3, fund="0.00", own="0.00", shared="0.00", cash="800.00"),
    ),
    InventedPerson(
        "other_region", "沙济宁", "37089919810412903", JINING, _ACTIVE,
        ("济宁在职：同样的账单，与铁岭的规则不同", "employed in Jining: the same bill under other rules than Tieling's"),
        Trial(at=JINING_TIER_3, fund="300.00", own="500.00", shared="0.00", cash="0.00"), current="2000.00",
    ),
    InventedPerson(
        "monthly_limit", "沙月限", "37089919550303905", JINING, _RESIDENT,
        ("居民，由女儿共济，每月限额 200.00 元", "a resident whose daughter shares, at most ¥200.00 a month"),
        Trial(at=JINING_TIER_3, use="2", fund="0.00", own="0.00", shared="200.00", cash="600.00"),
    ),
    InventedPerson(
        "monthly_sharer", "沙限女", "37089919800808902", JINING, _ACTIVE,
        ("沙月限的共济人", "the sharer of 沙月限"), current="3000.00",
    ),
    InventedPerson(
        "spent_limit", "沙用尽", "37089919540505907", JINING, _RESIDENT,
        ("居民，共济总限额 100.00 元已经用完", "a resident whose sharer's limit of ¥100.00 in all is spent"),
        Trial(at=JINING_TIER_3, use="2", fund="0.00", own="0.00", shared="0.00", cash="800.00"),
        before=Visit(JINING_COMMUNITY, 1, "2"),
    ),
    InventedPerson(
        "spent_sharer", "沙到限", "37089919790909909", JINING, _ACTIVE,
        ("沙用尽的共济人，已到限额", "the sharer of 沙用尽, at the limit"), current="4000.00",
    ),
    InventedPerson(
        "child", "沙小童", "37089920180601904", JINING, _RESIDENT,
        ("儿童，由父亲共济", "a child whose father shares"),
        Trial(at=JINING_TIER_3, use="2", fund="0.00", own="0.00", shared="800.00", cash="0.00"),
    ),
    InventedPerson(
        "newborn", "沙新生", "S370899001", JINING, _RESIDENT,
        ("新生儿，凭出生医学证明（psn_cert_type 990201），由父亲共济",
         "a newborn with a birth certificate (psn_cert_type 990201) whose father shares"),
        Trial(at=JINING_TIER_3, use="2", fund="0.00", own="0.00", shared="800.00", cash="0.00"), days_old=20,
    ),
    InventedPerson(
        "father", "沙父亲", "37089919880818911", JINING, _ACTIVE,
        ("沙小童与沙新生的共济人", "the sharer of 沙小童 and 沙新生"), current="2600.00",
    ),
)  # fmt: skip

SHARINGS: Final = (
    Sharing("first_sharer", "two_sharers", Relation.PARENT),
    Sharing("second_sharer", "two_sharers", Relation.PARENT),
    Sharing("their_sharer", "paused_sharing", Relation.PARENT, paused=True),
    Sharing("their_sharer", "waiting_sharing", Relation.PARENT, waiting=True),
    Sharing("monthly_sharer", "monthly_limit", Relation.PARENT, limit_month="200.00"),
    Sharing("spent_sharer", "spent_limit", Relation.PARENT, limit_total="100.00"),
    Sharing("father", "child", Relation.CHILD),
    Sharing("father", "newborn", Relation.CHILD),
)

BY_KEY: Final = {person.key: person for person in PEOPLE}
