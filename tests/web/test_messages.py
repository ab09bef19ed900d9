"""What people are told: when their account pays, when a sharing changes; in their inbox, on their phone, to programs."""

from __future__ import annotations

import hmac
import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from phone import Pages, serving_pages

from gongji.entrances import wording
from gongji.entrances.messaging.loop import Round, carry_messages
from gongji.entrances.messaging.senders import SIGNATURE, text_sender
from gongji.entrances.wording import Language
from gongji.family import mandates
from gongji.family import service as family
from gongji.family.mandates import Scope
from gongji.family.messages import messages_of_event
from gongji.family.model import AuthorisationState
from gongji.foundation.clock import CHINA
from gongji.foundation.deliveries import TRIED_FOR, calm, failed, message_delivery, message_subscriber, resend
from gongji.foundation.inbox import TOPICS, Message, inbox_message, message_of, messages_of, tell, unread_question
from gongji.foundation.message_choices import choose
from gongji.foundation.outbox import logged_texts, send_waiting
from gongji.foundation.questions import ask
from gongji.premium.model import OrderState
from gongji.reimbursement.messages import STEPS as CLAIM_STEPS
from gongji.settlement.telling import tell_sharers
from town import EXAMPLE_BILL, Town


@pytest.fixture
def pages(town: Town) -> Iterator[Pages]:
    """The citizens' pages, where texts are kept instead of sent."""
    with serving_pages(town, sms_url="log") as served:
        yield served


@dataclass
class Folk:
    """Wang Xiulan, 71, whose daughter Li Ting shares her account with her."""

    town: Town
    mother: int
    daughter: int
    under: int


@pytest.fixture
def folk(town: Town) -> Folk:
    """The two of them; nothing was paid yet."""
    mother = town.person("王秀兰", "1953-03-08", "retired", balance=3_520, gender=2)
    daughter = town.person("李婷", "1980-05-20", "active", balance=500_000, gender=2)
    return Folk(town, mother, daughter, town.share(daughter, mother))


def pay(folk: Folk) -> int:
    """The mother's visit of ¥1,268.50; gives what her daughter's account paid of it."""
    town = folk.town
    hospital = town.institution("H21120200001")
    visit = town.visit(folk.mother, hospital, *EXAMPLE_BILL)
    return town.settled(town.settle_visit(folk.mother, hospital, *visit, use="2")).shared


def told_to(town: Town, person: int) -> list[tuple[str, dict[str, object]]]:
    """Kind and facts of a person's messages, newest first."""
    with town.database.transaction() as connection:
        return [(one.kind, one.facts) for one in messages_of(connection, person, 100)]


def test_a_sharer_is_told_once_of_what_her_account_paid_and_of_what_came_back(folk: Folk) -> None:
    town = folk.town
    pharmacy = town.institution("P21120200003")
    shared = pay(folk)
    bought = town.settled(town.purchase(folk.mother, pharmacy, ("C-A", 1, "68.50"), use="2"))
    town.settled(town.reversal(bought, pharmacy))
    assert told_to(town, folk.daughter) == [], "the desk writes no message"

    assert tell_sharers(town.database, town.clock.now()) == 3
    assert tell_sharers(town.database, town.clock.now()) == 0

    told = told_to(town, folk.daughter)
    assert [(kind, facts["amount"]) for kind, facts in told] == [
        ("money.returned", 68_50),
        ("money.used", 68_50),
        ("money.used", shared),
    ]
    assert shared > 0
    assert told_to(town, folk.mother) == [], "what she was treated for is her own"


def test_nothing_is_told_twice_when_the_marks_are_lost(folk: Folk) -> None:
    pay(folk)
    tell_sharers(folk.town.database, folk.town.clock.now())
    with folk.town.database.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM told_through")

    assert tell_sharers(folk.town.database, folk.town.clock.now()) == 0
    assert len(told_to(folk.town, folk.daughter)) == 1


