"""What an institution's system may do to the door: how deep, how often, how slowly; each told in the interface's form."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator

import pytest
from counter_window import Window, signed

from gongji.entrances.national.gateway import NationalGateway
from gongji.entrances.national.pace import Pace
from gongji.entrances.platform import Platform
from gongji.entrances.posts import PostsProtocol
from gongji.entrances.server import serving
from gongji.foundation.errors import Busy
from gongji.foundation.settings import Settings
from gongji.rules.book import RuleBook
from town import Town

SIGN_IN = {"signIn": {"opter_no": "0053", "mac": "1", "ip": "1"}}


class Impatient(PostsProtocol):
    """Waits half a second for a head of at most 4 kB."""

    head_seconds = 0.5
    head_bytes = 4096


@pytest.fixture
def strict(town: Town) -> Iterator[Platform]:
    """A platform that waits a second for a body and takes two messages a second."""
    settings = Settings(body_seconds=1, institution_rate=2)
    made = Platform(settings, town.database, town.vault, town.clock, RuleBook.shipped())
    yield made
    made.close()


@pytest.fixture
def port(strict: Platform) -> Iterator[int]:
    """Where it listens."""
    with serving(NationalGateway(strict), "127.0.0.1", 0, http=Impatient) as address:
        yield int(address.rpartition(":")[2])


def everything(connection: socket.socket) -> bytes:
    """What comes until the server closes."""
    connection.settimeout(20)
    came = b""
    while chunk := connection.recv(65536):
        came += chunk
    return came


def test_a_head_that_comes_byte_by_byte_is_cut_off(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as slow:
        stop = threading.Event()

        def drip() -> None:
            for byte in b"POST /fsi/callService HTTP/1.1\r\nhost: x\r\nx-tif-paasid: " + b"a" * 100:
                try:
                    slow.send(bytes([byte]))
                except OSError:
                    return
                if stop.wait(0.1):
                    return

        threading.Thread(target=drip, daemon=True).start()
        answer = everything(slow)
        stop.set()
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["infcode"] == -1


def test_a_client_that_says_nothing_is_cut_off_and_an_endless_head_refused(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as silent:
        assert everything(silent).startswith(b"HTTP/1.1 408 ")
    with socket.create_connection(("127.0.0.1", port)) as endless:
        endless.sendall(b"POST / HTTP/1.1\r\n" + b"x-a: b\r\n" * 1000)
        assert everything(endless).startswith(b"HTTP/1.1 431 ")


def test_a_body_that_does_not_come_is_told_so_and_the_connection_closed(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as slow:
        slow.sendall(b"POST /fsi HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{")
        head, _, body = everything(slow).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 ")
    assert b"connection: close" in head.lower()
    told = json.loads(body)
    assert (told["infcode"], told["err_msg"]) == (-1, "1 秒内没有收到完整报文，请重新发送[envelope.too_slow]")


def test_a_later_request_of_a_connection_has_its_own_deadline(port: int, hospital: Window) -> None:
    """Two messages over one connection, then a third head that stops in the middle."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        for number in range(2):
            body = json.dumps(hospital.message("9001", SIGN_IN)).encode()
            headers = signed(hospital.town, f"paas-{hospital.code}", nonce=f"k{number}")
            lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            connection.sendall(
                f"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n{lines}\r\n".encode() + body
            )
            came = b""
            while b"\r\n\r\n{" not in came or not came.endswith(b"}"):
                came += connection.recv(65536)
            assert b'"infcode":0' in came
        connection.sendall(b"POST / HTTP/1.1\r\nhos")
        assert everything(connection).startswith(b"HTTP/1.1 408 ")


def test_too_many_messages_a_second_are_told_to_wait(port: int, hospital: Window) -> None:
    """A burst of two, then no more; nobody else suffers from it (see the next test)."""
    answers = []
    for number in range(4):
        with socket.create_connection(("127.0.0.1", port)) as connection:
            body = json.dumps(hospital.message("9001", SIGN_IN)).encode()
            headers = signed(hospital.town, f"paas-{hospital.code}", nonce=f"r{number}") | {"connection": "close"}
            lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
            connection.sendall(
                f"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n{lines}\r\n".encode() + body
            )
            answers.append(json.loads(everything(connection).partition(b"\r\n\r\n")[2]))
    assert [answer["infcode"] for answer in answers[:2]] == [0, 0]
    refused = [answer["err_msg"] for answer in answers if answer["infcode"] == -1]
    assert all(said.endswith("[access.rate]") for said in refused)


def test_each_institution_has_its_own_pace_and_workers_share_it() -> None:
    """Four a second over two workers: this one lets a burst of four through, then two a second."""
    now = 0.0
    pace = Pace(4, 2, lambda: now)
    for _ in range(4):
        pace.take(1)
    with pytest.raises(Busy) as refusal:
        pace.take(1)
    assert refusal.value.code == "access.rate"
    pace.take(2)
    now = 0.5
    pace.take(1)
    with pytest.raises(Busy):
        pace.take(1)
    Pace(0, 1).take(1)


@pytest.mark.parametrize(("levels", "code"), [(20, None), (40, "envelope.too_deep"), (900, "envelope.too_deep")])
def test_a_message_is_no_deeper_than_it_need_be(hospital: Window, levels: int, code: str | None) -> None:
    deep: object = "x"
    for _ in range(levels):
        deep = {"a": deep}
    answer = hospital.send("9001", SIGN_IN | {"exp_content": deep})
    assert answer["infcode"] == (0 if code is None else -1)
    if code is not None:
        assert answer["err_msg"].endswith(f"[{code}]")


def test_rows_beyond_the_limit_are_refused(hospital: Window) -> None:
    rows = [{"feedetl_sn": str(number)} for number in range(5001)]
    assert "5000 行" in hospital.refused("2204", {"feedetail": rows})
