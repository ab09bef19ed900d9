"""The deposit that a hospital may ask for with 2401: our own two fields in exp_content, and what is answered."""

from __future__ import annotations

import msgspec

from gongji.entrances.national.transaction import Call
from gongji.foundation.errors import GongjiError
from gongji.foundation.money import yuan
from gongji.settlement import admission_deposits
from gongji.settlement.admission_deposits import DepositFrom, WantedDeposit
from gongji.settlement.admissions import Admission
from gongji.settlement.holds.model import HoldKey
from gongji.settlement.model import wire_id


def place_asked(call: Call, known: Admission, wanted: WantedDeposit) -> tuple[str | None, str | None]:
    """Hold a deposit for a stay that was just admitted.

    Returns:
        exp_content of the answer, None when nothing is held; and a warning for warn_msg, None when all is well.
    """
    platform = call.platform
    reference = wire_id(call.institution.region, known.id)
    key = HoldKey(f"2401:{call.institution.id}:{call.key.msgid}", call.key.digest)
    try:
        held = admission_deposits.place_deposit(
            platform.database, platform.desk, known, reference, wanted, key, call.received_at
        )
    except GongjiError as refusal:
        return None, f"已办理入院，押金未冻结：{refusal.zh} [{refusal.code}]"
    source = DepositFrom.OWN if held.authorisation_id is None else DepositFrom.SHARERS
    told = {"deposit_amt": yuan(held.remaining), "deposit_acct": str(source)}
    return msgspec.json.encode(told).decode(), None