def test_messages_and_marks_come_together_or_not_at_all(folk: Folk) -> None:
    pay(folk)
    with folk.town.database.transaction() as connection:
        connection.exec_driver_sql("ALTER TABLE told_through ADD CONSTRAINT full_disk CHECK (block < 0) NOT VALID")
    with pytest.raises(sa.exc.IntegrityError):
        tell_sharers(folk.town.database, folk.town.clock.now())
    assert told_to(folk.town, folk.daughter) == []
    with folk.town.database.transaction() as connection:
        connection.exec_driver_sql("ALTER TABLE told_through DROP CONSTRAINT full_disk")

    assert tell_sharers(folk.town.database, folk.town.clock.now()) == 1


def test_both_sides_are_told_when_a_sharing_changes_and_not_of_what_was_refused(folk: Folk) -> None:
    town = folk.town
    with town.database.transaction() as connection:
        family.pause(connection, folk.under, person_id=folk.daughter, actor="citizen", at=town.clock.now())
    assert told_to(town, folk.daughter) == [("family.paused.sharer", {"authorisation": folk.under})]
    assert told_to(town, folk.mother) == [("family.paused.user", {"authorisation": folk.under})]

    with town.database.engine.connect() as connection:
        family.resume(connection, folk.under, person_id=folk.daughter, actor="citizen", at=town.clock.now())
        connection.rollback()
    assert len(told_to(town, folk.mother)) == 1, "what did not happen is not told"


def test_another_page_of_evidence_is_no_news() -> None:
    review = AuthorisationState.UNDER_REVIEW
    assert len(messages_of_event(1, 2, 3, review, None, AuthorisationState.SUBMITTED)) == 2
    assert messages_of_event(1, 2, 3, review, None, review) == []
    assert len(messages_of_event(1, 2, 3, review, "limits", review)) == 2


def test_she_reads_them_on_her_phone_and_each_leads_to_what_it_tells_of(folk: Folk, pages: Pages) -> None:
    shared = pay(folk)
    tell_sharers(folk.town.database, folk.town.clock.now())
    phone = pages.phone(folk.daughter)

    assert "消息（1 条没看过）" in phone.open("/c/")
    listed = phone.open("/c/messages")
    amount = f"¥{shared // 100:,}.{shared % 100:02d}"
    assert f"您的账户替母亲 **兰在铁岭市中心医院付了 {amount}。" in listed
    assert "有 1 条没看过" in listed
    assert phone.last is not None
    number = phone.last.text.split('href="/c/messages/')[1].split('"')[0]
    assert amount in phone.open(f"/c/messages/{number}")
    assert "没看过" not in phone.open("/c/messages")
    with folk.town.database.transaction() as connection:
        found = message_of(connection, folk.daughter, int(number))
    assert found is not None
    assert f"我的账户付了 {amount}" in phone.open(f"/c/{found.about}")

    mother = pages.phone(folk.mother)
    mother.open(f"/c/messages/{number}")
    assert mother.status == 404, "another's message is none"
    for wrong in ("x", "0", "9" * 30, "１"):
        phone.open(f"/c/messages/{wrong}")
        assert phone.status == 404
    phone.open("/c/messages?before=x")
    assert phone.status == 422


def test_all_are_marked_as_read_at_once_and_older_ones_are_paged(folk: Folk, pages: Pages) -> None:
    with folk.town.database.transaction() as connection:
        tell(connection, [Message(folk.mother, "dispute.answered", {})] * 45, at=folk.town.clock.now())
    phone = pages.phone(folk.mother)

    shown = 0
    address = "/c/messages"
    while address:
        phone.open(address)
        assert phone.last is not None
        shown += phone.last.text.count('class="entry"')
        more = phone.last.text.split('href="/c/messages?before=')[1:]
        address = f"/c/messages?before={more[0].split(chr(34))[0]}" if more else ""
    assert shown == 45
    assert "没看过" not in phone.send("/c/messages")
    with folk.town.database.transaction() as connection:
        assert ask(connection, unread_question(folk.mother)) == 0


