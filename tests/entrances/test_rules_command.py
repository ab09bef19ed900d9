"""What somebody reads in the packs from the command line: Tieling's figures, Jining's reform, a pack of their own."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from typer.testing import CliRunner, Result

from gongji.entrances import cli
from gongji.entrances.rules_command.schema import pack_schema
from gongji.rules.node import read_yaml
from gongji.rules.pack_files import SHIPPED, pack_files
from gongji.rules.problems import PackError, Problems

FUSHUN = """\
pack: cn/liaoning/fushun
region: "210400"
name: 抚顺市
inherits: cn/liaoning
scheme: employee.outpatient
sources:
  notice: {title: 抚顺市职工门诊统筹通知, publisher: 抚顺市医疗保障局, reference: 抚医保发〔2024〕1号, grade: A}
counters:
  deductible_borne: {scope: person, reset: calendar_year}
  fund_paid: {scope: person, reset: calendar_year}
rules:
  - effective: 2025-07-01
    deductible: {shape: cumulative, counter: deductible_borne, by: [tier]}
    share: {shape: ratio, by: [status, tier], round: half_up}
    caps:
      - {limit: yearly_cap, counter: fund_paid, fund: fund.pool, by: [status]}
    source: {doc: notice, grade: A, quote: 按比例支付, checked: 2026-11-22}
values:
  deductible:
    - effective: 2025-07-01
      value: {tier_1: 200.00, tier_2: 200.00, tier_3: 300.00}
      source: {doc: notice, grade: A, quote: 起付线, checked: 2026-11-22}
  share:
    - effective: 2025-07-01
      value:
        active: {tier_1: 70 %, tier_2: 60 %, tier_3: 50 %}
        retired: {tier_1: 75 %, tier_2: 65 %, tier_3: 55 %}
      source: {doc: notice, grade: A, quote: 比例, checked: 2026-11-22}
  yearly_cap:
    - effective: 2025-07-01
      value: {active: 3000.00, retired: 3000.00}
      source: {doc: notice, grade: A, quote: 封顶线, checked: 2026-11-22}
"""

EXAMPLE = """\
region: "210402"
scheme: employee.outpatient
cases:
  - name: 在职的关晓梅, 2025 年八月
    visits:
      - on: 2025-08-01
        status: active
        tier: tier_3
        age: 40
        bill: {total: 800.00, in_scope: 800.00}
        expect: {deductible: 300.00, fund_pool: 250.00, patient: 550.00}
        why: (800.00 − 300.00) × 50 % = 250.00
"""


@pytest.fixture(autouse=True)
def no_settings_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what a test sets is set."""
    for name in ("GONGJI_CONFIG", "GONGJI_PACKS"):
        monkeypatch.delenv(name, raising=False)


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli.app, ["rules", *(str(one) for one in arguments)])


def printed(*arguments: object) -> str:
    result = run(*arguments)
    assert result.exit_code == 0, result.output
    return result.output


def told(*arguments: object) -> Any:
    """What a command says as JSON, and nothing but JSON."""
    return json.loads(printed(*arguments, "--json"))


