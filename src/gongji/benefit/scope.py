"""What leaves the in-scope cost before the deductible: the off-site first-self-pay part, and what the account pays first."""

from __future__ import annotations

from gongji.benefit.lookup import find
from gongji.benefit.model import Circumstances
from gongji.benefit.sheet import Sheet
from gongji.foundation.money import part_of
from gongji.rules.model import BenefitRule, Effect


def narrow(rule: BenefitRule, in_scope: int, person: Circumstances, sheet: Sheet) -> int:
    """What of the in-scope cost the deductible begins with, in fen.

    A region may let the patient bear a part first when treated elsewhere (Xiamen: unfiled, 10 %), and may ask that
    the current-year account be empty before the rule begins (Shanghai).
    """
    left = in_scope
    for modifier in rule.share.modifiers:
        if modifier.effect is Effect.FIRST_SELF_PAY and modifier.cases & person.cases:
            ratio, clause = find(modifier.numbers, person)
            borne = part_of(left, ratio)
            sheet.line("offsite_first", borne, clause, in_scope=left, ratio=ratio, offsite=person.offsite)
            left -= borne
    if rule.account_first:
        borne = min(left, person.current_account)
        balance = person.current_account
        sheet.line(
            "account_first", borne, rule.clauses["formula"], in_scope=left, balance=balance, left=balance - borne
        )
        left -= borne
    return left