def choose_phone(pages: Pages, person: int, **fields: object) -> str:
    """Set the phone up through the pages; gives the words of the last."""
    phone = pages.phone(person)
    phone.send("/c/messages/choices", phone="13800001234", topics=list(TOPICS), **fields)
    assert phone.path == "/c/messages/phone"
    town = pages.town
    send = text_sender(pages.platform, httpx.Client(trust_env=False, timeout=60))
    assert send is not None
    send_waiting(town.database, town.vault, send, at=town.clock.now())
    with town.database.transaction() as connection:
        _, to, text = logged_texts(connection, town.vault)[0]
    assert to == "13800001234"
    wrong = phone.send("/c/messages/phone", code="x")
    assert "验证码不对" in wrong
    return phone.send("/c/messages/phone", code=text.split("验证码 ")[1][:6])


def carry(pages: Pages, client: httpx.Client | None = None) -> Round:
    """One round of the loop."""
    with client or httpx.Client(trust_env=False, timeout=60) as calls:
        return carry_messages(pages.platform, calls, text_sender(pages.platform, calls))


def texts(town: Town) -> list[str]:
    """What went to phones, newest first."""
    with town.database.transaction() as connection:
        return [text for _, _, text in logged_texts(connection, town.vault)]


def test_a_confirmed_phone_gets_texts_but_not_at_night(folk: Folk, pages: Pages) -> None:
    town = folk.town
    assert "已经保存" in choose_phone(pages, folk.daughter, quiet="yes")
    pay(folk)
    assert carry(pages).sent == 1
    assert texts(town)[0].startswith("【共济】您的账户替母亲 **兰在铁岭市中心医院付了 ¥")

    town.clock.set(datetime(2024, 6, 12, 23, 15, tzinfo=CHINA))
    pay(folk)
    assert carry(pages).sent == 0
    town.clock.set(datetime(2024, 6, 13, 6, 0, tzinfo=CHINA))
    assert carry(pages).sent == 1
    assert carry(pages) == Round(0, 0, 0)


def test_only_chosen_topics_come_and_none_without_a_number(folk: Folk, pages: Pages) -> None:
    town = folk.town
    choose_phone(pages, folk.daughter)
    with town.database.transaction() as connection:
        choose(connection, folk.daughter, ["family"], quiet=False, language="en", at=town.clock.now())
    pay(folk)
    assert carry(pages) == Round(1, 0, 0)
    with town.database.transaction() as connection:
        family.pause(connection, folk.under, person_id=folk.daughter, actor="citizen", at=town.clock.now())
    assert carry(pages).sent == 1
    assert texts(town)[0] == "[Gongji] Your sharing with mother **兰 is paused."

    phone = pages.phone(folk.daughter)
    phone.send("/c/messages/choices", phone="", topics=list(TOPICS))
    with town.database.transaction() as connection:
        family.resume(connection, folk.under, person_id=folk.daughter, actor="citizen", at=town.clock.now())
    assert carry(pages) == Round(0, 0, 0)
    assert "手机号不对" in phone.send("/c/messages/choices", phone="12")
    assert phone.status == 422


def test_without_a_network_of_texts_none_are_offered(folk: Folk) -> None:
    with serving_pages(folk.town, sms_url=None) as pages:
        phone = pages.phone(folk.mother)
        assert "短信提醒" not in phone.open("/c/messages")
        phone.open("/c/messages/choices")
        assert phone.status == 404


def test_a_helper_reads_an_elders_messages_and_cannot_send_them_elsewhere(folk: Folk, pages: Pages) -> None:
    town = folk.town
    with town.database.transaction() as connection:
        until = town.clock.now().date() + timedelta(days=7)
        names = {"elder_id": folk.mother, "helper_id": folk.daughter, "given_by": "elder"}
        one = mandates.give(connection, scope=Scope.ACT, until=until, at=town.clock.now(), **names)
    phone = pages.phone(folk.daughter)
    phone.send(f"/c/help/{one.id}/begin")
    assert "消息" in phone.open("/c/messages")
    assert phone.status == 200
    assert "只能由本人登录办理" in phone.send("/c/messages/choices", phone="13800001234")
    assert phone.status == 403


