"""Who the patient is: found by what was shown at the counter, or by psn_no and held against what was shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import copy_context
from datetime import timedelta
from typing import Final, Literal, Protocol

import sqlalchemy as sa

from gongji.entrances.national.deviations import note
from gongji.entrances.national.mailbox import Letter, letter
from gongji.entrances.national.transaction import Call
from gongji.foundation.errors import GongjiError, InvalidInput, NotFound, Refused
from gongji.registry import service as registry
from gongji.registry.at_once import Credential, person_of_token
from gongji.registry.certificate import CITIZEN_ID, clean_number
from gongji.registry.model import Person
from gongji.registry.presented import note_presented, presented_since
from gongji.settlement.model import Settlement
from gongji.settlement.reception import Enquiry, Errand, Found, ItemKey
from gongji.settlement.wanted import Job

#: mdtrt_cert_type: 01 e-credential token, 02 identity card, 03 social-security card.
TOKEN, CERTIFICATE, CARD = "01", "02", "03"

_KINDS: Final[Mapping[str, Literal["token", "card"]]] = {TOKEN: "token", CARD: "card"}

#: For how long a credential that was shown is good for registering or buying without showing it again: who comes back to the
#: counter on the third day is asked for it.
SHOWN_FOR: Final = timedelta(days=3)

#: For how long an institution may ask about somebody who showed a credential there.
KNOWN_FOR: Final = timedelta(days=366)

#: A credential's number has at least this many characters; what is shorter is a placeholder (02, 1, 0).
_SHORTEST_NUMBER: Final = 6


class Shown(Protocol):
    """What a message says the patient showed."""

    @property
    def psn_no(self) -> str: ...
    @property
    def mdtrt_cert_type(self) -> str: ...
    @property
    def mdtrt_cert_no(self) -> str: ...
    @property
    def certno(self) -> str: ...


def person_shown(
    connection: sa.Connection, call: Call, *, kind: str, number: str, certificate_type: str = CITIZEN_ID
) -> Person:
    """The person whose credential is shown.

    Args:
        connection: the transaction.
        call: the call.
        kind: mdtrt_cert_type.
        number: token, certificate number or card number.
        certificate_type: psn_cert_type of a certificate.

    Raises:
        InvalidInput: ``field.invalid`` for an unknown kind.
        NotFound: ``person.unknown``.
    """
    vault = call.platform.vault
    if kind == CERTIFICATE:
        key = registry.certificate_key(certificate_type, number)
        found = registry.person_by_credential(connection, vault, "certificate", key)
    elif kind == TOKEN:
        holder = person_of_token(connection, vault, number, call.institution.id, call.received_at)
        found = registry.people_by_id(connection, vault, [holder]).get(holder) if holder is not None else None
    elif kind == CARD:
        found = registry.person_by_credential(connection, vault, "card", number)
    else:
        raise InvalidInput(
            "field.invalid",
            "input.data.mdtrt_cert_type is not supported",
            f"input.data.mdtrt_cert_type 取值 {kind} 不支持，可用 01 医保电子凭证 / 02 居民身份证 / 03 社会保障卡",
            field="input.data.mdtrt_cert_type",
            accepted="01, 02 or 03",
        )
    if found is None:
        raise NotFound(
            "person.unknown",
            "nobody insured here has this credential: check its kind and number",
            "没有查到参保人，请核对就诊凭证类型和凭证编号",
            field="input.data.mdtrt_cert_no",
            accepted="the credential of an insured person",
        )
    return found


def person_numbered(connection: sa.Connection, call: Call, psn_no: str, field: str = "input.data.psn_no") -> Person:
    """The person with a psn_no.

    Raises:
        NotFound: ``person.unknown``.
    """
    found = registry.person_by_psn_no(connection, call.platform.vault, psn_no)
    if found is None:
        raise _nobody(field)
    return found


def person_known_here(connection: sa.Connection, call: Call, psn_no: str, field: str = "input.data.psn_no") -> Person:
    """The person with a psn_no who showed a credential at the calling institution within a year.

    Raises:
        NotFound: ``person.unknown``.
        Refused: ``person.not_presented``.
    """
    found = person_numbered(connection, call, psn_no, field)
    _require_presented(connection, call, found.id, KNOWN_FOR, field)
    return found


def _require_presented(connection: sa.Connection, call: Call, person_id: int, lasts: timedelta, field: str) -> None:
    if not presented_since(connection, call.institution.id, person_id, call.received_at - lasts):
        raise not_presented(field)


def not_presented(field: str) -> Refused:
    """``person.not_presented``."""
    return Refused(
        "person.not_presented",
        f"{field}: this person has shown no credential at this institution: ask for it and call 1101 first",
        f"{field} 该人员未在本机构出示过凭证：请先读取其医保凭证并调用 1101",
        field=field,
        accepted="a person whose credential 1101 read at this institution",
    )


async def served(
    call: Call,
    psn_no: str,
    command: Callable[[Person, Found], Job],
    *,
    dry: bool = False,
    shown: Shown | None = None,
    node: str = "data",
    items: frozenset[ItemKey] = frozenset(),
    named: str = "",
) -> tuple[Person, Settlement]:
    """What the desk comes to on a message: the patient, held against the credential shown, and the settlement.

    A settlement in progress cannot be called off by whoever waits for it.

    Args:
        call: the call.
        psn_no: the patient's number.
        command: makes the command, once the patient and what else is wanted is known; runs in the desk's thread.
        dry: only what it would come to.
        shown: the message's node with the credential, where it has one.
        node: that node's name, for refusals.
        items: what is wanted of the catalogue.
        named: code of another institution that the message names.

    Raises:
        NotSignedIn: ``access.replayed``. NotFound: ``person.unknown``.
        Refused: ``person.other_credential`` when the credential is somebody else's, ``person.not_presented`` when
            nothing is shown for a purchase and nothing was lately.
        GongjiError: what `command` and the desk refuse.
    """
    enquiry = Enquiry(
        psn_no,
        shown=_to_look_up(call, shown),
        institution_id=call.institution.id,
        items=items,
        named=named,
        # Settling a visit follows from its registration; a purchase stands for itself.
        presented_since=call.received_at - SHOWN_FOR if items and not _shows(shown) else None,
        sighting=None if call.signature is None else call.signature.sighting,
    )

    def made(found: Found) -> Job:
        return command(_patient(call, found, shown, node), found)

    # What is noted of the message there is noted with the rest.
    noting = copy_context()
    errand = Errand(enquiry, lambda found: noting.run(made, found))
    answer: Letter[tuple[Found, Settlement]] = letter()
    call.platform.desk.serve(errand, answer, dry=dry)
    known, settlement = await answer.waiting
    assert known.patient is not None
    return known.patient, settlement


def _patient(call: Call, found: Found, shown: Shown | None, node: str) -> Person:
    """The patient, if the message may be served: its signature is new and its credential the patient's."""
    if call.signature is not None and not found.admitted:
        raise call.signature.used_before()
    if found.patient is None:
        raise _nobody(f"input.{node}.psn_no")
    if shown is not None:
        check_shown(found.patient, shown, found.holder_id, node)
    if not found.presented:
        raise not_presented(f"input.{node}.mdtrt_cert_no")
    return found.patient


