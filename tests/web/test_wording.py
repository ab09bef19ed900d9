"""The catalogues are complete in both languages, an elder understands them, and every code of a settlement is told."""

from __future__ import annotations

import ast
import re
import statistics
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from string import Formatter

import claim_words
import draft_words
import office_words
import pytest
from msgspec import structs
from structlog.testing import capture_logs

import gongji
from gongji.allotment.model import Deed
from gongji.benefit.assess import assess
from gongji.benefit.model import Bill, Circumstances, Step
from gongji.entrances import explaining, wording
from gongji.entrances.open_rules.figures import ALLOTMENT_TERMS, TERMS
from gongji.entrances.reminding import Kind as Reminded
from gongji.entrances.sandbox.conformance.model import Outcome
from gongji.entrances.sandbox.control import SPANS
from gongji.entrances.sandbox.failures import FailureKind
from gongji.entrances.sandbox.page import MENU as SANDBOX_MENU
from gongji.entrances.sandbox.signing import PROBLEMS as SIGNATURE_PROBLEMS
from gongji.entrances.web.acting import PAGES
from gongji.entrances.web.citizen.account import KINDS
from gongji.entrances.web.citizen.binding import TOPICS
from gongji.entrances.web.pages import environment
from gongji.entrances.web.rules.china import TILES
from gongji.entrances.web.rules.form import FIELDS, ROW
from gongji.entrances.wording import Language
from gongji.family import eligibility
from gongji.family.applications import ApplicationState, ConsentWay
from gongji.family.mandates import Scope
from gongji.family.model import AuthorisationState
from gongji.ledger.holds import HoldState
from gongji.ledger.model import JournalKind
from gongji.registry.keys import SigningDialect
from gongji.rules.book import RuleBook
from gongji.rules.cases import example_files, load_examples
from gongji.rules.coverage import State
from gongji.rules.enrolment import ENROLMENT_NAMES
from gongji.rules.grid import CLASS, GRADES, NUMBERED, OTHER_PROVIDER, SELECTED_PROVIDER
from gongji.rules.model import (
    AccountScope,
    AllotmentParts,
    AllotmentYearEnd,
    Area,
    Attribute,
    BalanceSource,
    CareKind,
    Clause,
    DeductibleKind,
    Dimension,
    Effect,
    FlagTwo,
    ForbiddenUse,
    Grade,
    OffSite,
    Procedure,
    Purpose,
    Relation,
    Reset,
    Scheme,
    Status,
    TakeBack,
    Tier,
    Trigger,
)
from gongji.rules.pack import SCHEME_WORDS, benefit_word, every_benefit, scheme_word
from gongji.rules.pack_files import SHIPPED
from gongji.rules.particulars import particulars
from gongji.rules.vocabulary import AccrualBase, BackPayment, Contributor, Late
from gongji.rules.waiting import GAP_TERMS
from gongji.rules.wallet import QUOTA_LIMITS, QUOTA_TERMS, WALLET_NAMES
from gongji.rules.wallet import TERMS as WALLET_PARTS
from gongji.settlement.mobile.waiting import QUOTED
from gongji.settlement.model import AccountUse, Explanation, PayerLine
from gongji.wallet.decide import SENDER_CONDITIONS
from gongji.wallet.model import Source, TransferState
from gongji.wallet.quotas.decide import GIVER_CONDITIONS
from gongji.wallet.quotas.model import Moved, QuotaEnd, QuotaState

SOURCE = Path(gongji.__file__).parent
CHINESE, ENGLISH = Language.CHINESE, Language.ENGLISH


def shipped_readings() -> set[str]:
    """Every reading of every benefit that is shipped: ``<what is open>.<reading>``."""
    book = RuleBook.shipped()
    open_texts = [
        one
        for region in book.regions()
        for scheme in Scheme
        for kind in CareKind
        for one in book.interpretations(region, scheme, kind).values()
    ]
    # Those of sharing rules stand in the packs, not in a benefit; those of allotment are worded as values.
    open_texts += [one for lineage in book.lineages() for one in lineage.own.interpretations.values()]
    return {f"{one.name}.{option}" for one in open_texts for option in one.options} | {"mixed_tiers.once"}