def test_night_is_from_ten_to_six() -> None:
    def at(hour: int, minute: int) -> datetime:
        return datetime(2024, 6, 12, hour, minute, tzinfo=CHINA)

    assert calm(at(21, 59)) == at(21, 59)
    assert calm(at(22, 0)) == at(6, 0) + timedelta(days=1)
    assert calm(at(5, 59)) == at(6, 0)
    assert calm(at(6, 0)) == at(6, 0)


@dataclass
class Program:
    """A program that is called; `answers` are the statuses of its next answers, 200 when there are none."""

    address: str
    answers: list[int] = field(default_factory=list)
    calls: list[tuple[str, bytes]] = field(default_factory=list)


@pytest.fixture
def program() -> Iterator[Program]:
    """It listens on this machine."""
    made = Program("")

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.calls.append((self.headers[SIGNATURE], body))
            self.send_response(made.answers.pop(0) if made.answers else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.address = f"http://127.0.0.1:{server.server_port}/told"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()


def subscribe(town: Town, program: Program) -> None:
    """It wants to be told of money."""
    with town.database.transaction() as connection:
        connection.execute(
            message_subscriber.insert().values(
                name="bank",
                address=program.address,
                secret_sealed=town.vault.seal("s3cret"),
                topics=["money"],
                since=town.clock.now(),
            )
        )


def test_a_program_is_called_with_a_signature_and_without_names_or_numbers(
    folk: Folk, pages: Pages, program: Program
) -> None:
    subscribe(folk.town, program)
    shared = pay(folk)

    assert carry(pages).sent == 1

    ((signed, body),) = program.calls
    seconds = signed.split(",")[0].removeprefix("t=")
    proof = hmac.new(b"s3cret", f"{seconds}.".encode() + body, "sha256").hexdigest()
    assert signed == f"t={seconds},v1={proof}"
    said = json.loads(body)
    assert said["kind"] == "money.used"
    assert said["facts"] == {"amount": shared, "authorisation": folk.under, "institution": "H21120200001"}
    for hidden in (pages.number(folk.daughter), pages.number(folk.mother), "王", "李"):
        assert hidden not in body.decode()


def test_a_program_that_is_down_is_called_again_for_three_days_and_by_hand_after_that(
    folk: Folk, pages: Pages, program: Program
) -> None:
    town = folk.town
    subscribe(town, program)
    pay(folk)
    program.answers = [500] * 1000
    began = town.clock.now()
    pauses = []
    while True:
        carry(pages)
        with town.database.transaction() as connection:
            due = connection.execute(sa.select(message_delivery.c.due_at)).scalar_one()
        if due is None:
            break
        pauses.append(due - town.clock.now())
        town.clock.set(due.astimezone(CHINA))
    assert pauses[:3] == [timedelta(minutes=1), timedelta(minutes=2), timedelta(minutes=4)]
    assert pauses == sorted(pauses)
    assert TRIED_FOR - timedelta(hours=6) < town.clock.now() - began <= TRIED_FOR
    with town.database.transaction() as connection:
        (given_up,) = failed(connection)
        assert given_up.problem == "HTTP 500"
        assert given_up.attempts == len(program.calls) == len(pauses) + 1
        program.answers = []
        assert resend(connection, town.clock.now(), by="0212") == 1
    assert carry(pages).sent == 1


def test_a_program_that_says_it_is_gone_is_not_called_again(folk: Folk, pages: Pages, program: Program) -> None:
    """410 Gone: the delivery is given up at once, the subscription ends, the next message is not even addressed to it."""
    town = folk.town
    subscribe(town, program)
    pay(folk)
    program.answers = [410]
    assert carry(pages).failed == 1
    with town.database.transaction() as connection:
        (given_up,) = failed(connection)
        assert given_up.problem == "HTTP 410: the program is gone"
        assert connection.execute(sa.select(message_subscriber.c.ended_at)).scalar_one() is not None
    town.clock.advance(timedelta(minutes=5))
    pay(folk)
    assert carry(pages).sent == 0
    assert len(program.calls) == 1


KILLED = """
import os, signal, sys
from gongji.entrances.messaging.loop import carry_messages
from gongji.entrances.platform import Platform
from gongji.foundation.clock import MovableClock
from gongji.foundation.database import Database
from gongji.foundation.personal import Vault
from gongji.foundation.settings import Settings
from gongji.rules.book import RuleBook
from datetime import datetime
import httpx
url, secret, at, when, out = sys.argv[1:]
def send(phone, text):
    if when == "before":
        os.kill(os.getpid(), signal.SIGKILL)
    with open(out, "a") as file:
        file.write(text + "\\n")
        file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
platform = Platform(Settings(), Database(url), Vault(bytes.fromhex(secret)), MovableClock(datetime.fromisoformat(at)), RuleBook.of_files([]))
carry_messages(platform, httpx.Client(trust_env=False, timeout=60), send)
"""


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_process_that_is_killed_over_a_message_leaves_it_to_be_sent(
    folk: Folk, pages: Pages, tmp_path: Path, when: str
) -> None:
    town = folk.town
    choose_phone(pages, folk.daughter)
    pay(folk)
    out = tmp_path / "sent"
    arguments = [town.database.url, ("07" * 32), town.clock.now().isoformat(), when, str(out)]
    died = subprocess.run([sys.executable, "-c", KILLED, *arguments], capture_output=True, text=True, check=False)
    assert died.returncode == -signal.SIGKILL, died.stderr
    assert out.exists() == (when == "after")

    assert carry(pages).sent == 0, "whoever was killed has it for two minutes"
    town.clock.advance(timedelta(minutes=2))
    assert carry(pages).sent == 1
    assert "您的账户替母亲 **兰" in texts(town)[0]
    with town.database.transaction() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(inbox_message)).scalar_one() == 1


