"""The commands that take something back: ``undo-credit``, ``collect``, ``undo-death``."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console

from gongji.accrual.credit_undo import collect_debts, owing, undo_credit
from gongji.accrual.death_undo import undo_death
from gongji.accrual.model import CreditKind
from gongji.entrances.accrual_command.command import DataFolder, Person, accrual, named_person, operator
from gongji.entrances.accrual_command.credit_file import read_month
from gongji.entrances.platform import open_platform
from gongji.foundation.money import yuan
from gongji.foundation.settings import load_settings
from gongji.registry.service import people_by_id

Reference = Annotated[str, typer.Option(help="The agency's number of the case; the same again changes nothing.")]
Reason = Annotated[str, typer.Option(help="Why; it is kept with the case.")]


@accrual.command("undo-credit")
def undo_credit_command(
    person: Person,
    month: Annotated[str, typer.Argument(help="The month that was credited wrongly: 2024-06 or 202406.")],
    reference: Reference,
    reason: Reason,
    kind: Annotated[CreditKind, typer.Option(help="Which credit of the month.")] = CreditKind.EMPLOYER,
    data: DataFolder = None,
) -> None:
    """Take a wrong monthly credit back: what is there at once, the rest is owed. Then credit the month anew."""
    first = read_month(month, "month")
    with open_platform(load_settings(data=data)) as platform:
        who = named_person(platform, person)
        done = undo_credit(
            platform.database,
            platform.clock,
            who,
            first,
            kind,
            reason=reason,
            reference=reference,
            caller=operator(),
        )
    Console().print(
        f"{done.month:%Y-%m} {done.kind}: {yuan(done.amount)} yuan back to the income of {done.region} 退回收入;"
        f" {yuan(done.taken)} taken from the account 账户扣回, {yuan(done.owed)} spent and owed 已使用尚欠",
        highlight=False,
    )


@accrual.command()
def collect(person: Person, reference: Reference, data: DataFolder = None) -> None:
    """Collect from the account what a person still owes of wrong credits, as far as there is money."""
    with open_platform(load_settings(data=data)) as platform:
        who = named_person(platform, person)
        done = collect_debts(platform.database, platform.clock, who, reference=reference, caller=operator())
    Console().print(
        f"{yuan(done.taken)} yuan collected 已追回, {yuan(done.owed)} still owed 尚欠",
        highlight=False,
    )


@accrual.command("owing")
def owing_command(
    region: Annotated[str, typer.Argument(help="Six-digit region; one that ends in 0000 is a whole province.")],
    data: DataFolder = None,
) -> None:
    """List who still owes something of wrong credits, the most first."""
    with open_platform(load_settings(data=data)) as platform:
        found = owing(platform.database, platform.clock, region, caller=operator())
        with platform.database.engine.connect() as connection:
            people = people_by_id(connection, platform.vault, {person for person, _ in found})
    lines = [f"{people[person].psn_no}  {yuan(owed)}" for person, owed in found]
    total = f"{len(found):,} people owe 人尚欠 {yuan(sum(owed for _, owed in found))} yuan"
    Console().print("\n".join([*lines, total]), highlight=False)


@accrual.command("undo-death")
def undo_death_command(person: Person, reference: Reference, reason: Reason, data: DataFolder = None) -> None:
    """Take a death back that was recorded by mistake: the account opens again with all that was in it."""
    with open_platform(load_settings(data=data)) as platform:
        who = named_person(platform, person)
        done = undo_death(platform.database, platform.clock, who, reason=reason, reference=reference, caller=operator())
    lines = [
        f"{yuan(done.amount)} yuan back in the account 恢复账户, and {yuan(done.returned)} that came meanwhile 期间退回;"
        f" {done.authorisations} authorisations stay ended, to be agreed anew 原授权不恢复, 需重新办理"
    ]
    lines += [
        f"  no longer owed to person {heir} 不再应付, to be asked back if paid out 已支付的须追回: {yuan(share)}"
        for heir, share in done.shares.items()
        if share
    ]
    Console().print("\n".join(lines), highlight=False)