def shipped_numbers() -> set[str]:
    """The names of every plain value that is shipped, and of every way of crediting an account each month."""
    names = {name for lineage in RuleBook.shipped().lineages() for name in lineage.own.values}
    return names | {f"{one}.{base}" for one in Contributor for base in (*AccrualBase, "monthly")}


def shipped_diseases() -> set[str]:
    """The words for diseases that rules set apart, and for what lessens a repeated deductible."""
    book = RuleBook.shipped()
    rules = [
        span.rule
        for region in book.regions()
        for scheme in Scheme
        for kind in CareKind
        for span in book.timeline(region, scheme, kind)
    ]
    found = {word for rule in rules for grid in rule.grids() for word in grid.words(Dimension.DISEASE)}
    return found | {"less", "floor"}


def shipped_cases() -> set[str]:
    """The words that the plain values' tables are keyed by, but for classes of age and numbered admissions."""
    tables = [
        entry.value for one in RuleBook.shipped().lineages() for held in one.own.values.values() for entry in held
    ]
    words = {word for table in tables for path in table for word in path}
    return {word for word in words if not (CLASS.fullmatch(word) or NUMBERED.fullmatch(word))}


def known_parts() -> set[str]:
    """The parts of every shipped term of waiting, enrolment and the wallet, as their labels are called."""
    found = set()
    for lineage in RuleBook.shipped().lineages():
        own = lineage.own
        held = {f"waiting.{scheme_word(scheme)}": entries for scheme, entries in own.waiting.items()}
        held |= {f"enrolment.{name}": entries for name, entries in own.enrolment.items()}
        held |= {f"wallet.{name}": entries for name, entries in own.wallet.items()}
        for name, entries in held.items():
            found |= {".".join((name, *path)) for entry in entries for path in particulars(entry.value)}
    return found


#: Every part that a pack may give of a term of waiting, enrolment or the wallet: a user's own packs may have more than the
#: shipped ones.
KNOWN_TERMS = [
    *(f"waiting.{scheme}.{part}" for scheme in SCHEME_WORDS for part in (*Late, *GAP_TERMS)),
    *(f"wallet.terms.{part}" for part in WALLET_PARTS),
    *(f"wallet.quota.{part}" for part in (*QUOTA_TERMS, *QUOTA_LIMITS)),
    *(f"wallet.{name}" for name in WALLET_NAMES if name not in ("terms", "quota")),
    *("enrolment.window.opens", "enrolment.window.closes"),
    *("enrolment.newborn.within_days", "enrolment.newborn.within_months"),
    *(f"enrolment.retirement_years.{part}" for part in ("men", "women", "paid_here", "shortfall_at_once")),
    *(f"enrolment.transfer.{part}" for part in ("sending_days", "receiving_days", "total_days")),
    *(f"enrolment.transfer.{part}" for part in ("balance_moves", "retired_may")),
    *(
        f"enrolment.{name}"
        for name in ENROLMENT_NAMES
        if name not in ("window", "newborn", "retirement_years", "transfer")
    ),
]

#: What an error page tells of.
PROBLEMS = (
    *("signed_out", "missing", "not_citizen", "input", "ours", "busy", "left"),
    *("log_in", "too_many", "not_allowed", "old_form", "too_large", "refused"),
)

#: What a request, or what came of it, may be when its page is opened.
STATES_OF_A_REQUEST = [
    *(one for one in ApplicationState if one not in (ApplicationState.DRAFT, ApplicationState.SENT)),
    *(one for one in AuthorisationState if one is not AuthorisationState.DRAFT),
]

