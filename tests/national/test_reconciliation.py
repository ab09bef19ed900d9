"""3201, 3202, 9101 and 9102: a hospital's books against ours, to the fen, on any day and after everything was taken back."""

from __future__ import annotations

import base64
import io
import zipfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa
from counter_window import Household, Window, sample

from gongji.clearing import store
from gongji.clearing.model import Compared
from gongji.clearing.tables import statement
from gongji.entrances.national import bodies
from gongji.foundation.clock import CHINA
from gongji.foundation.money import yuan
from gongji.ledger.model import AccountKind
from gongji.registry.service import people_by_id
from gongji.settlement.model import Settlement, Undo, wire_id
from town import EXAMPLE_BILL, TIELING, Town
from ward import Ward

HOSPITAL, PHARMACY = "H21120200001", "P21120200003"

Row = list[str]

#: 3201 of a hospital that settled nothing.
NOTHING = {"insutype": "310", "medfee_sumamt": "0", "fund_pay_sumamt": "0", "acct_pay": "0", "fixmedins_setl_cnt": "0"}


def row(town: Town, one: Settlement, *, refund: str = "") -> Row:
    """A settlement as the hospital's books have it."""
    with town.database.transaction() as connection:
        psn_no = people_by_id(connection, town.vault, [one.person_id])[one.person_id].psn_no
    flag = refund or ("1" if one.kind == "reverse" else "0")
    amounts = (yuan(one.total), yuan(one.fund_total), yuan(one.account_total))
    return [wire_id(one.region, one.id), wire_id("211202", one.visit_id), psn_no, *amounts, flag]


def zipped(rows: Iterable[Row], name: str = "detail.txt") -> bytes:
    """The file of 表 150."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, "".join("\t".join(cells) + "\n" for cells in rows))
    return made.getvalue()


def uploaded(window: Window, content: bytes) -> str:
    """9101; gives the file's number."""
    told = {"in": base64.b64encode(content).decode(), "filename": "明细.zip", "fixmedins_code": window.code}
    answer = window.done("9101", {"fsUploadIn": told})
    assert (answer["filename"], answer["fixmedins_code"]) == ("明细.zip", window.code)
    return str(answer["file_qury_no"])


def span(first: str = "2024-06-12", last: str = "2024-06-12", **more: str) -> dict[str, str]:
    """What 3201 and 3202 both ask."""
    return {"setl_optins": TIELING, "clr_type": "11", "stmt_begndate": first, "stmt_enddate": last} | more


def sums(window: Window, total: int, funds: int, accounts: int, count: int, **more: str) -> tuple[str, str]:
    """3201; gives result and sentence."""
    data = span(**more) | {
        "insutype": "310",
        "medfee_sumamt": yuan(total),
        "fund_pay_sumamt": yuan(funds),
        "acct_pay": yuan(accounts),
        "fixmedins_setl_cnt": str(count),
    }
    told = window.done("3201", {"data": data})["stmtinfo"]
    return told["stmt_rslt"], told["stmt_rslt_dscr"]


def details(window: Window, rows: list[Row], **more: str) -> list[Row]:
    """9101, 3202 and 9102; gives the lines of the result."""
    number = uploaded(window, zipped(rows))
    data = span(**more) | {
        "file_qury_no": number,
        "medfee_sumamt": f"{sum(float(one[3]) for one in rows):.2f}",
        "fund_pay_sumamt": f"{sum(float(one[4]) for one in rows):.2f}",
        "cash_payamt": "0",
        "fixmedins_setl_cnt": str(len(rows)),
    }
    info = window.done("3202", {"data": data})["fileinfo"]
    return fetched(window, info["file_qury_no"])


def fetched(window: Window, number: str) -> list[Row]:
    """9102; gives the lines of the file."""
    told = {"file_qury_no": number, "filename": "plc", "fixmedins_code": window.code}
    response = window.post(window.message("9102", {"fsDownloadIn": told}))
    assert response.headers["content-type"] == "application/octet-stream"
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        (name,) = archive.namelist()
        return [line.split("\t") for line in archive.read(name).decode().splitlines()]


def found(result: list[Row]) -> list[tuple[str, str]]:
    """The differences of a result file: setl_id, or msgid where the hospital does not have it, and memo."""
    return [(cells[2] if cells[2] != "null" else cells[3], cells[6]) for cells in result if cells[4] == "1"]


