"""What clients also send although settling needs none of it (§2.10): catalogue downloads, mappings, stock, lists of
settlements, departments. Answered so that a client goes on; uploads are checked for their form and not kept.

A client is told in warn_msg that nothing was kept, and its conformance report counts the rows.

Titles are those by which clients call these transactions; not all were held against the text. The text's own field
tables of these transactions are not at hand but for 3301's, so no table is named by a number. What 1301 and the like
answer is known by its fields; the fields of a page (1304 …), of 1901 and of 5101 and 5102 are ours, named as systems name
such things, and a client may expect others.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from gongji.entrances.national.codes import CODES
from gongji.entrances.national.deviations import note
from gongji.entrances.national.fields import DAY, NESTED, C
from gongji.entrances.national.messages import MOST_ROWS, asked, free, needed, node, read_node, read_rows
from gongji.entrances.national.transaction import Answer, Call, Transaction
from gongji.foundation.errors import InvalidInput

_NOT_KEPT: Final = "已通过格式检查；本平台结算不使用该内容，未保存"


@node("data", "3301 目录对照上传", many=True)
class Mapped:
    """An item of an institution's own list, and what it is in the national one."""

    fixmedins_hilist_id: str = needed(C(30), "定点医药机构目录编号")
    fixmedins_hilist_name: str = needed(C(200), "定点医药机构目录名称")
    list_type: str = needed(C(3), "目录类别")
    med_list_codg: str = needed(C(50), "医疗目录编码")
    begndate: date = needed(DAY, "开始日期")
    enddate: date = needed(DAY, "结束日期")
    aprvno: str = free(C(200), "批准文号")
    dosform: str = free(C(200), "剂型")
    exct_cont: str = free(C(2000), "除外内容")
    item_cont: str = free(C(2000), "项目内涵")
    prcunt: str = free(C(100), "计价单位")
    spec: str = free(C(200), "规格")
    pacspec: str = free(C(100), "包装规格")
    memo: str = free(C(500), "备注")


@node("data", "1901 字典表查询")
class DictionaryQuery:
    """Which code table?"""

    type: str = needed(C(30), "字典类型", "the field's name: insutype, med_type …")
    exp_content: Any = free(NESTED, "字段扩展")


@node("data", "1301–1319 目录下载")
class CatalogueVersion:
    """What the client has."""

    ver: str = asked(C(30), "版本号")


def upload_mappings(call: Call) -> Answer:
    """3301."""
    return _not_kept("data", len(read_rows(Mapped, call.input)))


def upload(call: Call) -> Answer:
    """Any other upload: nodes of rows, each an object.

    Raises:
        InvalidInput: ``node.missing``, ``field.invalid``, ``node.too_long``.
    """
    if not call.input:
        raise InvalidInput(
            "node.missing", "input holds no node", "input 中没有任何节点", field="input", accepted="nodes of rows"
        )
    rows = sum(_checked_rows(name, given) for name, given in call.input.items())
    return _not_kept(next(iter(call.input)), rows)


def upload_settlement_list(call: Call) -> Answer:
    """4101 and 4101A: the list's number is the message's."""
    upload(call)
    return Answer({"setl_list_id": call.envelope.msgid}, _NOT_KEPT)


def _checked_rows(name: str, given: object) -> int:
    rows = given if isinstance(given, list) else [given]
    path = f"input.{name}"[:60]
    if len(rows) > MOST_ROWS:
        raise InvalidInput(
            "node.too_long",
            f"{path} has {len(rows)} rows",
            f"{path} 一次最多 {MOST_ROWS} 行，收到 {len(rows)} 行",
            field="input",
            accepted=f"at most {MOST_ROWS} rows",
        )
    for number, row in enumerate(rows):
        if not isinstance(row, Mapping):
            where = f"{path}[{number}]" if isinstance(given, list) else path
            raise InvalidInput(
                "field.invalid",
                f"{where} is not an object",
                f"{where} 应为 JSON 对象",
                field="input",
                accepted="a JSON object or a list of them",
            )
    return len(rows)


def _not_kept(name: str, rows: int) -> Answer:
    # Under the transaction alone: a sender may name his nodes as he likes.
    note("not_kept", "input", f"{name[:40]}: {rows} rows")
    return Answer(None, _NOT_KEPT)


