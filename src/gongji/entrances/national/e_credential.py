"""6101 解析医保电子凭证二维码: the code on a citizen's phone, read into who it is and a token for the visit."""

from __future__ import annotations

from typing import Any

from gongji.entrances.national.fields import NESTED, C
from gongji.entrances.national.messages import asked, free, needed, node, read_node, write_node
from gongji.entrances.national.transaction import Answer, Call, Transaction
from gongji.foundation import audit
from gongji.foundation.access import Caller, Role
from gongji.foundation.errors import NotAllowed
from gongji.registry import e_credential
from gongji.registry import service as registry


@node("data", "表 291 解析医保电子凭证二维码")
class CodeShown:
    """A code was scanned. The text reads it with a library on the spot; here the code itself is sent."""

    ecQrCode: str = needed(C(64), "电子凭证二维码", "28 digits; serves once, within two minutes")
    orgId: str = asked(C(40), "机构ID", "your own fixmedins_code when it is sent")
    businessType: str = asked(C(5), "用码业务类型")
    operatorId: str = asked(C(20), "操作员工号")
    operatorName: str = asked(C(30), "操作员姓名")
    officeId: str = asked(C(20), "医保科室编号")
    officeName: str = asked(C(30), "科室名称")
    extData: Any = free(NESTED, "扩展数据")


@node("data", "表 292 电子凭证用户信息")
class CodeHolder:
    """Whose code it is."""

    userName: str = needed(C(50), "用户姓名")
    idNo: str = needed(C(30), "证件号码")
    idType: str = needed(C(3), "证件类型")
    ecToken: str = needed(C(40), "身份核验令牌", "as mdtrt_cert_no with mdtrt_cert_type 01, and in 6201; twelve hours")
    insuOrg: str = needed(C(6), "参保地行政区划")
    psnNo: str = free(C(30), "人员编号", "beyond the text: what 6201 asks for")
    gender: str | None = free(C(6), "性别")


def read_code(call: Call) -> Answer:
    """6101."""
    return Answer({"data": write_node(holder_of(call))})


def holder_of(call: Call) -> CodeHolder:
    """Whose code was shown. The code is used up; the same message again gets the same answer. Every reading is audited.

    Raises:
        NotAllowed: ``access.institution``. Refused: ``credential.over`` and what else `e_credential.read_code` refuses.
    """
    shown = read_node(CodeShown, call.input)
    own = call.institution
    if shown.orgId and shown.orgId != own.code:
        raise NotAllowed(
            "access.institution",
            "orgId is not the institution that sends",
            "orgId 与发送机构不一致：只能为本机构办理业务",
            field="input.data.orgId",
            accepted=own.code,
        )
    with call.platform.database.transaction() as connection:
        vault = call.platform.vault
        person_id, token = e_credential.read_code(
            connection, vault, shown.ecQrCode, own.id, call.envelope.msgid, call.received_at
        )
        person = registry.people_by_id(connection, vault, [person_id])[person_id]
        audit.record(
            connection,
            Caller(Role.INTEGRATOR, own.code),
            "credential.read",
            at=call.received_at,
            person_id=person_id,
            business=shown.businessType,
        )
    return CodeHolder(
        userName=person.name,
        idNo=person.certificate,
        idType=person.certificate_type,
        ecToken=token,
        insuOrg=shown.ecQrCode[-6:],
        psnNo=person.psn_no,
        gender=person.gender,
    )


TRANSACTIONS = (Transaction("6101", "解析医保电子凭证二维码", (CodeShown,), (CodeHolder,), read_code),)