def settled(town: Town, household: Household, count: int = 1, use: str = "2") -> list[Settlement]:
    """Visits of the mother at the hospital, the worked example each."""
    hospital = town.institution(HOSPITAL)
    mother = household.mother.id
    return [
        town.settled(town.settle_visit(mother, hospital, *town.visit(mother, hospital, *EXAMPLE_BILL), use=use))
        for _ in range(count)
    ]


def undo(town: Town, one: Settlement) -> Settlement:
    """2601 of a settlement."""
    hospital = town.institution(HOSPITAL)
    return town.settled(Undo(town.key(hospital, "2601"), hospital, one.person_id, (one.infno,), one.msgid))


def test_three_visits_one_refunded_one_undone_as_in_the_acceptance_of_shenzhen(
    hospital: Window, household: Household, town: Town
) -> None:
    """Three 2207, one taken back by 2208, one undone by 2601: what stands is one visit; the refund counts as none or as
    two rows; what was undone is not there at all."""
    first, second, third = settled(town, household, 3)
    back = town.settled(town.reversal(second, town.institution(HOSPITAL)))
    undo(town, third)
    stands = (first.total, first.fund_total, first.account_total)
    assert sums(hospital, *stands, 1)[0] == "0"
    assert sums(hospital, *stands, 3)[0] == "0"
    result, why = sums(hospital, *stands, 2)
    assert (result, why) == ("1", "不平：笔数 机构 2、中心 1（含退费 3）")
    result, why = sums(hospital, first.total + 1, first.fund_total, first.account_total, 1)
    assert (result, why) == ("1", "不平：医疗费总额 机构 1268.51、中心 1268.50、差 0.01")
    assert sums(hospital, first.total + second.total, 2 * first.fund_total, 0, 2, refd_setl_flag="0")[0] == "1"
    two = (first.total + second.total, first.fund_total + second.fund_total, first.account_total + second.account_total)
    assert sums(hospital, *two, 2, refd_setl_flag="0")[0] == "0"
    assert sums(hospital, back.total, back.fund_total, back.account_total, -1, refd_setl_flag="1")[0] == "0"
    rows = [row(town, one) for one in (first, second, back)]
    result_file = details(hospital, rows)
    assert found(result_file) == []
    assert [cells[5] for cells in result_file] == ["0", "0", "1"]
    assert [cells[2] for cells in result_file] == [one[0] for one in rows]
    assert {cells[3] for cells in result_file} == {first.msgid, second.msgid, back.msgid}


