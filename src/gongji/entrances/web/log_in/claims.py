"""From a provider's claims to a caller: a citizen by their ID number, an officer by number, region and duties."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import sqlalchemy as sa

from gongji.foundation.access import Caller, Duty, Role
from gongji.foundation.errors import GongjiError, NotAllowed
from gongji.foundation.personal import Vault
from gongji.foundation.settings import IdentityProvider
from gongji.registry import service as registry
from gongji.registry.certificate import CITIZEN_ID, certificate_key

#: What an officer's number may look like: it stands in histories and in the audit.
_HOLDER: Final = re.compile(r"[0-9A-Za-z._@-]{1,64}", re.ASCII)


def caller_of(
    connection: sa.Connection, vault: Vault, provider: IdentityProvider, role: Role, claims: Mapping[str, Any]
) -> Caller:
    """Who the claims are about.

    Raises:
        NotAllowed: ``access.person_unknown`` when no insured person has the citizen's ID number;
            ``access.not_an_officer`` when number or region are missing or not as they should be.
    """
    if role is Role.CITIZEN:
        return _citizen(connection, vault, str(claims.get(provider.certificate_claim, "")))
    return _officer(provider, claims)


def officer_person(
    connection: sa.Connection, vault: Vault, provider: IdentityProvider, claims: Mapping[str, Any]
) -> int | None:
    """Which insured person an officer is, where the provider tells their ID number: nobody decides on their own case."""
    number = str(claims.get(provider.certificate_claim, ""))
    try:
        key = certificate_key(CITIZEN_ID, number) if number else None
    except GongjiError:
        return None
    person = registry.person_by_credential(connection, vault, "certificate", key) if key else None
    return person.id if person else None


def _citizen(connection: sa.Connection, vault: Vault, number: str) -> Caller:
    try:
        key = certificate_key(CITIZEN_ID, number)
    except GongjiError:
        key = None
    person = registry.person_by_credential(connection, vault, "certificate", key) if key else None
    if person is None:
        raise NotAllowed(
            "access.person_unknown",
            "nobody with your ID number is insured here: ask the agency of your region (12393)",
            "这里没有查到您的参保信息，请向参保地医保经办机构询问，电话 12393",
        )
    return Caller(Role.CITIZEN, "citizen", person.id)


def _officer(provider: IdentityProvider, claims: Mapping[str, Any]) -> Caller:
    holder, region = str(claims.get(provider.officer_claim, "")), str(claims.get(provider.region_claim, ""))
    if not _HOLDER.fullmatch(holder) or not re.fullmatch(r"\d{6}", region, re.ASCII):
        raise NotAllowed(
            "access.not_an_officer",
            "your account is not set up for the agency's pages: ask the administrator for an officer's number and a region",
            "您的账号还没有开通经办权限，请联系管理员设置工号和所属地区",
        )
    told = claims.get(provider.duties_claim, ())
    words = told.split() if isinstance(told, str) else told if isinstance(told, list) else ()
    duties = frozenset(Duty(one) for one in words if one in tuple(Duty))
    return Caller(Role.OFFICER, holder, None, region, duties)