#: What is told of allotted money, to both sides.
POT_WORDS = ("allotted", "allotted_all", "taken_back", "taken_back_all", "unused")


@pytest.mark.parametrize("language", Language)
def test_whatever_is_told_has_its_sentence_in_both_languages(language: Language) -> None:
    reasons = (None, "limits", "purposes", "kept", "order")
    told = {
        one.kind
        for state in AuthorisationState
        for reason in reasons
        for one in messages_of_event(1, 2, 3, state, reason)
    }
    premiums = {f"premium.{state}.sharer" for state in OrderState if state is not OrderState.PLACING}
    money = {f"money.{what}{place}" for what in ("used", "returned", "held", "released") for place in ("", ".at")}
    wallets = {f"wallet.{state}.sender" for state in ("accepted", "declined", "returned")}
    wallets |= {"wallet.pending.receiver", "wallet.returned.receiver"}
    of_giver = ("accepted", "used", "returned", "declined", "by_user", "insurance", "death")
    of_user = ("proposed", "given", "changed", "withdrawn", "by_giver", "insurance", "death")
    wallets |= {f"wallet.quota.{what}.sender" for what in of_giver}
    wallets |= {f"wallet.quota.{what}.receiver" for what in of_user}
    told |= {"money.frozen", "money.freed", "money.asked", "money.explained", "family.assisted"}
    told |= {f"family.reminder.{what}" for what in ("bind", "enrolled", "unbind", "unbound", "unbind_refused")}
    told.add("wallet.reminder.send")
    told |= {f"filing.{what}" for what in ("granted", "refused", "withdrawn", "ended")}
    told |= {f"claim.{step}" for step in CLAIM_STEPS}
    told |= {f"family.{word}.{side}" for word in POT_WORDS for side in ("sharer", "user")} | {"money.pot_year_end"}
    told |= {"family.pot_year_end.user", "family.pot_year_end_all.user"}
    said = {*told, *wallets, *premiums, *money, "premium.booked.user", "premium.sent_back.user", "dispute.answered"}
    words = {key.removeprefix("message.") for key in wording.catalogue(language) if key.startswith("message.")}
    assert said == {word for word in words if word.split(".")[0] in TOPICS}
    assert {f"topic.{topic}" for topic in TOPICS} <= words
