"""A vendor's system under development, for tests: it keeps every answer, also those that refuse."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from gongji.entrances.demo.families import CT
from gongji.entrances.demo.hospital import InstitutionSystem
from gongji.entrances.sandbox.institutions import BY_CODE
from gongji.entrances.sandbox.people import InventedPerson, Trial
from gongji.foundation.money import parse_yuan, yuan

#: One count for all systems of a run: no msgid and no fee line comes twice.
_NUMBERS = itertools.count(1)


class Turned(Exception):
    """A message was refused."""

    def __init__(self, answer: dict[str, Any]) -> None:
        super().__init__(answer.get("err_msg"))
        self.answer = answer


@dataclass
class Vendor(InstitutionSystem):
    """Sends what the demo's system sends, and gives the whole answer back.

    Attributes:
        answers: all answers, the newest last.
        sent: all messages, the newest last.
    """

    answers: list[dict[str, Any]] = field(default_factory=list)
    sent: list[dict[str, Any]] = field(default_factory=list)

    @classmethod
    def at(cls, client: httpx.Client, base: str, code: str) -> Vendor:
        """At an institution of the sandbox."""
        known = BY_CODE[code]
        return cls(client, base, code, known.name, known.region, known.paasid, known.secret, _NUMBERS)

    def post(self, message: Mapping[str, object]) -> httpx.Response:
        """The raw response to a message, which is kept."""
        self.sent.append(dict(message))
        return super().post(message)

    def answer(self, infno: str, msgid: str = "", **nodes: object) -> dict[str, Any]:
        """The whole answer to a transaction."""
        message = self.message(infno, nodes) | ({"msgid": msgid} if msgid else {})
        answer: dict[str, Any] = self.post(message).json()
        self.answers.append(answer)
        return answer

    def send(self, infno: str, **nodes: object) -> dict[str, Any]:
        """Its output.

        Raises:
            Turned: when it is refused.
        """
        answer = self.answer(infno, **nodes)
        if answer["infcode"] != 0:
            raise Turned(answer)
        return answer["output"] or {}

    def identified(self, person: InventedPerson, name: str = "") -> dict[str, Any]:
        """1101 by the person's certificate."""
        certificate = person.certificate
        return self.answer(
            "1101",
            data={
                "mdtrt_cert_type": "02",
                "mdtrt_cert_no": certificate.number,
                "psn_cert_type": certificate.type,
                "certno": certificate.number,
                "psn_name": name,
            },
        )

    def visit(
        self,
        person: InventedPerson,
        *,
        flag: str,
        count: int = 1,
        infno: str = "2206",
        med_type: str = "11",
        disease: str = "",
    ) -> dict[str, Any]:
        """A visit with CTs up to its (pre-)settlement: the answer to the first message that is refused, or to the last."""
        known = self.identified(person)
        if known["infcode"] != 0:
            return known
        psn_no = known["output"]["baseinfo"]["psn_no"]
        number = person.certificate.number
        total = yuan(count * parse_yuan(CT.price, "price"))
        try:
            mdtrt_id = self.register(psn_no, number, person.scheme, med_type, disease)
            batch = self.upload(psn_no, mdtrt_id, [CT] * count)
            self.settle(infno, psn_no, number, person.scheme, mdtrt_id, batch, total, flag, med_type)
        except Turned as turned:
            return turned.answer
        return self.answers[-1]

    def tried(self, person: InventedPerson, trial: Trial) -> dict[str, Any]:
        """The answer that a person's trial ends with."""
        if trial.name:
            return self.identified(person, trial.name)
        return self.visit(person, flag=trial.use, count=trial.count, med_type=trial.med_type, disease=trial.disease)