#: Families of message ids whose last part is a value of the domain, with the values that a page may meet.
FAMILIES = {
    "purpose": list(Purpose),
    "hold": [*HoldState, "step.hold", "step.capture", "step.release"],
    "home.scheme": list(Scheme),
    "home.how": list(Trigger),
    "home.account": ["current", "historical", "held", "pot", "wallet"],
    "home.payments": ["total", "refunded", "paid_by_me", "given_back", "reversal", "reversed"],
    "zero": ["resident", "empty", "not_opened", "not_enrolled", "paused", "frozen"],
    "payer": list(explaining.PAYER_ORDER),
    "kin": [*Relation, "child_in_law"],
    "rules.scheme": list(Scheme),
    "rules.status": list(Status),
    "rules.kind": list(CareKind),
    "rules.grade": list(Grade),
    "rules.use": list(AccountUse),
    "rules.word": [
        *Tier,
        *Status,
        *Attribute,
        *OffSite,
        OTHER_PROVIDER,
        SELECTED_PROVIDER,
        *GRADES,
        *BackPayment,
        *shipped_cases(),
        *shipped_diseases(),
    ],
    "rules.class": ["under.age", "from.age", "under.months", "from.months"],
    "rules.numbered": [Dimension.ADMISSION, Dimension.BAND],
    "rules.about.deductible": [*DeductibleKind, "at_most", "less"],
    "rules.about.share": ["edge", "ratio"],
    "rules.about.modifier": list(Effect),
    "rules.about.further": ["ratio", "deductible", "edge"],
    "rules.about.cap.fund": [*Reset, "visit"],
    "rules.about.cap.cost": [*Reset, "visit"],
    "rules.term": [*TERMS, *(f"allotment_{one}" for one in ALLOTMENT_TERMS)],
    "rules.value.allotment_parts": list(AllotmentParts),
    "rules.value.allotment_take_back": list(TakeBack),
    "rules.value.allotment_year_end": list(AllotmentYearEnd),
    "allot.take_back": [*TakeBack, *("title", "most", "amount", "hint", "what", "note", "do")],
    "allot.allot": ["title", "most", "amount", "hint", "what", "note", "do"],
    "allot.year_end": list(AllotmentYearEnd),
    "allot.zero": ["account", "floor", "never", "used"],
    "allot.done": list(Deed),
    "allot.left": [f"{side}.{word}" for side in ("mine", "theirs") for word in ("own", "all", "used", "never")],
    "allot.premium": ["rejected", "expired", "sent_back"],
    "allot": ["all", "amount.missing"],
    "rules.value": ["none", "yes", "no"],
    "rules.value.area": list(Area),
    "orders.payer": list(QUOTED),
    "rules.value.procedure": list(Procedure),
    "rules.value.forbidden_uses": list(ForbiddenUse),
    "rules.value.trigger": list(Trigger),
    "rules.value.flag_2_means": list(FlagTwo),
    "rules.value.account_scope": list(AccountScope),
    "rules.value.balance_source": list(BalanceSource),
    "rules.count": ["max_relatives", "review_working_days", "unbind_after_days"],
    "rules.field": [*FIELDS, "with"],
    "rules.row": list(ROW),
    "rules.late": list(Late),
    "rules.table": ["region", "benefits", "grade", "year", "checked"],
    "rules.state": [state.name.lower() for state in State],
    "rules.known": sorted({*shipped_numbers(), *KNOWN_TERMS, *known_parts(), "enrolment", "waiting", "wallet"}),
    "place": list(RuleBook.shipped().regions()),
    "province": list(TILES),
    "province.short": list(TILES),
    "rules.compare": ["a", "b", "on_b"],
    "rules.reading": sorted(shipped_readings()),
    "grade": [grade for grade in Grade if grade not in (Grade.OFFICIAL, Grade.LOCAL_MEDIA)],
    "bind.can": list(eligibility.NAMES),
    "bind.consent": [f"{way}{part}" for way in ConsentWay for part in ("", ".hint")],
    "bind.state": STATES_OF_A_REQUEST,
    "bind.hands": STATES_OF_A_REQUEST,
    "bind.next": STATES_OF_A_REQUEST,
    "bind.step": ["sent", "consent", *(one for one in AuthorisationState if one is not AuthorisationState.DRAFT)],
    "bind.asked.done": ["sent", "declined", "withdrawn"],
    "bind.topic": [f"{topic}.{part}" for topic in TOPICS for part in ("title", "text", "next")],
    "help.scope": [*Scope, "missing"],
    "account.kind": list(KINDS),
    "account.what": [*(kind for name, kind in vars(JournalKind).items() if name.isupper()), "other"],
    "paper.column": ["at", "what", "place", "amount", "balance"],
    "paper": ["statement", "receipt", "opening", "came", "went", "closing"],
    "paper.pot": ["given", "had"],
    "paper.pot.column": ["who", "opening", "came", "went", "closing"],
    "verify.pot": ["opening", "came", "went", "closing"],
    "verify.payer": list(explaining.PAYER_ORDER),
    **{f"help.{verb}": ["home", *sorted({word for _, word in PAGES})] for verb in ("saw", "did")},
    "mine.done": ["paused", "resumed", "changed"],
    **{f"error.{kind}": ["title", "text", "next"] for kind in PROBLEMS},
    "sandbox.nav": list(SANDBOX_MENU),
    "sandbox.what": list(SANDBOX_MENU),
    "sandbox.head": [
        *("number", "at", "infno", "msgid", "result"),
        *("field", "type", "needed", "sent", "wrong", "note"),
    ],
    "wallet.condition": [*SENDER_CONDITIONS, *GIVER_CONDITIONS],
    "wallet.source": list(Source),
    "wallet.yours": [one for one in TransferState if one is not TransferState.PLACING],
    "quota.moved": Moved,
    "quota.limit": [*QUOTA_LIMITS, "users", "givers"],
    "reminder": Reminded,
    "quota.state": [
        f"{state}.{side}" for state in (QuotaState.PROPOSED, QuotaState.ACTIVE, *QuotaEnd) for side in ("given", "mine")
    ],
    "wallet": ["called", "clock", "left", "who.commit.missing", "send.missing"],
    "sandbox.home.step": ["sign", "send", "look", "run", "break"],
    "sandbox.done": ["clock", "planned", "dropped", "reset"],
    "sandbox.pays": ["fund", "own", "shared", "cash"],
    "sandbox.how": [*SPANS, "day_end", "month_end", "year_end", "back"],
    "sandbox.failure": list(FailureKind),
    "sandbox.failure_says": list(FailureKind),
    "sandbox.outcome": list(Outcome),
    "sandbox.sign.way": list(SigningDialect),
    "sandbox.sign": [*SIGNATURE_PROBLEMS],
    **claim_words.FAMILIES,
    **draft_words.FAMILIES,
    **office_words.FAMILIES,
}

