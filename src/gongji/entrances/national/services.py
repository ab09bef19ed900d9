"""The addresses of the interface's services, so that a message sent to the wrong one is told so (§1.4).

The transaction is always decided by the body's infno. The address only matters where it names a *different* service: the
Hangzhou centre answers ``未知交易编号`` to infno 3201 posted to reverseService/revsMethod.
"""

from __future__ import annotations

from typing import Final

#: Last two parts of an address by what may be sent there. The A variants share their sibling's addresses: Hebei posts
#: 2207A to saveSettletment, Zhejiang to saveSettletmentA.
_SERVICES: Final = {
    "signInSignOutService/signIn": "9001",
    "signInSignOutService/signOut": "9002",
    "fileupload/upload": "9101",
    "fileupload/download": "9102",
    "fsiPsnInfoService/queryPsnInfo": "1101",
    "hsecfc/localQrCodeQuery": "1162",
    "fsiFixMedInsService/queryFixMedIns": "1201",
    "fsiPsnPriorityInfoService/queryPsnPriorityInfo": "2001",
    "outpatientDocInfoService/outpatientRregistration": "2201",
    "outpatientDocInfoService/outpatientRegistrationCancel": "2202",
    "outpatientDocInfoService/outpatientMdtrtinfoUp": "2203 2203A",
    "outpatientDocInfoService/outpatientMdtrtinfoUpA": "2203 2203A",
    "outpatientDocInfoService/outpatientFeeListUp": "2204",
    "outpatientDocInfoService/outpatientFeeListUpCancel": "2205",
    "outpatientSettleService/preSettletment": "2206 2206A",
    "outpatientSettleService/preSettletmentA": "2206 2206A",
    "outpatientSettleService/saveSettletmentV2": "2207 2207A",
    "outpatientSettleService/saveSettletment": "2207 2207A",
    "outpatientSettleService/saveSettletmentA": "2207 2207A",
    "outpatientSettleService/cancleSettletment": "2208",
    "hospFeeDtlService/feeDtlUp": "2301",
    "hospFeeDtlService/feeDtlCl": "2302",
    "hospSettService/preSett": "2303 2303A",
    "hospSettService/preSettA": "2303 2303A",
    "hospSettService/settV2": "2304 2304A",
    "hospSettService/settA": "2304 2304A",
    "hospSettService/settCl": "2305",
    "hospitalRegisterService/hospitalRegisterSave": "2401",
    "hospitalRegisterService/hospitalRegisterEdit": "2403",
    "hospitalRegisterService/hospitalRegisterCancel": "2404",
    "dscgService/dischargeProcess": "2402",
    "dscgService/dischargeUndo": "2405",
    "reverseService/revsMethod": "2601",
    "ybSettlementStmtService/stmtTotal": "3201",
    "ybSettlementStmtService/stmt": "3201",
    "ybSettlementStmtService/stmtDetail": "3202",
    "catalogCompService/catalogCompUp": "3301",
    "fsiIntegratedQueryService/querySetlInfo": "5203",
    "fsiIntegratedQueryService/queryFeeList": "5204",
    "fsiIntegratedQueryService/queryFixmedinsPracPsnSum": "5206",
    "fsiIntegratedQueryService/queryPsnOpspReg": "5301",
    "fsiIntegratedQueryService/queryInhospInfo": "5303",
    "catalogdownservice/queryDataDic": "1901",
    **{f"catalogdownservice/downCatalog{infno}": f"{infno}" for infno in range(1301, 1320)},
    "medinfoupload/setllistinfoupld": "4101",
    "hos/parse_qrcode": "6101",
    "hos/uldFeeInfo": "6201",
    "hos/pay_order": "6202",
    "hos/refund_Order": "6203",
    "hos/sync_order_info": "6204",
    "hos/query_order_info": "6301",
    "hos/revoke_order": "6401",
}

_ALLOWED: Final = {service: frozenset(infnos.split()) for service, infnos in _SERVICES.items()}

_INFNOS: Final = frozenset().union(*_ALLOWED.values())


def names_other_service(path: str, infno: str) -> bool:
    """Whether an address names a service or a transaction that is not this one.

    Args:
        path: the request's path, whatever stands before the service.
        infno: the body's.
    """
    parts = [part for part in path.split("/") if part]
    allowed = _ALLOWED.get("/".join(parts[-2:]))
    if allowed is not None:
        return infno not in allowed
    return bool(parts) and parts[-1] in _INFNOS and parts[-1] != infno
