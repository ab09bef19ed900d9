"""A city's files are loaded: a family of Tieling, the hospital, the catalogue, the marriage, the balances."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
import typer
from rich.console import Console
from typer.testing import CliRunner

from gongji.entrances.loading import FileKind, LoadReport, command, load_files, register
from gongji.entrances.loading.forms import FORMS
from gongji.foundation.clock import MovableClock
from gongji.foundation.database import Database
from gongji.foundation.inbox import messages_of
from gongji.foundation.personal import Vault
from gongji.foundation.settings import Settings
from gongji.ledger import service as ledger
from gongji.ledger.model import AccountKind
from gongji.registry import service as registry
from gongji.registry.certificate import check_digit
from gongji.registry.filings import FilingKind, NewFiling, file, filings_of
from gongji.registry.keys import SigningDialect, signing_keys
from gongji.registry.model import ItemClass
from gongji.rules.model import Scheme, Status, Tier
from gongji.rules.vocabulary import Late

Load = Callable[..., LoadReport]


def number(born: date, sequence: int) -> str:
    first_17 = f"211202{born:%Y%m%d}{sequence:03d}"
    return first_17 + check_digit(first_17)


FATHER = number(date(1968, 3, 9), 11)
MOTHER = number(date(1970, 11, 2), 22)
SON = number(date(1995, 7, 20), 31)

PEOPLE = f"""certificate,name,card,household,region,scheme,status,employer,since,phone
{FATHER},李建国,A12345678,Li,211200,310,active,铁岭某厂,2010-01-01,13800138000
{MOTHER},王秀兰,,Li,211200,390,,,2018-01-01,
{SON},李伟,,Li,211200,310,active,某公司,2018-07-01,
"""

KINSHIP = f"""kind,one_certificate,other_certificate,since
spouse,{FATHER},{MOTHER},1994-05-01
parent,{FATHER},{SON},1995-07-20
parent,{MOTHER},{SON},1995-07-20
"""

BALANCES = f"""certificate,account,balance
{FATHER},current,268.50
{FATHER},historical,1000
{SON},历年,0.00
"""

INSTITUTIONS = """code,name,kind,tier,region,designated_since,designated_until,paasid,secret
H21120000001,铁岭市中心医院,hospital,3,211200,2020-01-01,,tlszx,s3cret
P21120000002,惠民大药房,药店,,211200,2021/1/1,9999-12-31,,
"""

CATALOGUE = """area,code,name,class,first_self_pay,ceiling,charge_type,restricted,since
000000,XJ01,阿莫西林胶囊,甲,,,9,否,2024-01-01
211200,XJ02,某乙类药,乙,10%,12.345678,09,是,20240101
211200,XJ03,某丙类药,C,,,09,,2024-01-01
210000,XJ04,某诊疗项目,B,0.055,,03,,2024-01-01
"""


@pytest.fixture
def load(database: Database, vault: Vault, clock: MovableClock, tmp_path: Path) -> Load:
    """Write files under their names and load them."""

    def run(kind: FileKind | None = None, **files: str | bytes) -> LoadReport:
        paths = []
        for name, content in files.items():
            path = tmp_path / f"{name}.csv"
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
            paths.append(path)
        return load_files(database, vault, clock, paths, kind)

    return run


def told(report: LoadReport) -> list[tuple[str, int, str]]:
    return [(Path(problem.file).stem, problem.line, problem.field) for problem in report.problems]


def count(database: Database, table: str) -> int:
    with database.transaction() as connection:
        return int(connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one())


def test_a_family_with_hospital_marriage_and_balances_in_any_order(
    load: Load, database: Database, vault: Vault, clock: MovableClock
) -> None:
    report = load(balances=BALANCES, kinship=KINSHIP, people=PEOPLE, catalogue=CATALOGUE, institutions=INSTITUTIONS)
    assert told(report) == []
    assert report.complete
    assert [file.kind for file in report.files] == [
        FileKind.INSTITUTIONS,
        FileKind.CATALOGUE,
        FileKind.PEOPLE,
        FileKind.KINSHIP,
        FileKind.BALANCES,
    ]
    with database.transaction() as connection:
        father = registry.person_by_credential(connection, vault, "card", "A12345678")
        mother = registry.person_by_credential(connection, vault, "certificate", f"01:{MOTHER}")
        assert father is not None
        assert mother is not None
        assert (father.name, father.gender, father.born_on) == ("李建国", "1", date(1968, 3, 9))
        (employed,) = registry.enrolments_of(connection, father.id)
        (resident,) = registry.enrolments_of(connection, mother.id)
        assert (employed.scheme, employed.psn_type, employed.employer) == (Scheme.EMPLOYEE, "11", "铁岭某厂")
        assert (resident.scheme, resident.status, resident.psn_type) == (Scheme.RESIDENT, Status.RESIDENT, "15")
        balances = ledger.balances_of(connection, father.id)
        assert balances[AccountKind.PERSONAL_CURRENT] == 26_850
        assert balances[AccountKind.PERSONAL_HISTORICAL] == 100_000
        hospital = registry.institution_by_code(connection, "H21120000001")
        pharmacy = registry.institution_by_code(connection, "P21120000002")
        assert hospital is not None
        assert pharmacy is not None
        assert (hospital.tier, pharmacy.tier, pharmacy.designated_until) == (Tier.TIER_3, None, None)
        (key,) = signing_keys(connection, vault, SigningDialect.X_TIF, "tlszx", clock.now())
        assert (key.institution, key.secret) == (hospital, "s3cret")
        items = registry.catalogue_items(connection, "211200", ["XJ01", "XJ02", "XJ03", "XJ04"], date(2024, 6, 1))
        assert [items[code].first_self_pay for code in sorted(items)] == [0, 1_000, 10_000, 550]
        assert (items["XJ02"].ceiling, items["XJ02"].restricted) == (12_345_678, True)
        assert (items["XJ01"].charge_type, items["XJ03"].item_class) == ("09", ItemClass.C)
        assert connection.execute(sa.text("SELECT count(*) FROM kinship_fact")).scalar_one() == 3
        logged = connection.execute(sa.text("SELECT count(*) FROM audit_entry WHERE action = 'registry.load'"))
        assert logged.scalar_one() == 5


def test_one_wrong_check_digit_refuses_the_familys_file_whole_and_names_the_row(load: Load, database: Database) -> None:
    wrong = MOTHER[:-1] + ("0" if MOTHER[-1] != "0" else "1")
    report = load(people=PEOPLE.replace(MOTHER, wrong))
    assert not report.complete
    assert told(report) == [("people", 3, "certificate")]
    assert "mistyped" in report.problems[0].what
    assert "校验位" in report.problems[0].zh
    assert wrong not in str(report.problems[0]), "the number itself is not repeated"
    assert count(database, "person") == 0
    assert count(database, "credential") == 0
    assert count(database, "enrolment") == 0


def test_a_refused_file_does_not_keep_the_others_away(load: Load, database: Database) -> None:
    report = load(people="certificate,name,region\nx,李,211200\n", institutions=INSTITUTIONS)
    assert [(file.kind, file.loaded) for file in report.files] == [
        (FileKind.INSTITUTIONS, True),
        (FileKind.PEOPLE, False),
    ]
    assert count(database, "institution") == 2


def test_an_old_systems_gb18030_file_is_loaded_with_a_warning(load: Load, database: Database, vault: Vault) -> None:
    text = f"身份证号,姓名,性别,参保地,险种,人员类别,参保日期\n{FATHER},𫖯建国,男,211200,职工,12,2010/1/1\n"
    report = load(people=text.encode("gb18030"))
    assert told(report) == []
    assert "GB18030" in report.files[0].warning
    with database.transaction() as connection:
        father = registry.person_by_credential(connection, vault, "certificate", f"01:{FATHER}")
        assert father is not None
        assert father.name == "𫖯建国"
        assert registry.enrolments_of(connection, father.id)[0].status is Status.RETIRED


def test_the_same_people_twice_are_refused_the_second_time(load: Load, database: Database) -> None:
    assert load(people=PEOPLE).complete
    again = load(people=PEOPLE)
    assert told(again) == [("people", line, "certificate") for line in (2, 3, 4)]
    assert count(database, "person") == 3


def test_bad_rows_and_people_who_are_there_already_are_told_in_one_go(load: Load, database: Database) -> None:
    assert load(people=PEOPLE).complete
    newcomer = number(date(1950, 1, 1), 5)
    report = load(
        more=f"certificate,name,card,region\n{newcomer},张伟,A12345678,211200\n{FATHER},李建国,,211200\n12,陈静,,2112\n"
    )
    assert told(report) == [("more", 2, "card"), ("more", 3, "certificate"), ("more", 4, "region")]
    assert count(database, "person") == 3


def test_an_enrolment_that_overlaps_is_refused_and_one_that_follows_is_taken(load: Load, database: Database) -> None:
    assert load(people=PEOPLE).complete
    header = "certificate,scheme,region,status,since,until\n"
    stranger = number(date(1950, 1, 1), 5)
    report = load(
        enrolments=f"{header}{MOTHER},310,211200,active,2017-01-01,2018-01-01\n"
        f"{stranger},390,211200,,2020-01-01,\n{MOTHER},310,211200,active,2016-01-01,2016-12-31\n"
    )
    assert told(report) == [("enrolments", 2, "since"), ("enrolments", 3, "certificate")]
    assert count(database, "enrolment") == 3
    assert load(enrolments=f"{header}{MOTHER},310,211200,active,2017-01-01,2017-12-31\n").complete
    assert count(database, "enrolment") == 4


def test_the_citys_word_in_the_catalogue_goes_before_the_nations(load: Load, database: Database) -> None:
    header = "area,code,name,class,first_self_pay,charge_type,since,until\n"
    assert load(
        catalogue=f"{header}000000,X,药,B,20%,09,2024-01-01,\n211200,X,药,B,5%,09,2024-03-01,2024-12-31\n"
    ).complete
    with database.transaction() as connection:

        def first_self_pay(region: str, on: date) -> int:
            return registry.catalogue_items(connection, region, ["X"], on)["X"].first_self_pay

        assert first_self_pay("211200", date(2024, 2, 29)) == 2_000
        assert first_self_pay("211200", date(2024, 3, 1)) == 500
        assert first_self_pay("211200", date(2025, 1, 1)) == 2_000
        assert first_self_pay("370800", date(2024, 3, 1)) == 2_000


def test_what_the_agency_granted_counts_and_grants_what_was_filed(
    load: Load, database: Database, vault: Vault, clock: MovableClock
) -> None:
    load(institutions=INSTITUTIONS, people=PEOPLE)
    with database.transaction() as connection:
        father = registry.person_ids_by_certificate(connection, vault, [f"01:{FATHER}"])[f"01:{FATHER}"]
        told = NewFiling(father, FilingKind.SPECIAL_DISEASE, "M03900", date(2024, 6, 1), name="高血压")
        filing_id = file(connection, database.serials, told, clock.now())
    filings = f"""身份证号,备案类型,病种编码,规则病种,fixmedins_code,begndate,enddate
{FATHER},慢特病,M03900,hypertension,,2024-06-12,2025-12-31
{FATHER},慢特病,M07801,dialysis,,2024-06-12,
{MOTHER},家庭医生,1,,H21120000001,2024-01-01,
"""
    assert load(filings=filings).complete
    with database.transaction() as connection:
        known = {one.subject: one for one in filings_of(connection, father)}
        mother = registry.person_ids_by_certificate(connection, vault, [f"01:{MOTHER}"])[f"01:{MOTHER}"]
        (doctor,) = filings_of(connection, mother)
        hospital = registry.institution_by_code(connection, "H21120000001")
        told_of = {person: [one.kind for one in messages_of(connection, person, 9)] for person in (father, mother)}
    assert told_of == {father: ["filing.granted"], mother: []}, "only of what had waited for a decision"
    assert (known["M03900"].id, known["M03900"].name) == (filing_id, "高血压"), "the one that was filed"
    assert (known["M03900"].word, known["M03900"].until) == ("hypertension", date(2025, 12, 31))
    assert all(one.holds(date(2024, 6, 12)) for one in (*known.values(), doctor))
    assert hospital is not None
    assert doctor.institution_id == hospital.id
    (problem,) = load(
        filings=f"certificate,filing,subject,since\n{FATHER},special_disease,M03900,2025-01-01\n"
    ).problems
    assert (problem.line, problem.field) == (2, "begndate")


@pytest.mark.parametrize(
    ("cells", "field"),
    [
        ("interrupted,2,3,", "repaid_years"),
        ("flexible,2,0,", "missed_years"),
        ("later,,,", "late"),
        ("interrupted,x,0,", "missed_years"),
        ("interrupted,2,1,2024-06-01", "covered_since"),
    ],
)
def test_late_enrolment_that_cannot_be_right(load: Load, cells: str, field: str) -> None:
    load(people=PEOPLE)
    row = f"certificate,scheme,region,since,until,late,missed_years,repaid_years,covered_since\n{MOTHER},390,211200,2016-01-01,2016-12-31,"
    report = load(enrolments=f"{row}{cells}\n")
    assert [problem.field for problem in report.problems] == [field]


def test_late_enrolment_is_kept(load: Load, database: Database, vault: Vault) -> None:
    load(people=PEOPLE)
    header = "certificate,scheme,region,since,until,等待情形,断保年数,补缴年数,连续参保起始日期,医疗救助,二档"
    assert load(enrolments=f"{header}\n{MOTHER},390,211200,2016-01-01,2016-12-31,断保,3,1,2015-12-01,是,1\n").complete
    with database.transaction() as connection:
        mother = registry.person_ids_by_certificate(connection, vault, [f"01:{MOTHER}"])[f"01:{MOTHER}"]
        kept = registry.enrolment_on(connection, mother, date(2016, 5, 1))
    assert kept is not None
    assert (kept.late, kept.missed_years, kept.repaid_years) == (Late.INTERRUPTED, 3, 1)
    assert (kept.aided, kept.second_grade, kept.months_covered(date(2016, 1, 31))) == (True, True, 1)


def test_a_balance_is_brought_in_once(load: Load, database: Database, vault: Vault) -> None:
    assert load(people=PEOPLE, balances=BALANCES).complete
    again = load(balances=BALANCES.replace(SON, MOTHER))
    assert told(again) == [("balances", 2, "account"), ("balances", 3, "account"), ("balances", 4, "certificate")]
    assert "scheme 310" in again.problems[-1].accepted
    twice = load(balances=f"certificate,account,balance\n{SON},current,1\n{SON},current,1\n")
    assert told(twice) == [("balances", 3, "account")]
    with database.transaction() as connection:
        son = registry.person_by_credential(connection, vault, "certificate", f"01:{SON}")
        assert son is not None
        assert set(ledger.balances_of(connection, son.id).values()) == {0}


def test_kinship_of_strangers_is_refused(load: Load, database: Database) -> None:
    report = load(people=PEOPLE, kinship=KINSHIP + f"spouse,{SON},{number(date(1996, 1, 1), 2)},2020-01-01\n")
    assert told(report) == [("kinship", 5, "other_certificate")]
    assert count(database, "kinship_fact") == 0


PEOPLE_HEADER = "certificate_type,certificate,name,gender,born_on,region,scheme,status,since,until,died_on"


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (f"01,{FATHER},李,2,,211200,,,,,", "gender"),
        (f"01,{FATHER},李,,1968-03-10,211200,,,,,", "born_on"),
        (f"01,{number(date(2024, 6, 13), 1)},李,,,211200,,,,,", "certificate"),
        ("08,P1234567,SMITH,,,211200,,,,,", "born_on"),
        ("08,P1234567,SMITH,,2024-06-13,211200,,,,,", "born_on"),
        ("02,P1234567,SMITH,,2000-01-01,211200,,,,,", "certificate_type"),
        (f",{FATHER},,,,211200,,,,,", "name"),
        (f",{FATHER},李,,,2112,,,,,", "region"),
        (f",{FATHER},李,X,,211200,,,,,", "gender"),
        (f",{FATHER},李,,,211200,,active,,,", "scheme"),
        (f",{FATHER},李,,,211200,310,,2020-01-01,,", "status"),
        (f",{FATHER},李,,,211200,390,active,2020-01-01,,", "status"),
        (f",{FATHER},李,,,211200,310,active,,,", "since"),
        (f",{FATHER},李,,,211200,310,active,2020-02-30,,", "since"),
        (f",{FATHER},李,,,211200,310,active,2020-01-02,2020-01-01,", "until"),
        (f",{FATHER},李,,,211200,,,,,1960-01-01", "died_on"),
        (f",{FATHER},李,,,211200,340,active,2020-01-01,,", "scheme"),
    ],
)
def test_a_person_who_cannot_be_right(load: Load, database: Database, row: str, field: str) -> None:
    report = load(people=f"{PEOPLE_HEADER}\n{row}\n")
    assert told(report) == [("people", 2, field)]
    assert report.problems[0].what
    assert report.problems[0].zh
    assert report.problems[0].accepted
    assert count(database, "person") == 0


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("P21120000001,医院,hospital,3,211200,2020-01-01,,,", "code"),
        ("H2112,医院,hospital,3,211200,2020-01-01,,,", "code"),
        ("H21120000001,医院,hospital,,211200,2020-01-01,,,", "tier"),
        ("P21120000001,药店,pharmacy,3,211200,2020-01-01,,,", "tier"),
        ("H21120000001,医院,hospital,3,211200,2020-01-01,,id,", "secret"),
        ("H21120000001,医院,hospital,3,211200,2020-01-01,2019-01-01,,", "designated_until"),
    ],
)
def test_an_institution_that_cannot_be_right(load: Load, database: Database, row: str, field: str) -> None:
    assert told(load(institutions=INSTITUTIONS.splitlines()[0] + f"\n{row}\n")) == [("institutions", 2, field)]
    assert count(database, "institution") == 0


def test_two_institutions_cannot_have_one_key(load: Load, database: Database) -> None:
    report = load(institutions=INSTITUTIONS.replace("9999-12-31,,", "9999-12-31,tlszx,other"))
    assert told(report) == [("institutions", 3, "paasid")]
    assert count(database, "institution") == 0


@pytest.mark.parametrize(
    ("written", "per_ten_thousand"),
    [("10%", 1_000), ("0.1", 1_000), ("5.55%", 555), ("0", 0), ("1", 10_000), ("100%", 10_000), ("１０％", 1_000)],
)
def test_first_self_pay_as_percentage_or_ratio(
    load: Load, database: Database, written: str, per_ten_thousand: int
) -> None:
    header = "area,code,name,class,first_self_pay,charge_type,since\n"
    assert told(load(catalogue=f"{header}000000,X,药,B,{written},09,2024-01-01\n")) == []
    with database.transaction() as connection:
        item = registry.catalogue_items(connection, "211200", ["X"], date(2024, 1, 1))["X"]
    assert item.first_self_pay == per_ten_thousand


@pytest.mark.parametrize(
    ("row", "field"),
    [
        ("000000,X,药,B,10,,09,2024-01-01", "first_self_pay"),
        ("000000,X,药,B,101%,,09,2024-01-01", "first_self_pay"),
        ("000000,X,药,B,0.00001,,09,2024-01-01", "first_self_pay"),
        ("000000,X,药,B,,,09,2024-01-01", "first_self_pay"),
        ("000000,X,药,C,50%,,09,2024-01-01", "first_self_pay"),
        ("000000,X,药,D,,,09,2024-01-01", "class"),
        ("000000,X,药,A,,0,09,2024-01-01", "ceiling"),
        ("000000,X,药,A,,1.2345678,09,2024-01-01", "ceiling"),
        ("000000,X,药,A,,,west,2024-01-01", "charge_type"),
        ("0000,X,药,A,,,09,2024-01-01", "area"),
    ],
)
def test_an_item_that_cannot_be_right(load: Load, row: str, field: str) -> None:
    header = "area,code,name,class,first_self_pay,ceiling,charge_type,since"
    assert told(load(catalogue=f"{header}\n{row}\n")) == [("catalogue", 2, field)]


def test_a_misspelt_column_is_named_though_the_kind_is_told_from_the_others(load: Load) -> None:
    report = load(people=PEOPLE.replace("certificate,", "certifcate,", 1))
    assert report.files[0].kind is FileKind.PEOPLE
    assert told(report) == [("people", 1, "certifcate"), ("people", 1, "certificate")]
    assert "is it certificate?" in report.problems[0].what


@pytest.mark.parametrize("content", ["", "colour,size\nred,3\n", "[]"])
def test_a_file_of_no_known_kind(load: Load, content: str) -> None:
    report = load(mystery=content)
    assert told(report) == [("mystery", 1, "file")]
    assert report.files[0].kind is None


def test_the_kind_may_be_named(load: Load) -> None:
    report = load(kind=FileKind.BALANCES, mystery="colour,size\nred,3\n")
    assert report.files[0].kind is FileKind.BALANCES
    assert ("mystery", 1, "balance") in told(report)


def test_json_is_loaded_like_csv(load: Load, database: Database) -> None:
    rows = f'[{{"certificate": "{FATHER}", "name": "李建国", "region": 211200, "gender": 1, "card": null}}]'
    assert told(load(people=rows)) == []
    assert count(database, "person") == 1


GUIDE = Path(__file__).parents[2] / "docs" / "loading-data.md"


def test_the_guides_examples_load_as_they_stand(load: Load) -> None:
    examples = dict(re.findall(r"```csv (\w+)\.csv\n(.*?)```", GUIDE.read_text(), re.DOTALL))
    assert sorted(examples) == sorted(FileKind)
    report = load(**examples)
    assert told(report) == []
    assert [file.kind for file in report.files] == list(FileKind)


def test_the_guide_names_every_column_and_its_other_names() -> None:
    guide = GUIDE.read_text()
    for form in FORMS.values():
        for column in form.columns:
            assert f"`{column.name}`" in guide
            assert all(other in guide for other in column.also)


def test_ten_thousand_people_in_one_go(database: Database, vault: Vault, clock: MovableClock, tmp_path: Path) -> None:
    lines = ["certificate,name,household,region,scheme,status,since"]
    for index in range(10_000):
        certificate = number(date(1950, 1, 1) + timedelta(days=index // 900), index % 900)
        lines.append(f"{certificate},王{chr(0x4E00 + index % 5000)},H{index // 3},211200,310,active,2020-01-01")
    path = tmp_path / "people.csv"
    path.write_text("\n".join(lines))
    steps: list[tuple[int, int]] = []
    report = load_files(database, vault, clock, [path], progress=lambda file, done, total: steps.append((done, total)))
    assert told(report) == []
    assert (report.files[0].rows, count(database, "person"), count(database, "enrolment")) == (10_000, 10_000, 10_000)
    assert steps[-1] == (20_000, 20_000)
    assert [done for done, _ in steps] == sorted(done for done, _ in steps)
    with database.transaction() as connection:
        person = registry.person_by_credential(connection, vault, "certificate", f"01:{number(date(1950, 1, 12), 99)}")
    assert person is not None
    assert person.name == f"王{chr(0x4E00 + 9_999 % 5000)}"


def test_the_command_prints_what_is_wrong_and_says_so_with_its_exit_code(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(database_url=database.url, secret="07" * 32, data=tmp_path)
    monkeypatch.setattr(command, "load_settings", lambda **overrides: settings)
    monkeypatch.setattr(command, "Console", lambda **options: Console(width=200, **options))
    monkeypatch.chdir(tmp_path)
    app = typer.Typer()
    register(app)
    Path("institutions.csv").write_text(INSTITUTIONS)
    Path("people.csv").write_text(PEOPLE.replace(MOTHER, MOTHER[:-1]))
    result = CliRunner().invoke(app, ["people.csv", "institutions.csv"])
    assert result.exit_code == 1
    assert "institutions.csv: institutions, 2 rows, loaded" in result.output
    assert "people.csv: people, 3 rows, not loaded" in result.output
    assert "is not the number of a citizen ID" in result.output
    assert "居民身份证号码的格式不对" in result.output
    Path("people.csv").write_text(PEOPLE)
    assert CliRunner().invoke(app, ["people.csv"]).exit_code == 0
    assert count(database, "person") == 3