#: Words that say nothing to most people; only beside an explanation in brackets.
NEEDS_GLOSS = (
    *("划拨", "被共济人", "共济人", "统筹区", "统筹基金", "单建统筹", "起付线", "封顶线", "先行自付", "冲正", "险种"),
    *("异地备案", "慢特病", "缴费基数", "乙类", "医保目录", "基本药物", "政策范围", "清算"),
)


def placeholders(sentence: str) -> set[tuple[str, str]]:
    """The placeholders of a sentence with their forms."""
    return {(name, form or "") for _, name, form, _ in Formatter().parse(sentence) if name}


def named_in_templates() -> Iterator[str]:
    """Message ids that stand whole in a template."""
    for path in sorted(SOURCE.glob("entrances/web/templates/**/*.html")):
        for found in re.finditer(r"""['"]([a-z_]+(?:\.[a-z0-9_]+)+)['"]""", path.read_text()):
            if not found[1].endswith((".html", ".css", ".js")):
                yield found[1]


def texts_in_code() -> Iterator[str]:
    """Every text constant of the pages' code, and of the wording, that has the shape of a message id."""
    rooms = [*(SOURCE / "entrances/web").rglob("*.py"), *(SOURCE / "entrances/assess_command").glob("*.py")]
    rooms += [SOURCE / "entrances/open_rules/cautions.py", SOURCE / "entrances/sandbox/pages.py"]
    rooms += [SOURCE / "entrances/wording.py", SOURCE / "entrances/explaining.py"]
    for path in sorted(rooms):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and re.fullmatch(r"[a-z]+(\.[a-z0-9_]+)+", str(node.value)):
                yield str(node.value)


def named_in_code() -> Iterator[str]:
    """Those of them that begin like a message: codes of refusals and of the audit do not."""
    beginnings = (
        "rules.",
        "assess.",
        "home.",
        "visit.",
        "share.",
        "bind.",
        "mine.",
        "help.",
        "stop.",
        "frame.",
        "sandbox.no_page",
        "sandbox.defect",
        "kin.",
        "payer.",
        "zero.",
        "step.unknown",
        "because.unknown",
        "office.",
        "readers.",
        "account.month",
        "account.what.",
        "paper.",
    )
    return (text for text in texts_in_code() if text.startswith(beginnings) and not text.endswith(".css"))


def reasons_in_settlement() -> set[str]:
    """Every reason that the settlement may give for a payer's amount."""
    code = "".join(path.read_text() for path in sorted((SOURCE / "settlement").glob("*.py")))
    found = re.findall(r'"((?:fund|own|shared|wallet|cash)\.[a-z_.]+|reversed)"', code)
    return set(found) - set(explaining.PAYER_ORDER)