def catalogue_file(call: Call) -> Answer:
    """1301 to 1311 and their like: there is nothing newer than what the client has, so no file to fetch with 9102."""
    read_node(CatalogueVersion, call.input)
    return Answer({"file_qury_no": "", "filename": "", "dld_end_time": "", "data_cnt": 0})


def catalogue_page(call: Call) -> Answer:
    """1304, 1312, 1316 to 1319: the page that is asked for is empty."""
    return Answer(
        {
            "data": [],
            "pageNum": 1,
            "pageSize": 0,
            "size": 0,
            "recordCounts": 0,
            "pages": 0,
            "firstPage": True,
            "lastPage": True,
        }
    )


def nothing_found(call: Call) -> Answer:
    """4207 to 4209: nothing was kept, so nothing is found."""
    return Answer({})


def dictionary(call: Call) -> Answer:
    """1901: a code table of the interface; an unknown type has no entries. What a field takes here may be less: its refusal tells."""
    asked_for = read_node(DictionaryQuery, call.input).type
    entries = CODES.get(asked_for, {})
    return Answer(
        {
            "list": [
                {
                    "type": asked_for,
                    "label": label,
                    "value": value,
                    "parentValue": None,
                    "sort": number,
                    "valiFlag": "1",
                }
                for number, (value, label) in enumerate(entries.items(), start=1)
            ]
        }
    )


def nobody_listed(call: Call) -> Answer:
    """5101 and 5102: departments and practitioners are kept by no one here."""
    return Answer({"feedetail": []})


_PAGED: Final = {"1304", "1312", "1316", "1317", "1318", "1319"}

_CATALOGUES: Final = {
    "1301": "西药中成药目录下载",
    "1302": "中药饮片目录下载",
    "1303": "医疗机构制剂目录下载",
    "1304": "民族药品目录查询",
    "1305": "医疗服务项目目录下载",
    "1306": "医用耗材目录下载",
    "1307": "疾病与诊断目录下载",
    "1308": "手术操作目录下载",
    "1309": "门诊慢特病种目录下载",
    "1310": "按病种付费病种目录下载",
    "1311": "日间手术治疗病种目录下载",
    "1312": "医保目录信息查询",
    "1313": "肿瘤形态学目录下载",
    "1314": "中医疾病目录下载",
    "1315": "中医证候目录下载",
    "1316": "医疗目录与医保目录匹配信息查询",
    "1317": "医药机构目录匹配信息查询",
    "1318": "医保目录限价信息查询",
    "1319": "医保目录先自付比例信息查询",
}

_UPLOADS: Final = {
    "3302": "目录对照撤销",
    "3401": "科室信息上传",
    "3401A": "批量科室信息上传",
    "3402": "科室信息变更",
    "3403": "科室信息撤销",
    "3501": "商品盘存上传",
    "3502": "商品库存变更",
    "3503": "商品采购",
    "3504": "商品采购退货",
    "3505": "商品销售",
    "3506": "商品销售退货",
    "3507": "商品信息删除",
    "4201": "自费病人明细上传",
    "4202": "自费病人住院就诊和诊断信息上传",
    "4203": "自费病人就诊以及费用明细上传完成",
    "4204": "自费病人费用明细删除",
    "4205": "自费病人门诊就医信息上传",
    "4206": "自费病人门诊就诊信息删除",
}

_QUERIES: Final = {
    "4207": "自费病人就医费用明细查询",
    "4208": "自费病人就医就诊信息查询",
    "4209": "自费病人就医诊断信息查询",
}

TRANSACTIONS = (
    *(
        Transaction(infno, title, (), (), catalogue_page)
        if infno in _PAGED
        else Transaction(infno, title, (CatalogueVersion,), (), catalogue_file)
        for infno, title in _CATALOGUES.items()
    ),
    Transaction("1901", "字典表查询", (DictionaryQuery,), (), dictionary),
    Transaction("3301", "目录对照上传", (Mapped,), (), upload_mappings),
    *(Transaction(infno, title, (), (), upload) for infno, title in _UPLOADS.items()),
    *(Transaction(infno, title, (), (), nothing_found) for infno, title in _QUERIES.items()),
    Transaction("4101", "医疗保障基金结算清单信息上传", (), (), upload_settlement_list),
    Transaction("4101A", "医疗保障基金结算清单信息上传", (), (), upload_settlement_list),
    Transaction("5101", "科室信息查询", (), (), nobody_listed),
    Transaction("5102", "医执人员信息查询", (), (), nobody_listed),
)
