"""``gongji clearing``: months, statements, bills, payments, advances, and the files for another installation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated

import sqlalchemy as sa
import typer
from rich.console import Console
from rich.table import Table

from gongji.clearing.monthly import closing, files, payments, statements, store
from gongji.clearing.monthly.advances import advances
from gongji.clearing.monthly.decide import sheet
from gongji.clearing.monthly.gather import gather
from gongji.clearing.monthly.model import Statement
from gongji.clearing.monthly.refusals import file_exists, file_unwritable, unknown
from gongji.entrances.platform import Platform, open_platform
from gongji.foundation import audit
from gongji.foundation.access import Caller, Role
from gongji.foundation.money import parse_yuan, yuan
from gongji.foundation.settings import load_settings

clearing = typer.Typer(
    help="Clearing: what regions owe each other and agencies their institutions.", no_args_is_help=True
)

DataFolder = Annotated[Path | None, typer.Option("--data", help="The installation's data folder.")]
Month = Annotated[str, typer.Argument(help="A month, as 2026-10.")]
Debtor = Annotated[str, typer.Argument(help="Six-digit region that owes.")]
Creditor = Annotated[str, typer.Argument(help="Six-digit region that is owed.")]
Officer = Annotated[str, typer.Option("--officer", help="The number of whoever acts: two for every payment.")]
Amount = Annotated[str, typer.Option("--amount", help="Yuan, as 1200.00; all that is left when left out.")]
Reference = Annotated[str, typer.Option("--reference", help="The bank's or treasury's reference.")]
#: What the database takes for a number.
LARGEST_NUMBER = 2**63 - 1

PaidOn = Annotated[str | None, typer.Option("--on", help="The day, as 2026-11-05; today when left out.")]


@clearing.command()
def close(
    month: Month,
    officer: Officer = "command line",
    earlier: Annotated[bool, typer.Option("--earlier", help="Close months before it that are open first.")] = False,
    data: DataFolder = None,
) -> None:
    """Close a month that is over: its statements and bills are drawn up, and stay as they are."""
    with open_platform(load_settings(data=data)) as platform:
        last = closing.read_month(month)
        gather(platform.database)
        with platform.database.transaction() as connection:
            known = [one for one, closed in reversed(store.months(connection)) if closed is None and one < last]
        for one in [*(known if earlier else []), last]:
            now = platform.clock.now()
            done = closing.close_month(platform.database, platform.clearing_terms, one, _caller(officer), now)
            told = "was closed before" if done.again else "is closed"
            counted = f"{done.statements} statements, {done.bills} bills"
            Console().print(f"{one:%Y-%m} {told}: {counted}", highlight=False)


@clearing.command()
def positions(
    month: Month,
    provinces: Annotated[bool, typer.Option("--provinces", help="Add cities up to their provinces.")] = False,
    data: DataFolder = None,
) -> None:
    """All pairs of a month, open or closed, by now; each region's net, which add up to zero; the advances."""
    with open_platform(load_settings(data=data)) as platform:
        gather(platform.database)
        with platform.database.transaction() as connection:
            found = store.positions(connection, closing.read_month(month))
            ahead = advances(connection, platform.clearing_terms, platform.clock.now().date())
    pairs = Table("owes", "to", "yuan", "of it taken back", "lines", "late", "statement")
    for one in found:
        amounts = yuan(one.amount), yuan(one.refunds)
        pairs.add_row(one.debtor, one.creditor, *amounts, str(one.lines), str(one.late), str(one.statement_id or ""))
    _print(pairs)
    nets = Table("region", "owes", "is owed", "net")
    for region in sheet(found, 2 if provinces else 6):
        nets.add_row(region.region, yuan(region.owes), yuan(region.is_owed), yuan(region.net))
    _print(nets)
    if ahead:
        table = Table("paid in advance by", "to", "given", "used", "back", "left", "should be", "alarm")
        for each in ahead:
            sums = (each.given, each.used, each.returned, each.left)
            target = "" if each.target is None else yuan(each.target)
            table.add_row(each.payer, each.payee, *map(yuan, sums), target, each.alarm)
        _print(table)


