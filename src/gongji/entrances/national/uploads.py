"""What clients also send although settling needs none of it (§2.10): catalogue downloads, mappings, stock, lists of
settlements, departments. Answered so that a client goes on; uploads are checked for their form and not kept.

A client is told in warn_msg that nothing was kept, and its conformance report counts the rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from gongji.entrances.national.deviations import note
from gongji.entrances.national.fields import DAY, NESTED, C
from gongji.entrances.national.messages import MOST_ROWS, asked, free, needed, node, read_node, read_rows
from gongji.entrances.national.transaction import Answer, Call, Transaction
from gongji.foundation.errors import InvalidInput

_NOT_KEPT: Final = "已通过格式检查；本平台结算不使用该内容，未保存"


@node("data", "表 3301 目录对照上传", many=True)
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


@node("data", "表 1901 字典查询")
class DictionaryQuery:
    """Which code table?"""

    type: str = needed(C(30), "字典类型", "the field's name: insutype, med_type …")
    exp_content: Any = free(NESTED, "字段扩展")


@node("data", "表 1301 目录下载")
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
    """1901: a code table as this gateway uses it; an unknown type has no entries."""
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


#: Code tables of the interface, as far as anything here reads or writes them.
CODES: Final[Mapping[str, Mapping[str, str]]] = {
    "acct_used_flag": {"0": "不使用", "1": "使用本人个账", "2": "使用共济人个账"},
    "insutype": {"310": "职工基本医疗保险", "390": "城乡居民基本医疗保险"},
    "psn_type": {"11": "在职", "12": "退休", "15": "居民（成年）"},
    "mdtrt_cert_type": {"01": "医保电子凭证", "02": "居民身份证", "03": "社会保障卡"},
    "psn_cert_type": {
        "01": "居民身份证（户口簿）",
        "02": "中国人民解放军军官证",
        "03": "中国人民武装警察警官证",
        "04": "香港特区护照/港澳居民来往内地通行证",
        "05": "澳门特区护照/港澳居民来往内地通行证",
        "06": "台湾居民来往大陆通行证",
        "07": "外国人永久居留证",
        "08": "外国人护照",
        "90": "社会保障卡",
        "99": "其他身份证件",
    },
    "med_type": {
        "11": "普通门诊",
        "13": "急诊",
        "14": "门诊慢特病",
        "18": "特药购药",
        "2101": "普通住院",
        "41": "定点药店购药",
        "51": "生育门诊",
        "52": "生育住院",
        "9901": "门诊两病",
    },
    "chrgitm_lv": {"01": "甲类", "02": "乙类", "03": "丙类"},
    "psn_setlway": {"01": "按项目结算", "02": "按定额结算"},
    "fund_pay_type": {
        "310100": "城镇职工基本医疗保险统筹基金",
        "310200": "城镇职工基本医疗保险个人账户基金",
        "320100": "公务员医疗补助基金",
        "330100": "大额医疗费用补助基金",
        "390100": "城乡居民基本医疗保险基金",
        "390200": "城乡居民大病医疗保险基金",
        "610100": "医疗救助基金",
    },
    "psn_insu_stas": {"0": "未参保", "1": "正常参保", "2": "暂停参保", "3": "无效参保", "4": "终止参保"},
    "refd_setl_flag": {"0": "否", "1": "是"},
    "stmt_rslt": {"0": "平", "1": "不平"},
    "trt_chk_type": {"01": "基金项检查", "99": "其他检查"},
    "trt_enjymnt_flag": {"0": "否", "1": "是"},
    "vali_flag": {"0": "无效", "1": "有效"},
    "cvlserv_flag": {"0": "否", "1": "是"},
    "gend": {"1": "男", "2": "女", "9": "未说明"},
    "diag_type": {"1": "西医诊断", "2": "中医主病诊断", "3": "中医主证诊断"},
    "opter_type": {"1": "经办人", "2": "自助终端", "3": "移动终端"},
}

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