def used() -> set[str]:
    """Every message id that code or templates name."""
    families = {f"{family}.{value}" for family, values in FAMILIES.items() for value in values}
    return {*named_in_templates(), *named_in_code(), *families}


@pytest.mark.parametrize("language", Language)
def test_every_message_that_code_or_templates_name_is_in_the_catalogue(language: Language) -> None:
    wanted = used()
    assert len(wanted) > 120, "the search for message ids found too few: has a template moved?"
    assert sorted(wanted - wording.catalogue(language).keys()) == []


def test_both_languages_have_the_same_messages_with_the_same_placeholders() -> None:
    chinese, english = wording.catalogue(CHINESE), wording.catalogue(ENGLISH)
    assert chinese.keys() == english.keys()
    for msgid, sentence in chinese.items():
        assert sentence, msgid
        assert english[msgid], msgid
        assert placeholders(sentence) == placeholders(english[msgid]), msgid


@pytest.mark.parametrize("language", Language)
def test_figures_and_dates_are_never_shown_raw(language: Language) -> None:
    forms = {"amount": "yuan", "ratio": "percent", "day": "day", "moment": "moment", "sharer": "name"}
    for msgid, sentence in wording.catalogue(language).items():
        for name, form in placeholders(sentence):
            assert form == forms.get(name, form), f"{msgid}: {sentence}"


def test_no_message_stands_there_unused() -> None:
    told_by_code = ("because.", "step.", "kin.", "payer.", "period.", "cases.", "message.")
    left = {msgid for msgid in wording.catalogue(CHINESE) if not msgid.startswith(told_by_code)} - used()
    assert sorted(left) == []


def test_an_elder_meets_no_word_of_the_trade_without_its_explanation() -> None:
    for msgid, sentence in wording.catalogue(CHINESE).items():
        for word in NEEDS_GLOSS:
            bare = re.search(rf"{word}(?!（)", sentence)
            glossed = f"{word}（" in sentence
            deductible_step = msgid.startswith("step.ratio") or msgid == "step.deductible.none_covered"
            if word == "起付线" and deductible_step:
                continue  # the sentence before it on the same page has just explained the word
            if msgid.startswith(("sandbox.", "office.")):
                continue  # for who writes a hospital's system, and for officers
            assert bare is None or glossed, f"{msgid}: {sentence}"


def test_sentences_are_short() -> None:
    sentences = [
        part
        for msgid, text in wording.catalogue(CHINESE).items()
        if msgid.startswith(("because.", "step.", "zero.", "error.", "rules.", "grade."))
        for part in re.split("[。；：]", re.sub(r"\{[^}]*\}|（[^）]*）", "", text))
        if part
    ]
    assert statistics.median(sentences_length(sentences)) <= 25
    assert max(sentences_length(sentences)) <= 45


def sentences_length(sentences: list[str]) -> list[int]:
    """Characters of each sentence."""
    return [len(sentence) for sentence in sentences]


def test_chinese_texts_use_chinese_punctuation() -> None:
    for msgid, sentence in wording.catalogue(CHINESE).items():
        if msgid != "home.share.list_comma":
            assert re.search(r"[一-鿿][,;:?!()]", sentence) is None, f"{msgid}: {sentence}"


def test_every_reason_that_a_settlement_gives_has_its_sentence() -> None:
    reasons = reasons_in_settlement()
    assert {"fund.paid", "own.none.empty", "shared.none.purpose", "reversed"} <= reasons
    assert sorted(reasons - {msgid.removeprefix("because.") for msgid in wording.catalogue(CHINESE)}) == []


@pytest.mark.parametrize("language", Language)
def test_every_template_compiles(language: Language) -> None:
    for name in environment().list_templates(extensions=["html"]):
        environment().get_template(name)


CLAUSE = Clause(
    rule="cn/liaoning/tieling#outpatient.share.retired.tier_3",
    doc="seed-liaoning-tieling",
    title="铁岭医保门诊共济政策",
    publisher="地方资料",
    grade=Grade.SECONDARY,
    quote="三级医疗机构退休人员55%",
    verbatim=True,
    effective=date(2024, 1, 1),
    checked=date(2026, 11, 22),
)

