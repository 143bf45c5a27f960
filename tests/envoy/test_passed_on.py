"""The host that goes to Sekisho as it is, and the one that Envoy transcodes."""

import json
import struct
import unittest

import grpc

from messages import Messages, names, payload
from world import PASSWORD, TRANSCODED, World

world = None


def setUpModule():
    global world
    world = World()
    unittest.addModuleCleanup(world.close)


class Sekisho(unittest.TestCase):
    """The host that goes to Sekisho as it is."""

    def test_rest_passes(self):
        tokens = world.sign_up("rest@example.com")
        profile = world.rest("GET", "/api/v1/user/profile", bearer=tokens["access_token"])
        self.assertEqual(profile.json, world.direct("GET", "/api/v1/user/profile", bearer=tokens["access_token"]).json)
        refused = world.rest("GET", "/api/v1/user/profile")
        self.assertEqual((refused.status, refused.json["error"]), (401, "unauthorized"))
        self.assertIn("www-authenticate", refused.headers)

    def test_the_caller_is_the_one_that_envoy_saw(self):
        tokens = world.sign_up("caller@example.com")
        who = {"email": "caller@example.com", "client_id": "phone", "password": PASSWORD}
        claimed = {"x-forwarded-for": "203.0.113.9", "forwarded": "for=198.51.100.1"}
        signed_in = world.rest("POST", "/api/v1/auth/login", body=who, headers=claimed, source="127.0.0.2")
        self.assertEqual(signed_in.status, 200)
        sessions = world.rest("GET", "/api/v1/auth/sessions", bearer=tokens["access_token"]).json["sessions"]
        (phone,) = [one for one in sessions if one["client_id"] == "phone"]
        self.assertEqual(phone["ip_address"], "127.0.0.2")

    def test_grpc_passes_with_its_refusals_and_streams(self):
        messages = Messages(world.folder / "sekisho.binpb")
        world.sign_up("grpc@example.com")
        options = [("grpc.default_authority", "auth.example.com")]
        with grpc.insecure_channel(f"127.0.0.1:{world.envoy}", options=options) as channel:
            login = messages.make("LoginRequest", email="grpc@example.com", password=PASSWORD, client_id="laptop")
            tokens = messages.call(channel, "AuthService/Login", login, "LoginResponse")
            self.assertEqual(tokens.user.email, "grpc@example.com")

            login.password = "wrong"
            with self.assertRaises(grpc.RpcError) as refused:
                messages.call(channel, "AuthService/Login", login, "LoginResponse")
            self.assertEqual(refused.exception.code(), grpc.StatusCode.UNAUTHENTICATED)
            details = dict(refused.exception.trailing_metadata())["grpc-status-details-bin"]
            self.assertIn(b"INVALID_CREDENTIALS", details)

            own = messages.make("IssueServiceTokenRequest", client_id="dev", client_secret="sekisho-development-only")
            service = messages.call(channel, "TokenService/IssueServiceToken", own, "IssueServiceTokenResponse")
            watch = messages.make("WatchRevocationsRequest")
            feed = messages.call(
                channel, "TokenService/WatchRevocations", watch, "WatchRevocationsResponse", service.access_token, True
            )
            self.assertTrue(next(feed).ListFields())
            logout = messages.make("LogoutRequest", refresh_token=tokens.refresh_token, client_id="laptop")
            messages.call(channel, "AuthService/Logout", logout, "LogoutResponse")
            session = json.loads(payload(tokens.access_token))["sid"].replace("-", "")
            self.assertTrue(any(names(frame, session) for frame in feed))
            feed.cancel()

    def test_grpc_web_passes(self):
        messages = Messages(world.folder / "sekisho.binpb")
        world.sign_up("web@example.com")
        login = messages.make("LoginRequest", email="web@example.com", password=PASSWORD, client_id="laptop")
        body = login.SerializeToString()
        headers = {"content-type": "application/grpc-web+proto", "x-grpc-web": "1"}
        framed = struct.pack(">BI", 0, len(body)) + body
        answer = world.rest("POST", "/sekisho.v1.AuthService/Login", body=framed, headers=headers)
        self.assertEqual((answer.status, answer.headers["content-type"]), (200, "application/grpc-web+proto"))
        (kind, size), rest = struct.unpack(">BI", answer.body[:5]), answer.body[5:]
        tokens = type(messages.make("LoginResponse")).FromString(rest[:size])
        self.assertEqual((kind, tokens.user.email), (0, "web@example.com"))
        self.assertEqual(rest[size], 0x80)
        self.assertIn(b"grpc-status:0", rest[size + 5 :])

    def test_a_path_that_could_be_read_in_two_ways_is_refused(self):
        for path in ("/api/v1/user%2fprofile", "/api%5cv1/user/profile"):
            self.assertEqual(world.rest("GET", path).status, 400, path)


class Transcoded(unittest.TestCase):
    """REST that Envoy makes of gRPC, by the descriptor set."""

    def test_login_profile_and_refresh_are_those_of_sekishos_rest(self):
        world.sign_up("ada@example.com", TRANSCODED)
        who = {"email": "ada@example.com", "client_id": "laptop", "password": PASSWORD}
        ours = world.direct("POST", "/api/v1/auth/login", body=who)
        envoys = world.rest("POST", "/api/v1/auth/login", TRANSCODED, body=who)
        self.assertEqual((ours.status, envoys.status), (200, 200))
        self.assertEqual(envoys.json.keys() - ours.json.keys(), set())
        self.assertEqual(envoys.json["user"], ours.json["user"])

        tokens = envoys.json
        profile = world.rest("GET", "/api/v1/user/profile", TRANSCODED, bearer=tokens["access_token"])
        same = world.direct("GET", "/api/v1/user/profile", bearer=tokens["access_token"])
        self.assertEqual((profile.status, profile.json), (same.status, same.json))

        again = {"refresh_token": tokens["refresh_token"], "client_id": "laptop"}
        refreshed = world.rest("POST", "/api/v1/auth/refresh", TRANSCODED, body=again)
        repeated = world.direct("POST", "/api/v1/auth/refresh", body=again)
        self.assertEqual((refreshed.status, repeated.status), (200, 200))
        # Within the grace, the same successor: both are one session.
        self.assertEqual(refreshed.json["refresh_token"], repeated.json["refresh_token"])
        self.assertEqual(refreshed.json.keys(), repeated.json.keys())

        out = world.rest("POST", "/api/v1/auth/logout", TRANSCODED, body=again)
        self.assertEqual((out.status, out.json), (200, {"message": "Signed out."}))


if __name__ == "__main__":
    unittest.main()
