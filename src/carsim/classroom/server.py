"""The server of `carsim lab`: a page and its parts from memory, on loopback and a free port.

It simulates nothing, reads no file and writes none: the page computes in the browser. What it answers is a fixed table
of routes. A request is refused before its body is read where its Host is not this server's (a foreign name made to
resolve here), where it comes from another site, or where the body is too long. Beyond loopback every route lies
below a secret word that is part of the address, so that only those who were given the address reach the page.
"""

from __future__ import annotations

import hmac
import ipaddress
import json
import secrets
import socket
import threading
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import urlsplit

from carsim.classroom.assemble import Parts, linked
from carsim.classroom.settings import Value, scenario_text
from carsim.errors import ScenarioError

Request = socket.socket | tuple[bytes, socket.socket]

LOOPBACK = "127.0.0.1"
BODY_LIMIT = 64 * 1024  # bytes
CONNECTIONS = 32  # at one time; a class of forty loads the page once each
PATIENCE = 10.0  # seconds for a client to say what it wants
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; worker-src 'self'; connect-src 'self'; "
    "img-src 'self' blob: data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
SCENARIO = "scenario"  # the one route that takes a body: settings, answered by a scenario for `carsim run`


@dataclass(frozen=True)
class Answer:
    """What is sent: status, media type, text."""

    status: HTTPStatus
    text: str
    kind: str = "text/plain"


def routes(page: Parts) -> dict[str, Answer]:
    """What can be read, by its name in the address."""
    return {
        "": Answer(HTTPStatus.OK, linked(page.document), "text/html"),
        "style.css": Answer(HTTPStatus.OK, page.style, "text/css"),
        "model.js": Answer(HTTPStatus.OK, page.model, "text/javascript"),
        "page.js": Answer(HTTPStatus.OK, page.script, "text/javascript"),
    }


class Server(ThreadingHTTPServer):
    """Serves a page until it is shut down; `address` is where. Raises OSError where host and port cannot be had."""

    daemon_threads = True

    def __init__(self, page: Parts, host: str = LOOPBACK, port: int = 0) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.readable = routes(page)
        self.token = "" if is_loopback(host) else secrets.token_urlsafe(16)
        self.free = threading.BoundedSemaphore(CONNECTIONS)
        super().__init__((host, port), Handler)

    @property
    def address(self) -> str:
        """The address of the page, with its secret word where it has one."""
        host = str(self.server_address[0])
        shown = socket.gethostname() if host in ("0.0.0.0", "::") else host
        name = f"[{shown}]" if ":" in shown else shown
        return f"http://{name}:{self.server_port}/{self.token and self.token + '/'}"

    def process_request(self, request: Request, client_address: Any) -> None:
        """Answer in a thread of its own, or close at once where too many are open."""
        if self.free.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Request, client_address: Any) -> None:
        """Answer, then make room for another."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.free.release()

    def knows(self, host: str) -> bool:
        """Whether a Host header names this server: loopback by its names; else any address, or this machine's name."""
        try:
            name = urlsplit(f"//{host}")
            port = name.port or 80
        except ValueError:  # no host and port at all
            return False
        if port != self.server_port or not name.hostname:
            return False
        if not self.token:
            return name.hostname in {LOOPBACK, "localhost", "::1", str(self.server_address[0])}
        return _is_address(name.hostname) or name.hostname.lower() in {"localhost", socket.gethostname().lower()}


def is_loopback(host: str) -> bool:
    """Whether a host to listen on is reached from this machine only."""
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


class Handler(BaseHTTPRequestHandler):
    """One request: refused, or answered from the table of routes."""

    server: Server
    timeout: ClassVar[float] = PATIENCE
    server_version, sys_version = "carsim", ""

    def do_GET(self) -> None:
        """A part of the page."""
        self._send(self._refusal() or self._read())

    def do_POST(self) -> None:
        """A scenario from settings."""
        self._send(self._refusal() or self._scenario())

    def _refusal(self) -> Answer | None:
        """Why a request is not looked at further, judged by its first lines alone."""
        if not self.server.knows(self.headers.get("Host", "")):
            return Answer(HTTPStatus.MISDIRECTED_REQUEST, "This server does not go by that name.")
        origin = self.headers.get("Origin")
        if origin is not None and origin != f"http://{self.headers['Host']}":
            return Answer(HTTPStatus.FORBIDDEN, "Requests from other sites are refused.")
        if self.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
            return Answer(HTTPStatus.FORBIDDEN, "Requests from other sites are refused.")
        return None

    def _route(self) -> str | None:
        """The name asked for, or None where the secret word is not the right one."""
        path = self.path.partition("?")[0].removeprefix("/")
        if not self.server.token:
            return path
        word, slash, name = path.partition("/")
        right = hmac.compare_digest(word.encode(), self.server.token.encode())
        return name if right and slash else None

    def _read(self) -> Answer:
        name = self._route()
        if name == SCENARIO:
            return Answer(HTTPStatus.METHOD_NOT_ALLOWED, "Settings are sent here; nothing is read.")
        found = None if name is None else self.server.readable.get(name)
        return found or Answer(HTTPStatus.NOT_FOUND, "There is nothing here.")

    def _scenario(self) -> Answer:
        name = self._route()
        if name in self.server.readable:
            return Answer(HTTPStatus.METHOD_NOT_ALLOWED, "This can only be read.")
        if name != SCENARIO:
            return Answer(HTTPStatus.NOT_FOUND, "There is nothing here.")
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            return Answer(HTTPStatus.LENGTH_REQUIRED, "A request with a body must say how long it is.")
        if int(length) > BODY_LIMIT:
            return Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"A body of at most {BODY_LIMIT} bytes is read.")
        if self.headers.get_content_type() != "application/json":
            return Answer(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Settings are sent as application/json.")
        return scenario_of(self.rfile.read(int(length)))

    def _send(self, answer: Answer) -> None:
        body = answer.text.encode()
        self.send_response(answer.status)
        for name, value in HEADERS.items():
            self.send_header(name, value)
        self.send_header("Content-Type", f"{answer.kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")  # a body that was refused is not read as the next request
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Nothing: who looks at the page is nobody's business."""


def scenario_of(body: bytes) -> Answer:
    """The scenario that a JSON object of settings means, or what is wrong with it."""
    try:
        sent = json.loads(body)
    except (ValueError, RecursionError):
        return Answer(HTTPStatus.BAD_REQUEST, "The body is no JSON.")
    if not isinstance(sent, dict) or not all(isinstance(value, str | int | float) for value in sent.values()):
        return Answer(HTTPStatus.BAD_REQUEST, "Settings are an object of names with a number or a word each.")
    settings: dict[str, Value] = {name: value for name, value in sent.items() if name != "preset"}
    try:
        text = scenario_text(settings, str(sent.get("preset", "")))
    except ScenarioError as error:
        return Answer(HTTPStatus.BAD_REQUEST, str(error))
    return Answer(HTTPStatus.OK, text, "application/yaml")