STEPS = (
    Step("split", 26_850, CLAUSE, {"total": 26_850, "self_paid": 0, "over_limit": 0, "first_self_pay": 0}),
    Step("deductible", 3_000, CLAUSE, {"in_scope": 26_850, "threshold": 30_000, "borne_before": 27_000, "left": 0}),
    Step("ratio", 13_118, CLAUSE, {"base": 23_850, "ratio": 5_500}),
    Step("cap", 10_000, CLAUSE, {"owed": 13_118, "limit": 300_000, "paid_before": 290_000, "left": 0}),
    Step("overflow", 3_118, CLAUSE, {"owed": 3_118, "limit": 5_000_000, "paid_before": 0, "left": 4_996_882}),
)


def wangs_bill() -> Explanation:
    """Wang Xiulan's visit of 268.50: the fund 100.00, large-amount aid 31.18, her daughter 117.00, cash 20.32."""
    return Explanation(
        (
            PayerLine("cash", 2_032, "cash.rest"),
            PayerLine("shared", 11_700, "shared.paid", None, {"sharer": 77, "authorisation": 5}),
            PayerLine("own", 0, "own.none.no_account"),
            PayerLine("wallet", 0, "wallet.none"),
            PayerLine("fund.large", 3_118, "fund.large.paid", CLAUSE),
            PayerLine("fund.pool", 10_000, "fund.paid", CLAUSE),
        ),
        STEPS,
    )


def test_payers_stand_in_the_fixed_order_and_add_up() -> None:
    told = explaining.explain(wangs_bill(), CHINESE, {77: "女儿 **婷"})

    assert [line.payer for line in told.payers] == ["fund.pool", "fund.large", "own", "shared", "wallet", "cash"]
    assert told.total == 26_850
    assert told.payers[3].label == "女儿 **婷的个人账户（家庭共济）"
    assert told.payers[2].because == "居民医保没有个人账户。"


def test_five_steps_are_told_in_four_sentences_with_their_figures() -> None:
    told = explaining.explain(wangs_bill(), CHINESE, {})

    assert [step.sentence for step in told.steps] == [
        "总费用 ¥268.50，报销范围内的有 ¥268.50。",
        "起付线（先由自己付的一段）一年 ¥300.00，这次付满最后的 ¥30.00。",
        "超过起付线的 ¥238.50，按 55% 报销，是 ¥131.18。",
        "一年里，医保基金最多付 ¥3,000.00，以前付过 ¥2,900.00，这次只能付 ¥100.00。超过限额的 ¥31.18，大额医疗补助付 ¥31.18。",
    ]
    assert told.steps[3].codes == ("cap", "overflow")


def test_a_source_below_grade_b_is_said_to_be_one_and_only_once() -> None:
    told = explaining.explain(wangs_bill(), CHINESE, {})

    assert told.cautions == ("数字出自转载资料，还没有和官方原文核对。",)
    official = structs.replace(CLAUSE, grade=Grade.OFFICIAL)
    assert wording.caution(official, CHINESE) is None


@pytest.mark.parametrize(
    ("inputs", "amount", "says"),
    [
        ({"in_scope": 10_000, "threshold": 30_000, "borne_before": 0, "left": 20_000}, 10_000, "还差 ¥200.00"),
        ({"in_scope": 40_000, "threshold": 30_000, "borne_before": 0, "left": 0}, 30_000, "一年 ¥300.00，这次一次付满"),
        ({"in_scope": 10_000, "threshold": 30_000, "borne_before": 30_000, "left": 0}, 0, "已经付满"),
        ({"in_scope": 0, "threshold": 30_000, "borne_before": 0, "left": 30_000}, 0, "没有报销范围内的费用"),
    ],
)
def test_the_deductible_is_told_as_it_stands(inputs: dict[str, int | str], amount: int, says: str) -> None:
    told = explaining.explain(Explanation((), (Step("deductible", amount, None, inputs),)), CHINESE, {})

    assert says in told.steps[0].sentence


@pytest.mark.parametrize("language", Language)
def test_a_code_that_the_catalogue_does_not_know_breaks_nothing_and_is_logged(language: Language) -> None:
    strange = Explanation((PayerLine("fund.moon", 100, "fund.moon.full"),), (Step("moon", 100, None, {}),))

    with capture_logs() as logs:
        told = explaining.explain(strange, language, {})

    assert "fund.moon.full" in told.payers[0].because
    assert "moon" in told.steps[0].sentence
    assert told.total == 100
    assert [line["event"] for line in logs] == ["wording.unknown"] * 3


