"""Whom the wallet's money is for: a relative who is known, or somebody by name and number with a stated relation, and the
ticket that says in the next pages' addresses whom the reader has chosen."""

from __future__ import annotations

import hmac
from dataclasses import dataclass

from starlette.responses import Response

from gongji.entrances import wording
from gongji.entrances.web.citizen.stops import stopped
from gongji.entrances.web.visits import Visit, whole
from gongji.family.kinship import relation_of
from gongji.family.kinship_store import kinship_around
from gongji.family.refusals import Code, refuse
from gongji.foundation.errors import InvalidInput
from gongji.registry import service as registry
from gongji.registry.certificate import CITIZEN_ID, check_certificate
from gongji.registry.model import Person
from gongji.registry.name import check_name
from gongji.rules.model import Relation
from gongji.wallet.decide import NEAR
from gongji.wallet.refusals import unknown


@dataclass(frozen=True, slots=True)
class To:
    """Whom the reader has chosen, what they are to the reader, and the ticket that says so in addresses."""

    person_id: int
    relation: Relation
    ticket: str


def quotas_now(visit: Visit) -> bool:
    """Whether relatives give each other quotas today, instead of sending money."""
    begins = visit.platform.wallets.quota_from
    return begins is not None and visit.now.date() >= begins


def _next_page(visit: Visit) -> str:
    return "/wallet/quotas/new" if quotas_now(visit) else "/wallet/send"


def who(visit: Visit) -> Response:
    """``GET /wallet/who``: relatives who are known, or somebody by name and number with a stated relation."""
    errors: dict[str, str] = {}
    typed = {name: visit.form.text(name) for name in ("relation", "name", "number")}
    if visit.posted:
        relation = next((one for one in NEAR if one == typed["relation"]), None)
        if relation is None:
            errors["relation"] = visit.reader.text("bind.who.relation.missing")
        name, number = _typed_person(visit, typed, errors)
        if visit.form.text("commit") != "yes":
            errors["commit"] = visit.reader.text("wallet.who.commit.missing")
        if not errors and relation is not None:
            person = registry.person_by_credential(visit.connection, visit.platform.vault, "certificate", number)
            if person is None or person.name != name:
                # One answer for "no such number" and "another name", so that whoever tries numbers learns nothing.
                return stopped(visit, refuse(Code.NAME_MISMATCH), back="/wallet/who")
            return visit.go(f"{_next_page(visit)}?to={_ticket(visit, person.id, relation)}")
    language = visit.reader.language
    return visit.render(
        "citizen/wallet_who.html",
        status=422 if errors else 200,
        errors=errors,
        typed=typed,
        quotas=quotas_now(visit),
        known=_known(visit),
        choices=[(one, wording.text(f"kin.{one}", language), "") for one in Relation if one in NEAR],
    )


def _typed_person(visit: Visit, typed: dict[str, str], errors: dict[str, str]) -> tuple[str, str]:
    """The name and the key of the certificate that were typed; sentences by field go into `errors`."""
    name = number = ""
    try:
        name = check_name(typed["name"], field="name")
    except InvalidInput as problem:
        errors["name"] = visit.reader.sentence(problem)
    try:
        number = check_certificate(CITIZEN_ID, typed["number"], type_field="kind", field="number").key
    except InvalidInput as problem:
        errors["number"] = visit.reader.sentence(problem)
    return name, number


def _known(visit: Visit) -> list[tuple[str, str]]:
    """Near relatives whom the registers know: what the reader calls them, and the address that goes on with them."""
    me = visit.person_id
    facts = kinship_around(visit.connection, (me,))
    others = {person for fact in facts for person in (fact.one, fact.other)} - {me}
    related = {one: relation_of(one, me, facts, visit.now.date()) for one in others}
    near = {one: relation for one, relation in related.items() if relation is not None and relation in NEAR}
    people = registry.people_by_id(visit.connection, visit.platform.vault, near)
    shown = []
    for one, person in sorted(people.items()):
        words = called(visit, person, near[one])
        shown.append((words, f"/c{_next_page(visit)}?to={_ticket(visit, one, near[one])}"))
    return shown


def called(visit: Visit, person: Person, relation: Relation) -> str:
    """What the reader calls a relative: the kinship word and the masked name."""
    kin = wording.kin(relation, person.gender, visit.reader.language)
    return visit.reader.text("wallet.called", kin=kin, name=person.masked_name)


def _mac(visit: Visit, person_id: int, relation: str) -> str:
    return visit.platform.vault.index("wallet.to", f"{visit.person_id}:{person_id}:{relation}").hex()[:32]


def _ticket(visit: Visit, person_id: int, relation: Relation) -> str:
    """Says in an address whom the reader may send to: it cannot be made for somebody whose name was not known."""
    return f"{person_id}-{relation}-{_mac(visit, person_id, relation)}"


def chosen(visit: Visit) -> To:
    """Whom the address names.

    Raises:
        NotFound: ``wallet.transfer_unknown`` for a ticket that is not this reader's.
    """
    ticket = visit.form.text("to") or visit.query("to")
    number, _, rest = ticket.partition("-")
    relation, _, mac = rest.partition("-")
    known = next((one for one in NEAR if one == relation), None)
    person_id = whole(number)
    if person_id is None or known is None or not mac.isascii():
        raise unknown()
    if not hmac.compare_digest(mac, _mac(visit, person_id, known)):
        raise unknown()
    return To(person_id, known, ticket)


def name_of(visit: Visit, to: To) -> str:
    """What the reader calls whom they have chosen."""
    people = registry.people_by_id(visit.connection, visit.platform.vault, [to.person_id])
    return called(visit, people[to.person_id], to.relation)
