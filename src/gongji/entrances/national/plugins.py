"""Transactions that only some regions have: the one place where such a family is added, and the switch that turns it on.

A plug-in brings its transactions under the local range ``GJ..`` (no infno of the national text or of a province begins with
a letter). It is served where the setting ``plugins`` names it with the institution's region; elsewhere its transactions are
as unknown as any other number.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from inspect import iscoroutinefunction
from typing import Final

from gongji.entrances.national import second_account
from gongji.entrances.national.envelope import unknown_transaction
from gongji.entrances.national.transaction import Answer, Call, Transaction


@dataclass(frozen=True, slots=True)
class Plugin:
    """A family of transactions that a region may switch on.

    Attributes:
        name: as the setting names it.
        title: what it is, in Chinese.
        transactions: what it serves.
    """

    name: str
    title: str
    transactions: tuple[Transaction, ...]


PLUGINS: Final = (Plugin("second_account", "家人账户第二次付款", second_account.TRANSACTIONS),)


def switched_on(regions: Mapping[str, list[str]], name: str, region: str) -> bool:
    """Whether a plug-in is on in a region.

    Args:
        regions: the setting: names of plug-ins with six-digit regions; one that ends in 00 takes in its counties, one
            that ends in 0000 a province.
        name: the plug-in's.
        region: the institution's.
    """
    return any(region.startswith(one.removesuffix("00").removesuffix("00")) for one in regions.get(name, ()))


def _guarded(plugin: Plugin, transaction: Transaction) -> Transaction:
    """The transaction, refused as unknown where the plug-in is off."""
    handle = transaction.handle
    assert not iscoroutinefunction(handle), "a plug-in's transaction runs in a worker thread"

    def checked(call: Call) -> Answer | Awaitable[Answer]:
        if not switched_on(call.platform.settings.plugins, plugin.name, call.institution.region):
            raise unknown_transaction(call.envelope.infno)
        return handle(call)

    guarded: Callable[[Call], Answer | Awaitable[Answer]] = checked
    return replace(transaction, handle=guarded)


TRANSACTIONS: Final = tuple(_guarded(plugin, each) for plugin in PLUGINS for each in plugin.transactions)