def test_a_visit_settled_during_the_comparison_is_in_neither_its_sums_nor_its_lines(
    hospital: Window, household: Household, town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mother's second visit is settled after the centre added up and before it compares line by line."""
    (first,) = settled(town, household)
    late: list[Settlement] = []

    def compare(*arguments: Any) -> Iterator[Compared]:
        late.extend(settled(town, household))
        return store.compare(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr("gongji.clearing.service.store", SimpleNamespace(**vars(store) | {"compare": compare}))
        result = details(hospital, [row(town, first)])
    assert len(late) == 1
    assert [(cells[2], cells[4]) for cells in result] == [(wire_id(first.region, first.id), "0")]
    with town.database.transaction() as connection:
        kept = connection.execute(sa.select(statement.c.our_count, statement.c.our_total, statement.c.agrees)).one()
    assert kept == (1, first.total, True)
    ((msgid, why),) = found(details(hospital, [row(town, first)]))
    assert (msgid, why[:9]) == (late[0].msgid, "机构端没有这笔结算")


def test_days_schemes_kinds_and_areas_are_kept_apart(hospital: Window, household: Household, town: Town) -> None:
    """A visit late in the evening belongs to its day in China; its refund to the day of the refund."""
    town.clock.set(datetime(2024, 6, 30, 23, 59, 59, tzinfo=CHINA))
    (last,) = settled(town, household)
    town.clock.set(datetime(2024, 7, 1, 0, 0, 0, tzinfo=CHINA))
    (first,) = settled(town, household)
    back = town.settled(town.reversal(last, town.institution(HOSPITAL)))
    june = (last.total, last.fund_total, last.account_total, 1)
    july = (
        first.total + back.total,
        first.fund_total + back.fund_total,
        first.account_total + back.account_total,
    )
    assert sums(hospital, *june, stmt_begndate="2024-06-30", stmt_enddate="2024-06-30 12:00:00")[0] == "0"
    assert sums(hospital, *july, 0, stmt_begndate="2024-07-01", stmt_enddate="2024-07-31")[0] == "0"
    both = {"stmt_begndate": "2024-06-01", "stmt_enddate": "2024-07-31"}
    whole = (first.total, first.fund_total, first.account_total)
    assert sums(hospital, *whole, 1, **both)[0] == "0"
    assert sums(hospital, *whole, 1, **both, setl_optins="211202")[0] == "0"
    assert sums(hospital, *whole, 1, **both, setl_optins="", clr_type="")[0] == "0"
    for other in ({"clr_type": "41"}, {"setl_optins": "370800"}, {"insutype": "390"}):
        data = NOTHING | span("2024-06-01", "2024-07-31") | other
        assert hospital.done("3201", {"data": data})["stmtinfo"]["stmt_rslt"] == "0"
    undo(town, first)
    assert sums(hospital, 0, 0, 0, 0, **both)[0] == "0"


def test_a_stay_is_reconciled_apart_from_visits(hospital: Window, household: Household, town: Town) -> None:
    """clr_type 21: mother's week in hospital, and its refund."""
    (visit,) = settled(town, household)
    ward = Ward(town, town.institution(HOSPITAL))
    stay = ward.stayed(household.mother.id, "2024-06-13", "2024-06-20", ("C-A", 1, "3000.00"))
    span = {"stmt_begndate": "2024-06-01", "stmt_enddate": "2024-06-30"}
    assert sums(hospital, visit.total, visit.fund_total, visit.account_total, 1, **span)[0] == "0"
    mine = (stay.total, stay.fund_total, stay.account_total)
    assert sums(hospital, *mine, 1, **span, clr_type="21")[0] == "0"
    assert found(details(hospital, [row(town, stay)], **span, clr_type="21")) == []
    town.settled(ward.reversal(stay))
    assert sums(hospital, 0, 0, 0, 0, **span, clr_type="21")[0] == "0"


def test_sums_are_what_the_ledger_owes_the_hospital(hospital: Window, household: Household, town: Town) -> None:
    """Funds and accounts of 3201 are the hospital's payable, to the fen, after refunds and undos over several days."""
    mine = town.institution(HOSPITAL)
    made: list[Settlement] = []
    for day in range(4):
        made += settled(town, household, 3, use="12"[day % 2])
        town.settled(town.reversal(made[-3], mine))
        undo(town, made[-1])
        town.clock.advance(timedelta(days=1))
    owed = sa.text(
        "SELECT sum(CASE WHEN credit >> 18 = :id AND (credit >> 10) & 255 = :kind THEN amount ELSE -amount END)::bigint"
        " FROM transfer WHERE :kind IN ((credit >> 10) & 255, (debit >> 10) & 255)"
    )
    with town.database.transaction() as connection:
        payable = connection.execute(owed, {"id": mine.id, "kind": int(AccountKind.PAYABLE_INSTITUTION)}).scalar_one()
    _, why = sums(hospital, 0, 0, 0, 0, stmt_begndate="2024-06-01", stmt_enddate="2024-06-30")
    ours = [part.split("、中心 ")[1].split("、")[0] for part in why.split("；")[:3]]
    _, funds, accounts = (round(float(text) * 100) for text in ours)
    assert funds + accounts == payable


def test_every_planted_difference_is_named(hospital: Window, household: Household, town: Town) -> None:
    visits = settled(town, household, 8, use="1")
    lost, wrong, turned, other, twice, gone, refunded, fine = visits
    mine = town.institution(HOSPITAL)
    back = town.settled(town.reversal(refunded, mine))
    undo(town, gone)
    town.clock.advance(timedelta(days=1))
    (tomorrow,) = settled(town, household)
    town.clock.advance(timedelta(days=-1))
    told_visits = {"wrong": wrong, "turned": turned, "other": other, "twice": twice, "gone": gone}
    told_visits |= {"refunded": refunded, "fine": fine, "tomorrow": tomorrow}
    rows = {name: row(town, one) for name, one in told_visits.items()}
    rows["wrong"][4] = yuan(wrong.fund_total + 1)
    rows["turned"][3:6] = [f"-{cell}" for cell in rows["turned"][3:6]]
    rows["other"][2] = household.son.psn_no
    never = ["2112000000000000009999", "null", household.mother.psn_no, "12.00", "0", "12.00", "0"]
    foreign = ["M00/00/1", "null", "null", "7.00", "0", "7.00", "0"]
    told = [*rows.values(), rows["twice"], never, foreign, row(town, back)]
    result = details(hospital, told)
    assert found(result) == [
        (rows["wrong"][0], f"金额不同：基金支付总额 机构 {yuan(wrong.fund_total + 1)}、中心 {yuan(wrong.fund_total)}"),
        (rows["turned"][0], "机构端金额的正负号与中心端相反"),
        (rows["other"][0], "人员编号与中心端不同"),
        (rows["gone"][0], "中心端没有：该笔已冲正"),
        (rows["tomorrow"][0], "中心端该笔不在对账范围内，结算时间 2024-06-13 10:30:00"),
        (rows["twice"][0], "机构端重复上传同一笔结算"),
        (never[0], "中心端没有这笔结算"),
        (foreign[0], "中心端没有这笔结算"),
        (lost.msgid, "机构端没有这笔结算：请按报文ID查找，确属未收到应答的可冲正（2601）"),
    ]
    missing = result[8]
    assert missing[:3] == [household.mother.psn_no, "null", "null"]
    assert missing[7:] == [yuan(lost.total), yuan(lost.fund_total), yuan(lost.account_total)]


def test_differences_keep_their_age_until_a_comparison_does_not_find_them(
    hospital: Window, household: Household, town: Town
) -> None:
    first, second = settled(town, household, 2)
    wrong = row(town, first)
    wrong[3] = "1.00"
    details(hospital, [wrong])
    town.clock.advance(timedelta(days=3))
    details(hospital, [wrong])
    query = sa.text(
        "SELECT difference, owner, person_id, found_at AT TIME ZONE 'Asia/Shanghai' AS found, cleared_by, told_total, our_total"
        " FROM statement_difference ORDER BY difference"
    )
    with town.database.transaction() as connection:
        kept = connection.execute(query).all()
    assert [(one.difference, one.owner, one.person_id, one.told_total, one.our_total) for one in kept] == [
        ("amounts", "agency", first.person_id, 100, first.total),
        ("missing_there", "institution", second.person_id, None, second.total),
    ]
    assert {f"{one.found:%m-%d}" for one in kept} == {"06-12"}
    details(hospital, [row(town, first)], clr_type="21")  # another kind of care clears nothing
    details(hospital, [row(town, first), row(town, second)])
    with town.database.transaction() as connection:
        kept = connection.execute(query).all()
        audited = connection.execute(sa.text("SELECT count(*) FROM audit_entry WHERE action = 'statement.compare'"))
        assert audited.scalar_one() == 4
    assert [one.cleared_by for one in kept if one.difference in ("amounts", "missing_there")] == ["comparison"] * 2


def test_two_clerks_compare_the_same_days_at_once(hospital: Window, household: Household, town: Town) -> None:
    """Both find the same differences, in opposite orders; each is kept once."""
    rows = [row(town, one) for one in settled(town, household, 6)]
    wrong = [[*cells[:3], "1.00", *cells[4:]] for cells in rows]
    numbers = [uploaded(hospital, zipped(told)) for told in (wrong, wrong[::-1])]
    messages = [
        hospital.message("3202", {"data": NOTHING | span() | {"file_qury_no": number, "cash_payamt": "0"}})
        for number in numbers * 3
    ]
    with ThreadPoolExecutor(6) as clerks:
        answers = list(clerks.map(lambda message: hospital.post(message).json(), messages))
    assert [answer["infcode"] for answer in answers] == [0] * 6
    with town.database.transaction() as connection:
        kept = connection.execute(sa.text("SELECT count(*), count(DISTINCT setl_id) FROM statement_difference"))
        assert tuple(kept.one()) == (6, 6)


def test_refunds_told_under_the_settlements_own_number_are_understood(
    hospital: Window, household: Household, town: Town
) -> None:
    """Some systems keep no number of the refund: the same setl_id twice, the second line with minus and flag 1."""
    (first,) = settled(town, household)
    town.settled(town.reversal(first, town.institution(HOSPITAL)))
    line = row(town, first)
    minus = [*line[:3], *(f"-{cell}" for cell in line[3:6]), "1"]
    assert found(details(hospital, [line, minus])) == []


def test_files_are_each_institutions_own_and_expire(
    hospital: Window, pharmacy: Window, household: Household, town: Town
) -> None:
    (one,) = settled(town, household)
    number = uploaded(hospital, zipped([row(town, one)]))
    data = {"file_qury_no": number, "medfee_sumamt": "1", "fund_pay_sumamt": "1", "cash_payamt": "1"}
    data |= span(fixmedins_setl_cnt="1")
    answer = hospital.send("3202", {"data": data})
    assert "合计不一致" in answer["warn_msg"]
    result = answer["output"]["fileinfo"]
    assert result["dld_endtime"] == "2024-07-12 10:30:00"
    assert "[file.unknown]" in pharmacy.refused("3202", {"data": data})
    wanted = {"fsDownloadIn": {"file_qury_no": result["file_qury_no"], "filename": "x", "fixmedins_code": HOSPITAL}}
    assert "[file.unknown]" in pharmacy.refused("9102", wanted)
    assert "[file.unknown]" in hospital.refused("9102", {"fsDownloadIn": {"file_qury_no": number}})
    town.clock.advance(timedelta(days=30))
    assert "[file.unknown]" in hospital.refused("9102", wanted)
    assert "[file.unknown]" in hospital.refused("3202", {"data": data})


def test_uploads_come_as_lists_of_bytes_too_and_wrong_ones_are_told(
    hospital: Window, household: Household, town: Town
) -> None:
    (one,) = settled(town, household)
    content = zipped([row(town, one)])
    for numbers in (list(content), [byte - 256 if byte > 127 else byte for byte in content]):
        told = {"in": numbers, "filename": "a.zip", "fixmedins_code": HOSPITAL}
        assert hospital.done("9101", {"fsUploadIn": told})["file_qury_no"]
    for wrong in ("", None, "不是base64", [1, 2, 999], [1.5], {}, "AAAA"):
        sentence = hospital.refused("9101", {"fsUploadIn": {"in": wrong, "filename": "a.zip"}})
        assert "[field.invalid]" in sentence or "[archive.broken]" in sentence
    number = uploaded(hospital, zipped([["1", "2"]]))
    refused = {"file_qury_no": number, "medfee_sumamt": "0", "fund_pay_sumamt": "0", "cash_payamt": "0"}
    refused |= span(fixmedins_setl_cnt="1")
    assert "第 1 行有 2 列，应为 7 列" in hospital.refused("3202", {"data": refused})


def test_a_large_file_goes_to_the_address_of_files_only(hospital: Window, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [[f"{number:022d}", "null", "null", f"{number}.00", "0", "0", "0"] for number in range(60_000)]
    content = zipped(rows)
    told = {"in": list(content), "filename": "big.zip"}
    message = hospital.message("9101", {"fsUploadIn": told})
    assert "[envelope.too_large]" in hospital.post(message).json()["err_msg"]
    monkeypatch.setattr(bodies, "MOST_LONG", 0)
    busy = hospital.post(message, path="/fsi/api/fileupload/upload").json()
    assert "[envelope.uploads_busy]" in busy["err_msg"]
    monkeypatch.setattr(bodies, "MOST_LONG", 1)
    for _ in range(2):  # the place is given back each time
        answer = hospital.post(message, path="/fsi/api/fileupload/upload").json()
        assert (answer["infcode"], answer["err_msg"]) == (0, None)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"stmt_enddate": "2024-06-11"}, "statement.span"),
        ({"stmt_begndate": "2020-01-01"}, "statement.span"),
        ({"fixmedins_setl_cnt": "many"}, "field.invalid"),
        ({"medfee_sumamt": "1.001"}, "amount.invalid"),
        ({"acct_pay": None}, "field.missing"),
        ({"stmt_begndate": "昨天"}, "field.invalid"),
    ],
)
def test_questions_that_are_none_are_told(hospital: Window, data: dict[str, Any], code: str) -> None:
    assert f"[{code}]" in hospital.refused("3201", {"data": NOTHING | span() | data})


def test_hangzhous_messages_are_answered_at_their_own_address_and_refused_at_another(hospital: Window) -> None:
    for name, path in (("zhejiang_3201_wrong_path", "stmt"), ("zhejiang_3202_wrong_path", "stmtDetail")):
        real = sample(name)
        data = real["request"]["input"]
        message = hospital.message(real["request"]["infno"], data)
        wrong = hospital.post(message, path=real["_meta"]["path"]).json()
        assert set(wrong) == set(real["response"]) == {"type", "infcode", "err_msg"}
        right = hospital.post(message, path=f"/fsi/api/ybSettlementStmtService/{path}").json()
        if name == "zhejiang_3201_wrong_path":
            assert right["output"]["stmtinfo"]["stmt_rslt"] == "1"
        else:
            assert "[file.unknown]" in right["err_msg"]