def test_a_step_without_its_figures_falls_back_to_its_code() -> None:
    with capture_logs() as logs:
        told = explaining.explain(Explanation((), (Step("ratio", 100, None, {"base": 5}),)), ENGLISH, {})

    assert told.steps[0].sentence == "Step ratio: ¥1.00."
    assert logs[0]["event"] == "wording.values_missing"


def test_both_sides_of_a_sharing_call_each_other_rightly() -> None:
    # The user is the sharer's parent: she is "mother" to the sharer, the sharer "daughter" to her.
    assert wording.kin(Relation.PARENT, "2", CHINESE) == "母亲"
    assert wording.kin_seen_by_user(Relation.PARENT, "2", CHINESE) == "女儿"
    assert wording.kin_seen_by_user(Relation.PARENT_IN_LAW, "1", CHINESE) == "女婿"
    assert wording.kin(Relation.SPOUSE, "9", ENGLISH) == "spouse"
    for relation in Relation:
        assert wording.kin_seen_by_user(relation, "9", CHINESE)


def told_visits() -> Iterator[tuple[str, Explanation]]:
    """The funds' explanation of every visit of every worked example that is shipped, each under where it comes from."""
    book = RuleBook.shipped()
    for file in example_files(SHIPPED):
        for example in load_examples(file):
            counters: dict[str, int] = {}
            for visit in example.visits:
                readings = example.readings if visit.kind in (None, example.kind) else {}
                rule = book.benefit(example.region, example.scheme, visit.kind or example.kind, visit.on, readings)
                bill = Bill(visit.total, visit.self_paid, visit.over_limit, visit.first_self_pay, visit.in_scope)
                person = Circumstances(
                    visit.status,
                    visit.tier,
                    visit.on,
                    visit.age,
                    visit.offsite,
                    visit.attributes,
                    visit.months_covered,
                    visit.current_account,
                    visit.days,
                    visit.disease,
                )
                outcome = assess(rule, bill, person, counters)
                for move in outcome.moves:
                    counters[move.counter] = counters.get(move.counter, 0) + move.added
                yield f"{example.name} {visit.on}", Explanation((), outcome.steps)


def test_every_sentence_of_every_worked_example_is_short_and_its_figures_have_a_source() -> None:
    """As an elder reads it, amounts filled in; what a pack says of a gap in its own words is not ours."""
    for name, explanation in told_visits():
        if explanation.steps[-1].code == "no_rule":
            continue  # nothing was reckoned, so nothing is cited
        for step in explanation.steps:
            told = explaining.tell_step(step, CHINESE)
            for sentence in re.split("[。；]", re.sub(r"（[^）]*）", "", told.sentence)):
                assert len(sentence) <= 60, f"{name}: {sentence}"
            if re.search(r"¥|%", told.sentence):
                assert told.clauses, f"{name}: {told.sentence}"
                assert all("#" in clause.rule and clause.title for clause in told.clauses)


def test_what_people_read_of_the_packs_is_short_and_has_no_bare_word_of_the_trade() -> None:
    """Over every worked example, figures left out, half of all sentences have at most 25 characters; what a pack says in its
    own words where it has no rule, and where a text is open, is read by the same people."""
    told = [
        part
        for _, explanation in told_visits()
        for step in explanation.steps
        for part in re.split(
            "[。；]", re.sub(r"（[^）]*）|¥[\d,.]+|\d+%", "", explaining.tell_step(step, CHINESE).sentence)
        )
        if part.strip()
    ]
    assert len(told) > 1_000
    assert statistics.median(sentences_length(told)) <= 25

    book = RuleBook.shipped()
    benefits = {benefit_word(key) for key in every_benefit()}
    quoted = {gap.says for region in book.regions() for gap in book.gaps(region) if gap.about in benefits}
    clauses = [
        part for says in quoted for part in re.split("[,，;；。:：]", re.sub(r"[(（][^)）]*[)）]", "", says)) if part
    ]
    assert statistics.median(sentences_length(clauses)) <= 25
    assert max(sentences_length(clauses)) <= 45
    for words in (*told, *quoted):
        assert re.search(r"划拨(?!（)|统筹区(?!（)", words) is None, words


