"""Sekisho, Envoy and two siblings as processes and threads of their own."""

import contextlib
import http.client
import http.server
import json
import os
import pathlib
import random
import re
import socket
import subprocess
import tempfile
import threading
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = os.environ["SEKISHO_BINARY"]
HOST = "127.0.0.1"
TRANSCODED = "transcoded.example.com"
PASSWORD = "correct horse battery staple"
POLICY = ROOT / "deploy/kubernetes/components/ext-authz/policy.toml"


def free_port():
    """Below the ports of outgoing connections: one of those, asked too early, can reach itself."""
    while True:
        port = random.randrange(22_000, 32_000)
        with contextlib.suppress(OSError), socket.socket() as taken:
            taken.bind((HOST, port))
            return port


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self):
        return json.loads(self.body)


def ask(port, method, path, host=HOST, headers=None, body=None, source=HOST):
    """A request of HTTP/1.1. A body that is no text goes as JSON."""
    connection = http.client.HTTPConnection(HOST, port, timeout=30, source_address=(source, 0))
    sent = {"host": host} | (headers or {})
    if isinstance(body, dict):
        body = json.dumps(body)
        sent.setdefault("content-type", "application/json")
    with contextlib.closing(connection):
        connection.request(method, path, body=body, headers=sent)
        answer = connection.getresponse()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())


class Echo(http.server.BaseHTTPRequestHandler):
    """A sibling: says what has reached it."""

    protocol_version = "HTTP/1.1"

    def answer(self):
        body = json.dumps({"path": self.path, "headers": {k.lower(): v for k, v in self.headers.items()}}).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST = answer

    def log_message(self, *_):
        pass


def sibling(stack):
    server = http.server.ThreadingHTTPServer((HOST, 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    stack.callback(server.server_close)
    stack.callback(server.shutdown)
    return server.server_address[1]


def process(stack, command, **more):
    """Ends with the world."""
    child = subprocess.Popen(command, text=True, **more)
    stack.callback(child.wait)
    stack.callback(child.terminate)
    return child


def sekisho(stack, folder, **changed):
    """`sekisho dev`, for its mailbox, with the names of the configuration."""
    settings = {
        "SEKISHO_LISTEN": f"{HOST}:0",
        "SEKISHO_OPS_LISTEN": f"{HOST}:0",
        "SEKISHO_BCRYPT_COST": "4",
        "SEKISHO_ISSUER": "https://auth.example.com",
        "SEKISHO_AUDIENCE": "example",
        "SEKISHO_TRUSTED_PROXIES": HOST,
    }
    log = stack.enter_context(open(folder / "sekisho.log", "w"))
    child = process(stack, [BINARY, "dev"], cwd=folder, env=settings | changed, stdout=subprocess.PIPE, stderr=log)
    stack.callback(child.stdout.close)
    ready = json.loads(child.stdout.readline())
    return {name: int(ready[name].rsplit(":", 1)[1]) for name in ("listen", "ops")}


def replaced(text, old, new):
    assert text.count(old) == 1, f"{old} stands {text.count(old)} times in envoy.yaml"
    return text.replace(old, new)


def configuration(folder, ports):
    """The file as it is, but for where everybody is on this machine."""
    text = (ROOT / "deploy/envoy/envoy.yaml").read_text()
    text = replaced(text, "address: 0.0.0.0, port_value: 8000", f"address: {HOST}, port_value: {ports['public']}")
    text = replaced(text, "address: 0.0.0.0, port_value: 9902", f"address: {HOST}, port_value: {ports['operations']}")
    assert text.count("address: 127.0.0.1, port_value: 9901") == 2
    text = text.replace("port_value: 9901", f"port_value: {ports['admin']}")
    for name, place in [
        ("sekisho-headless, port_value: 8080", "sekisho"),
        ("sekisho-headless, port_value: 9001", "authz"),
        ("orders, port_value: 8080", "orders"),
        ("stock, port_value: 8080", "stock"),
    ]:
        text = replaced(text, f"address: {name}", f"address: {HOST}, port_value: {ports[place]}")
    descriptors = folder / "sekisho.binpb"
    subprocess.run([BINARY, "descriptors", descriptors], check=True)
    text = replaced(text, "proto_descriptor: /etc/envoy/sekisho.binpb", f"proto_descriptor: {descriptors}")
    file = folder / "envoy.yaml"
    file.write_text(text)
    return file


class World:
    """Everything that a test asks. Ends with `close`."""

    def __init__(self, **changed):
        self.stack = contextlib.ExitStack()
        try:
            self.start(**changed)
        except BaseException:
            self.close()
            raise

    def start(self, **changed):
        self.folder = pathlib.Path(self.stack.enter_context(tempfile.TemporaryDirectory()))
        ports = {name: free_port() for name in ("public", "operations", "admin", "authz")}
        changed |= {"SEKISHO_AUTHZ_LISTEN": f"{HOST}:{ports['authz']}", "SEKISHO_AUTHZ_POLICY": str(POLICY)}
        own = sekisho(self.stack, self.folder, **changed)
        self.sekisho, self.ops = own["listen"], own["ops"]
        ports |= {"sekisho": self.sekisho, "orders": sibling(self.stack), "stock": sibling(self.stack)}
        self.ports, self.envoy = ports, ports["public"]
        self.log = self.folder / "envoy.log"
        command = ["envoy", "-c", configuration(self.folder, ports), "--disable-hot-restart", "--concurrency", "1"]
        output = self.stack.enter_context(open(self.log, "w"))
        self.child = process(self.stack, command, stdout=output, stderr=subprocess.STDOUT)
        self.await_ready()

    def await_ready(self):
        while self.child.poll() is None:
            with contextlib.suppress(OSError):
                if ask(self.ports["operations"], "GET", "/ready").status == 200 and self.is_healthy():
                    return
            time.sleep(0.05)
        raise AssertionError(self.log.read_text())

    def is_healthy(self):
        """Whether Envoy's own health checks have found Sekisho, and its keys were fetched."""
        stats = ask(self.ports["operations"], "GET", "/stats/prometheus").body.decode()
        healthy = re.search(r'cluster_membership_healthy\{envoy_cluster_name="sekisho"\} (\d+)', stats)
        fetched = re.search(r"jwt_authn_jwks_fetch_success\{[^}]*\} (\d+)", stats)
        return bool(healthy and fetched) and int(healthy.group(1)) > 0 and int(fetched.group(1)) > 0

    def close(self):
        self.stack.close()

    def code(self, address):
        mails = ask(self.ops, "GET", f"/dev/mailbox?to={urllib.parse.quote(address)}").json
        return mails[0]["code"]

    def rest(self, method, path, host="auth.example.com", bearer=None, body=None, headers=None, source=HOST):
        """Through Envoy."""
        headers = dict(headers or {})
        if bearer:
            headers["authorization"] = f"Bearer {bearer}"
        return ask(self.envoy, method, path, host, headers, body, source)

    def direct(self, method, path, bearer=None, body=None):
        headers = {"authorization": f"Bearer {bearer}"} if bearer else {}
        return ask(self.sekisho, method, path, "auth.example.com", headers, body)

    def sign_up(self, address, host="auth.example.com"):
        """The tokens of somebody new."""
        who = {"email": address, "client_id": "laptop"}
        begun = self.rest("POST", "/api/v1/auth/signup/send-code", host, body=who | {"password": PASSWORD})
        assert begun.status == 200, begun.body
        done = self.rest("POST", "/api/v1/auth/signup/verify-code", host, body=who | {"code": self.code(address)})
        assert done.status in (200, 201), done.body
        return done.json