@clearing.command()
def show(
    month: Month,
    debtor: Debtor,
    creditor: Creditor,
    lines: Annotated[int, typer.Option(min=0, help="Most lines.")] = 50,
    data: DataFolder = None,
) -> None:
    """A statement with the settlements behind it and its payments."""
    with _statement(month, debtor, creditor, data) as (_, connection, one):
        found = store.lines(connection, one.month, debtor, creditor, limit=lines)
        paid = store.payments_of(connection, "statement_id", one.id)
    Console().print(_headline(one), highlight=False, soft_wrap=True)
    table = Table("at", "institution", "setl_id", "kind", "yuan", "takes back what stood in", "dispute")
    for line in found:
        first = f"{line.first_month:%Y-%m}" if line.first_month else ""
        dispute = str(line.dispute.outcome or line.dispute.reason) if line.dispute else ""
        table.add_row(
            f"{line.at:%Y-%m-%d %H:%M}", line.institution, line.setl_id, line.kind, yuan(line.amount), first, dispute
        )
    _print(table)
    for payment in paid:
        told = {None: "waits for a second officer", True: "paid", False: "refused"}[payment.agreed]
        where = f"{payment.purpose} {payment.reference} {payment.paid_on}"
        Console().print(f"payment {payment.id}: {yuan(payment.amount)} {where}: {told}", highlight=False)


@clearing.command()
def accept(month: Month, debtor: Debtor, creditor: Creditor, officer: Officer, data: DataFolder = None) -> None:
    """The owing region has checked a statement: it may be paid."""
    with _statement(month, debtor, creditor, data) as (platform, connection, one):
        done = statements.accept(connection, one.id, caller=_caller(officer), at=platform.clock.now())
    Console().print(_headline(done), highlight=False, soft_wrap=True)


@clearing.command()
def pay(
    month: Month,
    debtor: Debtor,
    creditor: Creditor,
    officer: Officer,
    reference: Reference,
    amount: Amount = "",
    on: PaidOn = None,
    out_of_advance: Annotated[bool, typer.Option("--out-of-advance", help="Set it against the advance.")] = False,
    data: DataFolder = None,
) -> None:
    """Ask to pay a statement; `gongji clearing agree` by another officer books it."""
    with _statement(month, debtor, creditor, data) as (platform, connection, one):
        now = platform.clock.now()
        made = payments.pay_statement(
            connection,
            one.id,
            amount=parse_yuan(amount, "amount") if amount else one.left,
            reference=reference,
            paid_on=_day(on, now.date()),
            out_of_advance=out_of_advance,
            caller=_caller(officer),
            at=now,
        )
    Console().print(f"payment {made.id}: {yuan(made.amount)} yuan wait for a second officer", highlight=False)


@clearing.command()
def agree(
    payment: Annotated[int, typer.Argument(help="The payment's number.", min=1, max=LARGEST_NUMBER)],
    officer: Officer,
    no: Annotated[bool, typer.Option("--no", help="Do not agree: the payment is void.")] = False,
    data: DataFolder = None,
) -> None:
    """A second officer agrees to a payment, which is in the books from then on."""
    with open_platform(load_settings(data=data)) as platform, platform.database.transaction() as connection:
        done = payments.second_opinion(
            connection,
            platform.database.serials,
            payment,
            agree=not no,
            caller=_caller(officer),
            at=platform.clock.now(),
        )
    told = f"booked as journal {done.journal_id}" if done.journal_id else "agreed" if done.agreed else "void"
    Console().print(f"payment {done.id}: {yuan(done.amount)} yuan: {told}", highlight=False)


@clearing.command()
def bills(
    month: Month,
    region: Annotated[str, typer.Option(help="Only institutions of this region.")] = "",
    data: DataFolder = None,
) -> None:
    """What institutions are paid for a closed month."""
    with open_platform(load_settings(data=data)) as platform, platform.database.transaction() as connection:
        prefix = region[:2] if region.endswith("0000") else region[:4]
        found = store.bills(connection, closing.read_month(month), prefix)
    table = Table("bill", "institution", "yuan", "taken back", "retained", "carried", "due", "paid", "left")
    for one in found:
        sums = (one.amount, one.refunds, one.retained, one.carried, one.due, one.paid, one.left)
        table.add_row(str(one.id), f"{one.code} {one.name}", *map(yuan, sums))
    _print(table)


@clearing.command("pay-bill")
def pay_bill(
    bill: Annotated[int, typer.Argument(help="The bill's number.", min=1, max=LARGEST_NUMBER)],
    officer: Officer,
    reference: Reference,
    amount: Amount = "",
    on: PaidOn = None,
    retention: Annotated[bool, typer.Option("--retention", help="Pay what was retained instead.")] = False,
    data: DataFolder = None,
) -> None:
    """Ask to pay an institution; `gongji clearing agree` by another officer books it."""
    with open_platform(load_settings(data=data)) as platform, platform.database.transaction() as connection:
        now, caller = platform.clock.now(), _caller(officer)
        one = payments.bill_for(connection, bill, caller)
        left = store.retained_left(connection, one.institution_id) if retention else one.left
        made = payments.pay_bill(
            connection,
            bill,
            amount=parse_yuan(amount, "amount") if amount else left,
            reference=reference,
            paid_on=_day(on, now.date()),
            retention=retention,
            caller=caller,
            at=now,
        )
    Console().print(f"payment {made.id}: {yuan(made.amount)} yuan wait for a second officer", highlight=False)