def write(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def rows(registry: Any, region: str, benefit: str = "employee.outpatient") -> dict[int, Any]:
    return {row["year"]: row for row in registry["coverage"] if (row["region"], row["benefit"]) == (region, benefit)}


def refusal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *arguments: str) -> str:
    """What somebody reads on standard error when the command refuses."""
    monkeypatch.setattr(sys, "argv", ["gongji", "rules", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    return capsys.readouterr().err


class TestList:
    def test_tieling_has_nothing_for_2023_and_only_secondary_sources_from_2024(self) -> None:
        tieling = rows(told("list", "--since", "2023", "--until", "2024"), "211200")
        assert tieling[2023]["state"] == "gap"
        assert tieling[2023]["gap"] == "铁岭职工门诊统筹 2024 年以前的起付线、比例与限额未见可靠资料"
        assert (tieling[2023]["days"], tieling[2023]["best_grade"], tieling[2023]["conflicts"]) == (0, None, 1)
        assert tieling[2024]["state"] == "secondary sources only"
        assert (tieling[2024]["days"], tieling[2024]["best_grade"], tieling[2024]["worst_grade"]) == (366, "C", "C")
        assert (tieling[2024]["conflicts"], tieling[2024]["checked"]) == (3, "2026-11-22")
        assert re.fullmatch("[0-9a-f]{12}", tieling[2024]["digest"])

    def test_jining_is_complete_and_its_residents_are_a_gap(self) -> None:
        registry = told("list", "济宁", "--since", "2023", "--until", "2024")
        assert {year: (row["state"], row["best_grade"]) for year, row in rows(registry, "370800").items()} == {
            2023: ("complete", "B"),
            2024: ("complete", "A"),
        }
        assert rows(registry, "370800", "resident.outpatient")[2024]["state"] == "gap"
        assert {row["region"] for row in registry["coverage"]} == {"370800"}

    def test_official_numbers_that_another_source_contradicts_are_conflicting(self) -> None:
        registry = told("list", "北京", "青岛", "铁岭", "--since", "2024", "--until", "2024")
        admissions = rows(registry, "110000", "employee.inpatient")[2024]
        outpatients = rows(registry, "370200")[2024]
        sharing = rows(registry, "211200", "employee.sharing")[2024]
        assert (admissions["state"], admissions["best_grade"], admissions["conflicts"]) == ("complete", "B", 0)
        assert (outpatients["state"], outpatients["conflicts"]) == ("secondary sources only", 1)
        assert (sharing["state"], sharing["best_grade"], sharing["worst_grade"]) == ("conflicting", "A", "K")

    def test_a_conflict_about_no_benefit_is_not_lost(self) -> None:
        assert {"pack": "cn/liaoning/tieling", "about": "chronic_disease"} in told("list", "铁岭")["other_conflicts"]

    def test_a_rule_from_july_is_partial_and_comes_from_the_installations_packs(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pack = write(tmp_path, "outpatient.yaml", FUSHUN)
        monkeypatch.setenv("GONGJI_PACKS", json.dumps([str(pack)]))
        fushun = rows(told("list", "抚顺", "--since", "2025", "--until", "2026"), "210400")
        assert (fushun[2025]["state"], fushun[2025]["days"]) == ("partial", 184)
        assert (fushun[2026]["state"], fushun[2026]["days"]) == ("complete", 365)
        named_again = rows(told("list", "抚顺", "--pack", tmp_path, "--since", "2025", "--until", "2025"), "210400")
        assert named_again[2025]["days"] == 184

    def test_years_go_forward(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        assert "(list.years)" in refusal(capsys, monkeypatch, "list", "--since", "2025", "--until", "2024")

    def test_years_that_are_alike_stand_in_one_line_of_the_table(self) -> None:
        lines = printed("list", "211200", "--since", "2023", "--until", "2026").splitlines()
        line = next(line for line in lines if "2024–2026" in line)
        cells = [cell.strip() for cell in line.split("│")]
        assert cells[1:-1] == [
            "职工普通门诊 employee.outpatient",
            "2024–2026",
            "仅二手资料 secondary sources only",
            "C",
            "3",
            "2026-11-22",
        ]


class TestShow:
    def test_tieling_reads_like_the_notice_and_says_how_far_it_can_be_trusted(self) -> None:
        sheet = printed("show", "铁岭", "--on", "2024-07-01")
        assert "一级 200.00  二级 200.00  三级 300.00" in sheet
        assert "退休: 一级 75%  二级 65%  三级 55%" in sheet
        assert "等级 grade C: 二手资料 (内容网站或他人汇编), 未经官方证实" in sheet
        assert "原文 quote: 2024年度起付线为:三级医疗机构300元,二级及以下医疗机构200元" in sheet
        assert "mixed_tiers: 采用 taken: one_counter; 也可 or: counter_per_tier, higher_tops_up" in sheet
        assert "share.retired.tier_1: 采用 held: 75 %; 另有 against: 丹东 65 %" in sheet
        assert "resident.pharmacy: 铁岭居民医保药店购药待遇未见资料" in sheet
        assert "生效方式 procedure  [承自上级 inherited]" in sheet

    @pytest.mark.parametrize("name", ["211200", "211202", "铁岭市", "铁岭", "tieling", "cn/liaoning/tieling"])
    def test_a_region_goes_by_code_county_name_or_pack(self, name: str) -> None:
        assert told("show", name)["name"] == "铁岭市"

    def test_a_retired_person_of_tieling_as_json(self) -> None:
        sheet = told("show", "211200", "--on", "2024-07-01", "--kind", "outpatient")
        (section,) = sheet["sections"].values()
        values = {value["name"]: value for value in section["values"]}
        assert list(values) == ["rules", "deductible", "share", "yearly_cap"]
        assert values["share"]["value"]["retired.tier_3"] == "55%"
        assert values["deductible"]["value"]["tier_3"] == "300.00"
        assert values["deductible"]["source"]["grade"] == "C"
        assert values["deductible"]["source"]["effective"] == "2024-01-01"

    def test_a_day_without_a_rule_says_so(self) -> None:
        assert "当日没有规则, 基金不支付" in printed("show", "铁岭", "--on", "2023-07-01", "--kind", "outpatient")
        assert told("show", "济宁", "--on", "2021-07-01")["no_rule"] == ["employee.outpatient", "employee.sharing"]

    def test_two_readings_of_one_cap_are_both_told(self) -> None:
        sheet = printed("show", "天津", "--on", "2024-07-01", "--kind", "outpatient")
        assert "[仅在读法 only under cap_measure=cost]" in sheet
        assert "[仅在读法 only under cap_measure=fund]" in sheet

    def test_what_comes_from_above_can_be_left_out(self) -> None:
        own = told("show", "铁岭", "--on", "2024-07-01", "--own")
        assert "employee.sharing" not in own["sections"]
        assert not any(value["inherited"] for one in own["sections"].values() for value in one["values"])
        assert {one["pack"] for one in own["conflicts"]} == {"cn/liaoning/tieling"}
        assert "wallet" not in {gap["about"] for gap in own["gaps"]}

    def test_one_kind_of_care_comes_with_its_own_doubts(self) -> None:
        sheet = told("show", "铁岭", "--on", "2024-07-01", "--kind", "outpatient")
        assert "deductible.2023" in {one["about"] for one in sheet["conflicts"]}
        assert "sharing.procedure" not in {one["about"] for one in sheet["conflicts"]}
        assert {gap["about"] for gap in sheet["gaps"]} == {
            "employee.outpatient",
            "employee.outpatient.family_doctor",
            "resident.outpatient",
        }

    def test_a_citys_sheet_has_none_of_the_records_of_its_province(self) -> None:
        province, city = (
            {one["name"] for one in told("show", name, "--on", "2026-07-01")["sections"]["values"]["values"]}
            for name in ("陕西", "西安")
        )
        assert "seed_outpatient_share" in province
        assert not any(name.startswith("seed_") for name in city)

    def test_the_wallet_and_who_may_join_stand_on_the_sheet(self) -> None:
        sheet = printed("show", "大连", "--on", "2026-02-01")
        assert "医保钱包 wallet" in sheet
        assert "每日至多笔数 3  停办自 (时) 22  停办至 (时) 6  未接收的次日退回 (时) 6" in sheet
        assert "已开通 open\n    是 true" in sheet
        assert "额度在共济人账户内冻结 是 true  未用部分退回 是 true" in sheet
        assert "补缴中断期间的费用 back_payment  [承自上级 inherited]\n    只计年限, 不补待遇 years_only" in sheet
        assert "等级 grade D: 论坛或演示, 不可作为依据" in sheet
        jinzhou = told("show", "锦州", "--on", "2025-02-01")["sections"]["enrolment"]["values"]
        assert {one["name"]: one["value"] for one in jinzhou}["window"] == {"closes": "2025-03-31"}

    def test_an_unknown_region_is_answered_with_the_nearest(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert "没有“铁玲”的规则包, 相近的有: 铁岭市 211200" in refusal(capsys, monkeypatch, "show", "铁玲")
        assert "nearest: 济宁市 370800" in refusal(capsys, monkeypatch, "show", "jinning")
        assert "(region.unknown)" in refusal(capsys, monkeypatch, "show", "990000")
        assert "accepted: employee, resident" in refusal(capsys, monkeypatch, "show", "铁岭", "--scheme", "310")


class TestCheck:
    def test_the_shipped_packs_pass_with_all_their_examples(self) -> None:
        report = told("check")
        assert (report["passed"], report["problems"], report["differences"]) == (True, [], [])
        assert report["packs"] == len({one["region"] for one in told("list")["coverage"]})
        assert report["examples"] >= 100
        ended = [one["en"] for one in report["findings"] if one["code"] == "rule_ended"]
        assert "no rule of employee.outpatient after 2023-12-31, recorded as a gap" in ended

    def test_a_band_that_no_visit_reaches_is_told_with_its_line(self, tmp_path: Path) -> None:
        """A first band that ends under the deductible, and a last one beyond the cap on the same cost."""
        banded = (
            FUSHUN.replace(
                "shape: ratio, by: [status, tier]", "shape: banded, by: [band], edges: ends, on: gross, counter: cost"
            )
            .replace("  fund_paid: {scope", "  cost: {scope: person, reset: calendar_year}\n  fund_paid: {scope")
            .replace(
                "counter: fund_paid, fund: fund.pool, by: [status]",
                "counter: fund_paid, fund: fund.pool, by: [], on: gross",
            )
            .replace("value: {active: 3000.00, retired: 3000.00}", "value: 3000.00")
        )
        shares = banded.index("  share:\n    - effective")
        caps = banded.index("  yearly_cap:\n")
        entry = "    - effective: 2025-07-01\n      value: {}\n      source: {{doc: notice, grade: A, quote: 段, checked: 2026-11-22}}\n"
        text = (
            banded[:shares]
            + "  share:\n"
            + entry.format("{band_1: 50 %, band_2: 60 %, band_3: 70 %}")
            + "  ends:\n"
            + entry.format("{band_1: 200.00, band_2: 3000.00}")
            + banded[caps:]
        )
        report = told("check", write(tmp_path, "outpatient.yaml", text))
        found = {
            one["en"]: one["at"].rsplit(":", 1)[-1] for one in report["findings"] if one["code"] == "unreachable_band"
        }
        line = str(text[: text.index("  ends:")].count("\n") + 2)
        assert found == {
            "no visit reaches band_1 of employee.outpatient from 2025-07-01": line,
            "no visit reaches band_3 of employee.outpatient from 2025-07-01": line,
        }

    def test_a_conflict_in_the_file_of_a_benefit_counts_for_that_benefit_alone(self) -> None:
        """Tianjin's doubts about its outpatient bands say nothing about its inpatient rule."""
        rows = {
            one["benefit"]: one["conflicts"]
            for one in told("list", "天津", "--since", "2024", "--until", "2024")["coverage"]
        }
        assert (rows["employee.outpatient"], rows["employee.inpatient"]) == (3, 0)

    def test_who_waits_stands_on_the_sheet(self) -> None:
        sheet = told("show", "武汉", "--on", "2025-06-01")["sections"]
        (flexible,) = sheet["employee.waiting"]["values"]
        assert (flexible["value"], flexible["inherited"], flexible["source"]["grade"]) == (
            {"flexible": "6"},
            False,
            "B",
        )
        (residents,) = sheet["resident.waiting"]["values"]
        assert (residents["value"]["long_gap_least"], residents["inherited"]) == ("6", True)

    def test_what_a_city_takes_from_above_includes_who_waits(self) -> None:
        findings = told("check", SHIPPED / "cn/liaoning/tieling")["findings"]
        (nation,) = [one for one in findings if one["code"] == "inherited" and "from cn on" in one["en"]]
        assert "waiting.resident" in nation["names"]

    def test_what_tieling_takes_from_above_is_named(self) -> None:
        (tieling, nation) = told("check", SHIPPED / "cn/liaoning/tieling")["findings"]
        assert (tieling["code"], tieling["at"].rsplit("/", 1)[-1]) == ("inherited", "pack.yaml:2")
        assert "sharing.max_relatives" in tieling["names"]
        assert "sharing.flag_2_means" in nation["names"]

    def test_a_misspelt_key_is_found_with_file_line_and_the_nearest_key(self, tmp_path: Path) -> None:
        pack = write(tmp_path, "outpatient.yaml", FUSHUN.replace("    deductible: {shape", "    deductable: {shape"))
        result = run("check", pack)
        assert result.exit_code == 1
        assert f"{pack}:13: pack.unknown_key: 未知的名称“deductable”,是否想写“deductible”?" in result.output
        assert "did you mean 'deductible'?" in result.output

    def test_everything_that_is_wrong_is_told_at_once_in_packs_and_examples(self, tmp_path: Path) -> None:
        faulty = FUSHUN.replace("tier_3: 300.00", "tier_3: 300").replace("tier_3: 55 %", "tier_3: 155 %")
        write(tmp_path, "outpatient.yaml", faulty.replace("封顶线, checked", "封顶线, cheked"))
        write(tmp_path, "outpatient.cases.yaml", EXAMPLE.replace("fund_pool: 250.00", "fund_pool: 250"))
        result = run("check", tmp_path, "--json")
        problems = [(one["code"], one["at"].rsplit("/", 1)[-1]) for one in json.loads(result.output)["problems"]]
        assert result.exit_code == 1
        assert ("pack.bad_value", "outpatient.cases.yaml:11") in problems
        assert ("pack.bad_value", "outpatient.yaml:21") in problems
        assert ("pack.unknown_key", "outpatient.yaml:32") in problems

    def test_an_example_that_comes_out_otherwise_fails(self, tmp_path: Path) -> None:
        pack = write(tmp_path, "outpatient.yaml", FUSHUN)
        write(tmp_path, "outpatient.cases.yaml", EXAMPLE)
        assert "1 个算例 worked examples (1 次就诊 visits) 分毫不差" in printed("check", pack)
        wrong = EXAMPLE.replace("fund_pool: 250.00, patient: 550.00", "fund_pool: 250.01, patient: 549.99")
        write(tmp_path, "outpatient.cases.yaml", wrong)
        result = run("check", tmp_path)
        assert result.exit_code == 1
        assert "fund_pool 手算 by hand 250.01, 引擎 engine 250.00" in result.output

    def test_a_bill_that_does_not_add_up_is_the_examples_mistake(self, tmp_path: Path) -> None:
        write(tmp_path, "outpatient.yaml", FUSHUN)
        cases = write(tmp_path, "outpatient.cases.yaml", EXAMPLE.replace("in_scope: 800.00", "in_scope: 799.00"))
        result = run("check", tmp_path)
        assert result.exit_code == 1
        assert f"{cases}:6: bill.parts" in result.output

    def test_days_between_two_rules_are_pointed_out(self, tmp_path: Path) -> None:
        again = FUSHUN.replace("  - effective: 2025-07-01\n    deductible", "  - effective: 2026-03-01\n    deductible")
        rule = FUSHUN[FUSHUN.index("  - effective") : FUSHUN.index("values:")]
        ended = rule.replace("2025-07-01\n", "2025-07-01\n    until: 2025-12-31\n", 1)
        pack = write(tmp_path, "outpatient.yaml", again.replace("rules:\n", "rules:\n" + ended, 1))
        gaps = [one["en"] for one in told("check", pack)["findings"] if one["code"] == "gap_in_dates"]
        assert gaps == ["no rule of employee.outpatient from 2026-01-01 to 2026-02-28"]

    def test_no_such_file(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        assert "(pack.not_found)" in refusal(capsys, monkeypatch, "check", "nowhere.cases.yaml")


class TestWrongFiles:
    def test_a_file_that_is_no_pack_is_quoted_as_it_stands_and_not_at_length(self, tmp_path: Path) -> None:
        text = ":x: root:x:0:0:" + "administrator " * 40
        result = run("check", write(tmp_path, "passwd.yaml", f"'{text}'"))
        assert result.exit_code == 1
        assert ":x: root:x:0:0" in result.output
        assert "administrator " * 10 not in result.output

    def test_what_needs_a_look_stands_before_what_every_city_inherits(self) -> None:
        codes = [one["code"] for one in told("check")["findings"]]
        assert codes.index("inherited") > max(at for at, code in enumerate(codes) if code != "inherited")

    def test_where_no_name_is_near_the_provinces_are_offered(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        assert "有规则包的省份: 北京市 110000" in refusal(capsys, monkeypatch, "show", "不存在")


class TestDiff:
    def test_jining_before_and_after_its_reform(self) -> None:
        compared = told("diff", "济宁", "--from", "2023-07-01", "--to", "2024-07-01")
        changes = {(one["section"], one["value"]): (one["left"], one["right"]) for one in compared["changes"]}
        outpatient = "employee.outpatient"
        assert changes[outpatient, "share.active.tier_1"] == ("70%", "80%")
        assert changes[outpatient, "share.retired.tier_3"] == ("55%", "65%")
        assert changes[outpatient, "yearly_cap.active"] == ("2000.00", None)
        assert changes[outpatient, "pool_cap.active"] == (None, "3500.00")
        assert changes[outpatient, "large_cap.retired"] == (None, "1000.00")
        assert (outpatient, "deductible.tier_1") not in changes
        share = next(one for one in compared["changes"] if one["value"] == "share.active.tier_1")
        assert (share["left_source"]["grade"], share["right_source"]["grade"]) == ("B", "A")
        assert share["right_source"]["title"].startswith("济宁市 2024 年职工门诊保障宣传页")

    def test_tieling_and_dalian_on_one_day(self) -> None:
        output = printed("diff", "铁岭", "大连", "--on", "2024-07-01")
        line = next(line for line in output.splitlines() if "支付比例 the fund's ratio 退休 三级" in line)
        assert "55%" in line
        assert "60%" in line

    def test_a_day_and_itself_do_not_differ(self) -> None:
        compared = told("diff", "北京", "--from", "2024-07-01", "--to", "2024-07-01")
        assert compared["changes"] == []
        assert compared["same"] > 20

    @pytest.mark.parametrize(
        "arguments",
        [("铁岭",), ("铁岭", "--from", "2024-01-01"), ("铁岭", "大连", "--from", "2024-01-01", "--to", "2025-01-01")],
    )
    def test_it_takes_two_days_or_two_regions(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
    ) -> None:
        assert "(diff.arguments)" in refusal(capsys, monkeypatch, "diff", *arguments)


class TestSensitivity:
    def test_what_the_open_reading_of_tieling_is_worth(self) -> None:
        """After 150.00 at tier 3, a visit of 300.00 at tier 1 bears 50.00, 200.00 or 150.00 before its 70 %."""
        reading, catastrophic = told("sensitivity", "铁岭", "--on", "2024-07-01")["readings"]
        assert (catastrophic["benefit"], catastrophic["interpretation"]) == (
            "resident.inpatient",
            "catastrophic_measure",
        )
        assert (reading["interpretation"], reading["default"]) == ("mixed_tiers", "one_counter")
        paid = {(one["status"], one["tier"], one["in_scope"], one["before"]): one["paid"] for one in reading["changed"]}
        assert paid["active", "tier_1", "300.00", "tier_3"] == {
            "one_counter": {"fund.pool": "175.00"},
            "counter_per_tier": {"fund.pool": "70.00"},
            "higher_tops_up": {"fund.pool": "105.00"},
        }
        assert all(one["before"] for one in reading["changed"])

    def test_jinings_two_layers_pay_the_same_out_of_another_fund(self) -> None:
        output = printed("sensitivity", "济宁", "--on", "2024-07-01")
        assert "4500.00 = 统筹基金 3500.00 + 大额基金 1000.00 │ 4500.00 = 统筹基金 4500.00 (=)" in output
        assert "标准就诊: 每种身份、一二三级、费用 300.00 / 1500.00 / 30000.00 元" in output

    def test_a_clear_text_has_one_reading(self) -> None:
        assert "只有一种读法 the text is clear: one_counter" in printed("sensitivity", "大连", "--on", "2024-07-01")
        assert "没有待解释之处" in printed("sensitivity", "贵阳", "--on", "2024-07-01")


class TestSchema:
    def test_the_command_prints_a_schema_that_every_shipped_pack_meets(self) -> None:
        schema = json.loads(printed("schema"))
        Draft202012Validator.check_schema(schema)
        validator = Draft202012Validator(schema)
        files = pack_files(SHIPPED)
        assert len(files) > 80
        for file in files:
            errors = [error.message for error in validator.iter_errors(read_yaml(file, Problems()).plain())]
            assert errors == [], file

    @pytest.mark.parametrize(
        ("good", "bad"),
        [
            ("counters:", "conters:"),
            ("tier_3: 300.00", "tier_3: 300"),
            ("shape: cumulative", "shape: cumulativ"),
            ("fund: fund.pool", "fund: fund.pol"),
            ("quote: 起付线, ", ""),
            ("by: [status, tier]", "by: [status, teir]"),
            ('region: "210400"', "region: 21040"),
            ("reset: calendar_year", "reset: insurance_year"),
        ],
    )
    def test_it_refuses_what_the_loader_refuses(self, tmp_path: Path, good: str, bad: str) -> None:
        validator = Draft202012Validator(pack_schema())
        fine = read_yaml(write(tmp_path, "fine.yaml", FUSHUN), Problems()).plain()
        faulty = write(tmp_path, "faulty.yaml", FUSHUN.replace(good, bad))
        assert validator.is_valid(fine)
        assert not validator.is_valid(read_yaml(faulty, Problems()).plain())
        assert run("check", faulty).exit_code == 1

    @pytest.mark.parametrize(
        ("before", "path"),
        [
            ("", ()),
            ("    deductible: {shape: cumulative, ", ("rules", "deductible", "cumulative")),
            ("    share: {shape: ratio, ", ("rules", "share", "ratio")),
            ("      - {limit: yearly_cap, ", ("rules", "caps")),
        ],
    )
    def test_its_keys_are_those_that_the_loader_knows(self, tmp_path: Path, before: str, path: tuple[str, ...]) -> None:
        """The loader names the keys it knows when it meets one that is like none of them."""
        unheard_of = "qqqqqqqqqqqqqqqqqqqq: x"
        text = FUSHUN.replace(before, f"{before}{unheard_of}, ", 1) if before else f"{unheard_of}\n{FUSHUN}"
        result = run("check", write(tmp_path, "outpatient.yaml", text), "--json")
        sentences = " ".join(one["en"] for one in json.loads(result.output)["problems"])
        known = re.search(r"unknown key 'q+'; known here: ([a-z0-9_, ]+)", sentences)
        assert known is not None
        assert set(properties(path)) == {name.strip() for name in known[1].split(",")}


def properties(path: tuple[str, ...]) -> Any:
    """The keys of a part of the schema; the last step through alternatives is the shape's word."""
    held: Any = pack_schema()
    for step in path:
        if "oneOf" in held:
            held = next(one for one in held["oneOf"] if one["properties"]["shape"]["const"] == step)
        else:
            held = held["properties"][step]
            held = held.get("items", held)
    return held["properties"]


def test_a_pack_that_cannot_be_used_stops_every_command(tmp_path: Path) -> None:
    pack = write(tmp_path, "outpatient.yaml", FUSHUN.replace("tier_3: 300.00", "tier_3: 300"))
    refused = run("show", "铁岭", "--pack", pack).exception
    assert isinstance(refused, PackError)
    assert refused.problems[0].at.line == 21