def _to_look_up(call: Call, shown: Shown | None) -> Credential | None:
    """The token or card shown; a certificate is held against the patient's own."""
    number = credential_number(shown) if shown is not None else ""
    if shown is None or not number:
        return None
    kind = _KINDS.get(shown.mdtrt_cert_type)
    return None if kind is None else Credential(kind, number, call.institution.id, call.received_at)


def person_registering(connection: sa.Connection, call: Call, shown: Shown, node: str = "data") -> Person:
    """The person of a registration (2201, 2401), held against the credential shown; `node` is named in refusals.

    Raises:
        NotFound: ``person.unknown``.
        Refused: ``person.other_credential``, ``person.not_presented`` when none is shown and none was lately.
    """
    person = person_numbered(connection, call, shown.psn_no, f"input.{node}.psn_no")
    number, holder = credential_number(shown), None
    vault = call.platform.vault
    if number and shown.mdtrt_cert_type == TOKEN:
        holder = person_of_token(connection, vault, number, call.institution.id, call.received_at)
    elif number and shown.mdtrt_cert_type == CARD:
        known = registry.person_by_credential(connection, vault, "card", number)
        holder = known.id if known is not None else None
    check_shown(person, shown, holder, node)
    if _shows(shown):
        note_presented(connection, call.institution.id, person.id, call.received_at)
    else:
        _require_presented(connection, call, person.id, SHOWN_FOR, f"input.{node}.mdtrt_cert_no")
    return person


def credential_number(shown: Shown) -> str:
    """The number of the credential shown. "" where the sender left it out or, as real clients do, sent its type once
    more (§1.5): then there is nothing to hold against the psn_no, which the patient's credential gave in 1101."""
    number = shown.mdtrt_cert_no
    told = len(number) >= _SHORTEST_NUMBER and shown.mdtrt_cert_type in (TOKEN, CERTIFICATE, CARD)
    return number if told else ""


def _shows(shown: Shown | None) -> bool:
    """Whether a message brings anything that can be held against the person: a credential or a certificate's number."""
    return shown is not None and bool(credential_number(shown) or shown.certno)


def check_shown(person: Person, shown: Shown, holder_id: int | None, node: str) -> None:
    """Hold certificate and credential against the person.

    Args:
        person: whom the psn_no names.
        shown: what the message says was shown.
        holder_id: whose the token or card shown is.
        node: the message's node, for the refusal.

    Raises:
        Refused: ``person.other_credential``.
    """
    if shown.certno and not _same_certificate(shown.certno, person):
        raise _other_credential(f"input.{node}.certno")
    number = credential_number(shown)
    if not number and shown.mdtrt_cert_no:
        note("placeholder_credential", f"input.{node}.mdtrt_cert_no", shown.mdtrt_cert_no)
    if shown.mdtrt_cert_type == CERTIFICATE:
        wrong = bool(number) and not _same_certificate(number, person)
    else:
        wrong = bool(number) and shown.mdtrt_cert_type in (TOKEN, CARD) and holder_id != person.id
    if wrong:
        raise _other_credential(f"input.{node}.mdtrt_cert_no")


def _same_certificate(number: str, person: Person) -> bool:
    return number == person.certificate or clean_number(number) == person.certificate


def _nobody(field: str) -> GongjiError:
    return NotFound(
        "person.unknown",
        f"{field}: nobody has this psn_no",
        f"{field} 人员编号不存在，请先用 1101 获取人员信息",
        field=field,
        accepted="a psn_no that 1101 answered",
    )


def _other_credential(field: str) -> GongjiError:
    return Refused(
        "person.other_credential",
        f"{field} is not the credential of the person with this psn_no",
        f"{field} 与人员编号不是同一人：必须使用就诊人本人的凭证",
        field=field,
        accepted="the patient's own credential",
    )
