"""Every real request of the transactions we serve is understood, as it was sent."""

from __future__ import annotations

import re
from typing import Any

import pytest
from counter_window import SAMPLES, sample

from gongji.entrances.national.envelope import read_envelope, read_input
from gongji.entrances.national.lines import FeeDetail
from gongji.entrances.national.messages import read_node, read_rows, table_of
from gongji.entrances.national.outpatient import Diagnosis, Registration, VisitInfo
from gongji.entrances.national.outpatient_settling import SettleInput
from gongji.entrances.national.person import PersonQuery
from gongji.entrances.national.signon import SignIn
from gongji.entrances.national.transactions import TRANSACTIONS
from gongji.foundation.errors import InvalidInput
from gongji.settlement.model import AccountUse

REQUESTS = sorted(
    path.stem
    for path in SAMPLES.glob("*.json")
    if "request" in (found := sample(path.stem)) and found["request"]["infno"] in TRANSACTIONS
)


def nodes_of(name: str) -> Any:
    """The input of a real request."""
    return read_input(read_envelope(sample(name)["request"]))


@pytest.mark.parametrize("name", REQUESTS)
def test_real_request_is_read(name: str) -> None:
    request = sample(name)["request"]
    envelope = read_envelope(request)
    assert envelope.msgid == request["msgid"]
    for made in TRANSACTIONS[envelope.infno].inputs:
        read = read_rows if table_of(made).many else read_node
        assert read(made, nodes_of(name))


def test_all_real_requests_are_there() -> None:
    served = {sample(name)["request"]["infno"] for name in REQUESTS}
    assert served == {
        "9001",
        "9002",
        "1101",
        "2201",
        "2202",
        "2203A",
        "2204",
        "2205",
        "2206A",
        "2207A",
        "2208",
        "2302",
        "2303A",
        "2305",
        "2601",
        "3201",
        "3202",
        "5303",
    }


def test_null_words_of_hunan_are_empty() -> None:
    query = read_node(PersonQuery, nodes_of("hunan_1101_request"))
    assert (query.card_sn, query.begntime, query.certno, query.psn_cert_type) == ("", None, "", "01")
    assert read_envelope(sample("hunan_1101_request")["request"]).sign_no == ""


def test_hangzhou_sends_one_object_for_a_list_and_numbers_as_text() -> None:
    (line,) = read_rows(FeeDetail, nodes_of("zhejiang_2204"))
    assert (line.det_item_fee_sumamt, line.cnt, line.pric, line.prd_days) == (1200_00, 10_0000, 120_000000, None)
    (diagnosis,) = read_rows(Diagnosis, nodes_of("zhejiang_2203A"))
    assert (diagnosis.diag_srt_no, diagnosis.vali_flag) == (2_00, "01")
    assert read_node(VisitInfo, nodes_of("zhejiang_2203A")).geso_val == 46_00


def test_hangzhou_settlement_becomes_typed() -> None:
    data = read_node(SettleInput, nodes_of("zhejiang_2207A"))
    assert (data.medfee_sumamt, data.acct_used_flag) == (
        1200_00,
        AccountUse.OWN,
    )
    assert (data.fulamt_ownpay_amt, data.inscp_scp_amt) == (0, 1200_00)


def refusal(made: type[Any], nodes: dict[str, Any]) -> InvalidInput:
    """Why nodes are refused."""
    table = table_of(made)
    with pytest.raises(InvalidInput) as refused:
        (read_rows if table.many else read_node)(made, nodes)
    return refused.value


def test_refusals_name_the_path_down_to_the_row() -> None:
    line = nodes_of("zhejiang_2204")["feedetail"]
    wrong = refusal(FeeDetail, {"feedetail": [line, line, line | {"cnt": "-1"}]})
    assert (wrong.code, wrong.field) == ("field.invalid", "input.feedetail[2].cnt")
    gone = refusal(FeeDetail, {"feedetail": [line | {"pric": "null"}]})
    assert (gone.code, gone.field, gone.accepted) == ("field.missing", "input.feedetail[0].pric", "N(16,6)")
    assert gone.zh == "input.feedetail[0].pric（单价）不能为空"
    alone = refusal(FeeDetail, {"feedetail": line | {"det_item_fee_sumamt": "-5"}})
    assert (alone.code, alone.field) == ("amount.negative", "input.feedetail.det_item_fee_sumamt")


@pytest.mark.parametrize(
    ("made", "nodes", "code", "field"),
    [
        (SignIn, {}, "node.missing", "input.signIn"),
        (SignIn, {"signIn": ""}, "node.missing", "input.signIn"),
        (SignIn, {"signIn": ["0053"]}, "field.invalid", "input.signIn"),
        (FeeDetail, {"feedetail": []}, "field.invalid", "input.feedetail"),
        (FeeDetail, {"feedetail": "[]"}, "field.invalid", "input.feedetail"),
        (FeeDetail, {"feedetail": ["x"]}, "field.invalid", "input.feedetail[0]"),
        (FeeDetail, {"feedetail": [{}] * 5001}, "node.too_long", "input.feedetail"),
        (Registration, {"data": {"psn_no": "1"}}, "field.missing", "input.data.insutype"),
    ],
)
def test_nodes_that_are_not_there_or_no_nodes(made: type[Any], nodes: dict[str, Any], code: str, field: str) -> None:
    refused = refusal(made, nodes)
    assert (refused.code, refused.field) == (code, field)


def test_tables_record_what_the_text_demands_and_what_we_do() -> None:
    columns = {column.name: column for column in table_of(SettleInput).columns}
    assert (columns["psn_setlway"].official, columns["psn_setlway"].needed) == (True, False)
    assert (columns["medfee_sumamt"].official, columns["medfee_sumamt"].needed) == (True, True)
    assert columns["medfee_sumamt"].kind.label == "N(16,2)"
    for transaction in TRANSACTIONS.values():
        for made in (*transaction.inputs, *transaction.outputs):
            table = table_of(made)
            # The text's own table, or the transaction where the text gives none.
            assert re.match(r"表 |\d{4}", table.title)
            assert all(column.label and column.kind.label for column in table.columns)
