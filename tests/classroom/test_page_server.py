"""The server of the classroom: what it answers, and what it refuses before it reads it."""

from __future__ import annotations

import http.client
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from carsim.classroom.assemble import Parts
from carsim.classroom.server import BODY_LIMIT, POLICY, Server, is_loopback
from carsim.classroom.settings import defaults

PAGE = Parts("<!doctype html><!--policy--><!--style--><!--script-->", "p{}", "var CarsimModel", "start()")


@pytest.fixture
def server() -> Iterator[Server]:
    with _running(Server(PAGE)) as running:
        yield running


@contextmanager
def _running(server: Server) -> Iterator[Server]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def ask(
    server: Server, path: str, method: str = "GET", body: bytes | None = None, **headers: str
) -> tuple[int, str, dict[str, str]]:
    """Status, text and headers of an answer; header names are written with underscores."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=5)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, sent)
    answer = connection.getresponse()
    found = answer.status, answer.read().decode(), {name.lower(): value for name, value in answer.getheaders()}
    connection.close()
    return found


def test_the_page_and_its_parts_are_served_with_a_policy_without_inline_scripts(server: Server) -> None:
    texts = {path: ask(server, path) for path in ("/", "/style.css", "/model.js", "/page.js")}
    assert {status for status, _, _ in texts.values()} == {200}
    assert 'src="model.js"' in texts["/"][1]
    assert "<style>" not in texts["/"][1]
    assert texts["/model.js"][1] == PAGE.model
    for _, _, headers in texts.values():
        assert headers["content-security-policy"] == POLICY
        assert "unsafe" not in POLICY
        assert headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path", ["/style.css/", "/../settings.py", "/%2e%2e/server.py", "/page/index.html", "/scenarios"]
)
def test_a_route_that_is_not_in_the_table_is_not_found(server: Server, path: str) -> None:
    assert ask(server, path)[0] == 404


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:{port}", "127.0.0.1:1", "localhost.evil:{port}", "", "[", "127.0.0.1:x"]
)
def test_a_foreign_host_is_refused(server: Server, host: str) -> None:
    assert ask(server, "/", Host=host.format(port=server.server_port))[0] == 421


def test_localhost_is_this_server(server: Server) -> None:
    assert ask(server, "/", Host=f"localhost:{server.server_port}")[0] == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
)
def test_a_request_from_another_site_is_refused(server: Server, headers: dict[str, str]) -> None:
    assert ask(server, "/", **headers)[0] == 403
    assert ask(server, "/scenario", "POST", b"{}", Content_Type="application/json", **headers)[0] == 403


def test_settings_come_back_as_a_scenario(server: Server) -> None:
    body = json.dumps({"preset": "cd19_negative_escape", **defaults("cd19_negative_escape")}).encode()
    own = f"http://127.0.0.1:{server.server_port}"
    status, text, headers = ask(server, "/scenario", "POST", body, Content_Type="application/json", Origin=own)
    assert (status, headers["content-type"]) == (200, "application/yaml; charset=utf-8")
    assert text.startswith("format: carsim/1\n")
    assert "fraction: 1e-07" in text


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "no JSON"),
        (b"[" * 60000, "no JSON"),
        (b"[1]", "an object"),
        (b'{"dose": [1]}', "an object"),
        (b'{"preset": "nobody"}', "nobody"),
        (b'{"preset": "eliana_child", "dose": 1e99}', "1e+99"),
    ],
)
def test_settings_that_mean_nothing_are_refused_with_the_reason(server: Server, body: bytes, said: str) -> None:
    status, text, _ = ask(server, "/scenario", "POST", body, Content_Type="application/json")
    assert status == 400
    assert said in text


def test_a_body_of_another_type_is_refused(server: Server) -> None:
    assert ask(server, "/scenario", "POST", b"{}", Content_Type="text/plain")[0] == 415


def test_an_oversized_body_is_refused_before_it_is_sent(server: Server) -> None:
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=5) as client:
        host = f"127.0.0.1:{server.server_port}"
        client.sendall(
            f"POST /scenario HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
            f"Content-Length: {BODY_LIMIT + 1}\r\n\r\n".encode()
        )
        assert b" 413 " in client.recv(200)  # although not one byte of the body has come


@pytest.mark.parametrize("length", [{}, {"Content_Length": "-1"}, {"Transfer_Encoding": "chunked"}])
def test_a_body_without_a_length_is_refused(server: Server, length: dict[str, str]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=5)
    connection.putrequest("POST", "/scenario")
    for name, value in {"Content_Type": "application/json", **length}.items():
        connection.putheader(name.replace("_", "-"), value)
    connection.endheaders()
    assert connection.getresponse().status == 411
    connection.close()


def test_each_route_has_its_method(server: Server) -> None:
    assert ask(server, "/scenario")[0] == 405
    assert ask(server, "/page.js", "POST", b"{}")[0] == 405
    assert ask(server, "/", "DELETE")[0] == 501


def test_beyond_loopback_each_route_needs_the_word_of_the_address() -> None:
    with _running(Server(PAGE, "0.0.0.0")) as server:
        assert len(server.token) >= 20
        assert server.address.endswith(f"/{server.token}/")
        assert ask(server, f"/{server.token}/")[0] == 200
        assert ask(server, f"/{server.token}/page.js")[0] == 200
        for path in ("/", "/page.js", f"/{server.token}", f"/{server.token[:-1]}x/", "/%C3%A4/"):
            assert ask(server, path)[0] == 404
        assert ask(server, f"/{server.token}/", Host=f"evil.example:{server.server_port}")[0] == 421


def test_only_loopback_goes_without_a_word() -> None:
    assert [
        host
        for host in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "192.168.1.5", "::", "school.example")
        if is_loopback(host)
    ] == ["127.0.0.1", "::1", "localhost"]