def test_a_step_says_for_which_period_and_for_whom() -> None:
    cap = {"owed": 13_118, "limit": 300_000, "paid_before": 290_000, "left": 0}
    assert "2024 年第 3 季度里，医保基金最多付" in told_of("cap", 10_000, cap | {"period": "2024-Q3"})
    assert "2024 年 7 月里，医保基金最多付" in told_of("cap", 10_000, cap | {"period": "2024-07"})
    assert "2024/25 医保年度里，医保基金最多付" in told_of("cap", 10_000, cap | {"period": "2024/25"})
    assert "一年里，医保基金最多付" in told_of("cap", 10_000, cap)
    points = {"effect": "points", "number": 500}
    assert told_of("modifier", 0, points | {"cases": "retired"}) == "因为退休，报销比例提高 5 个百分点。"
    assert told_of("modifier", 0, points) == "按另外一条规定，报销比例提高 5 个百分点。"


def told_of(code: str, amount: int, inputs: dict[str, int | str]) -> str:
    """The sentence of one step."""
    return explaining.tell_step(Step(code, amount, None, inputs), CHINESE).sentence


@pytest.mark.parametrize("language", Language)
def test_every_step_of_every_worked_example_has_its_sentence(language: Language) -> None:
    codes: set[str] = set()
    with capture_logs() as logs:
        for name, explanation in told_visits():
            told = explaining.explain(explanation, language, {})
            codes |= {code for step in told.steps for code in step.codes}
            for step in told.steps:
                assert "{" not in step.sentence, name

    assert logs == [], "a step without a sentence is logged"
    assert codes >= {
        "split",
        "deductible",
        "ratio",
        "cap",
        "no_cap",
        "overflow",
        "no_rule",
        "band",
        "modifier",
        "cost_cap",
        "account_first",
        "offsite_first",
        "overflow_ratio",
    }


@pytest.mark.parametrize(
    ("step", "says"),
    [
        (Step("deductible", 0, None, {"in_scope": 5_000, "threshold": 0}), "这次没有起付线"),
        (Step("deductible", 5_000, None, {"in_scope": 9_000, "threshold": 5_000}), "每次 ¥50.00，这次付 ¥50.00"),
        (Step("deductible", 0, None, {"in_scope": 9_000, "threshold": 5_000}), "已经收够次数"),
        (
            Step("deductible", 60_000, None, {"in_scope": 90_000, "threshold": 60_000, "admission": 2, "cycles": 1}),
            "今年第 2 次住院",
        ),
        (
            Step("deductible", 90_000, None, {"in_scope": 900_000, "threshold": 90_000, "admission": 1, "cycles": 2}),
            "按 2 次算，一共 ¥900.00",
        ),
        (Step("modifier", 0, None, {"effect": "points", "number": 500}), "提高 5 个百分点"),
        (Step("modifier", 0, None, {"effect": "points", "number": 0}), "报销比例不变"),
        (Step("modifier", 0, None, {"effect": "self_pay_factor", "number": 6_000}), "自己付的比例打折，乘以 60%"),
        (Step("modifier", 0, None, {"effect": "upside_down", "number": 1}), "报销比例有变化"),
        (Step("ratio", 9_000, None, {"base": 10_000, "ratio": 8_500}), "各段加起来报销 ¥90.00"),
        (Step("account_first", 0, None, {"in_scope": 100, "balance": 0, "left": 0}), "已经用完，可以开始报销"),
        (Step("no_cap", 700, None, {"fund": "fund.pool", "owed": 700}), "没有写限额，医保基金付 ¥7.00"),
    ],
)
def test_each_situation_of_a_step_is_told_as_it_is(step: Step, says: str) -> None:
    assert says in explaining.tell_step(step, CHINESE).sentence


def test_amounts_and_dates_in_both_languages() -> None:
    assert wording.money(131_045) == "¥1,310.45"
    assert wording.money(-5) == "−¥0.05"
    late_in_london = datetime(2024, 6, 11, 18, 30, tzinfo=UTC)
    assert wording.day(late_in_london, CHINESE) == "2024年6月12日"
    assert wording.moment(late_in_london, ENGLISH) == "12 June 2024, 02:30"