@clearing.command()
def advance(
    payer: Annotated[str, typer.Argument(help="Six-digit region that pays ahead.")],
    payee: Annotated[str, typer.Argument(help="Six-digit region that it is paid to.")],
    amount: Amount,
    officer: Officer,
    reference: Reference,
    on: PaidOn = None,
    back: Annotated[bool, typer.Option("--back", help="The payee gives it back.")] = False,
    data: DataFolder = None,
) -> None:
    """Ask to pay another region ahead; `gongji clearing agree` by another officer books it."""
    with open_platform(load_settings(data=data)) as platform, platform.database.transaction() as connection:
        now = platform.clock.now()
        made = payments.pay_advance(
            connection,
            payer=payer,
            payee=payee,
            amount=parse_yuan(amount, "amount"),
            reference=reference,
            paid_on=_day(on, now.date()),
            back=back,
            caller=_caller(officer),
            at=now,
        )
    Console().print(f"payment {made.id}: {yuan(made.amount)} yuan wait for a second officer", highlight=False)


@clearing.command()
def export(
    month: Month,
    debtor: Debtor,
    creditor: Creditor,
    file: Annotated[Path, typer.Argument(help="Where to: a new file.")],
    data: DataFolder = None,
) -> None:
    """Write a statement with its lines for the other side, signed where both share a key."""
    with _statement(month, debtor, creditor, data) as (platform, connection, one):
        now = platform.clock.now()
        caller, keys = _caller("command line"), platform.settings.clearing_keys
        try:
            with file.open("xb") as opened:
                digest = files.write_statement(connection, one, keys, now, opened)
        except FileExistsError as problem:
            raise file_exists(file) from problem
        except OSError as problem:
            # Half a statement is none.
            file.unlink(missing_ok=True)
            raise file_unwritable(file, problem) from problem
        audit.record(connection, caller, "clearing.export", at=now, statement=one.id, sm3=digest)
        people = store.people_in(connection, one)
        audit.record_each(connection, caller, "clearing.read_line", people, at=now, statement=one.id)
    Console(soft_wrap=True).print(f"{_headline(one)}\nSM3 {digest}  {file}", highlight=False)


@clearing.command()
def check(
    file: Annotated[Path, typer.Argument(help="A file that the other side exported.")], data: DataFolder = None
) -> None:
    """Hold another installation's statement against the books here, line by line; exit code 1 when something differs."""
    with open_platform(load_settings(data=data)) as platform:
        loaded = files.read_statement(file, platform.settings.clearing_keys)
        gather(platform.database)
        with platform.database.transaction() as connection:
            found = files.compare(connection, loaded)
            caller, now = _caller("command line"), platform.clock.now()
            audit.record(connection, caller, "clearing.check", at=now, month=f"{loaded.month:%Y-%m}", found=len(found))
    told = f"{loaded.month:%Y-%m} {loaded.debtor} owes {loaded.creditor} {yuan(loaded.amount)} yuan"
    Console().print(f"{told}: {len(loaded.lines)} lines, signature: {loaded.signed}", highlight=False)
    if found:
        table = Table("what", "institution", "msgid", "kind", "told", "ours", "our month")
        for one in found:
            sums = ["" if fen is None else yuan(fen) for fen in (one.told, one.ours)]
            table.add_row(one.differs, one.institution, one.msgid, one.kind, *sums, str(one.our_month or "")[:7])
        _print(table)
        raise typer.Exit(1)
    Console().print("[green]✓[/green] every line is in the books here")


@contextmanager
def _statement(
    month: str, debtor: str, creditor: str, data: Path | None
) -> Iterator[tuple[Platform, sa.Connection, Statement]]:
    with open_platform(load_settings(data=data)) as platform, platform.database.transaction() as connection:
        one = store.statement_of(connection, closing.read_month(month), debtor, creditor)
        if one is None:
            raise unknown("month")
        yield platform, connection, one


def _caller(officer: str) -> Caller:
    return Caller(Role.OPERATOR, officer)


def _day(text: str | None, today: date) -> date:
    return closing.read_day(text) if text else today


def _headline(one: Statement) -> str:
    sums = f"{yuan(one.amount)} yuan, due {yuan(one.due)}, paid {yuan(one.paid)}"
    return f"statement {one.id}: {one.month:%Y-%m} {one.debtor} owes {one.creditor} {sums}: {one.state}"


def _print(table: Table) -> None:
    console = Console()
    (console if console.is_terminal else Console(width=160)).print(table, highlight=False)
