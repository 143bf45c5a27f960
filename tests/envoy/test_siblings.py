"""The services beside Sekisho, and what operators see."""

import base64
import json
import os
import time
import unittest

from messages import payload
from world import World, ask

FAKETIME = os.environ["FAKETIME_LIBRARY"]
world = None


def setUpModule():
    global world
    world = World()
    unittest.addModuleCleanup(world.close)


class Orders(unittest.TestCase):
    """A sibling behind jwt_authn."""

    HOST = "orders.example.com"

    def test_a_token_gets_in_and_its_claims_with_it(self):
        tokens = world.sign_up("orders@example.com")
        forged = {"x-sekisho-subject": "root", "x-sekisho-claims": "root", "x-sekisho-client": "root"}
        seen = world.rest("GET", "/orders?page=2", self.HOST, tokens["access_token"], headers=forged)
        self.assertEqual(seen.status, 200)
        claims = json.loads(payload(tokens["access_token"]))
        headers = seen.json["headers"]
        self.assertEqual(headers["x-sekisho-subject"], claims["sub"])
        self.assertEqual(headers["x-sekisho-session"], claims["sid"])
        self.assertEqual(headers["x-sekisho-client"], "laptop")
        encoded = headers["x-sekisho-claims"]
        self.assertEqual(json.loads(base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))), claims)
        self.assertNotIn("authorization", headers)

    def test_no_token_and_a_bad_one_do_not(self):
        tokens = world.sign_up("bad@example.com")
        head, body, signature = tokens["access_token"].split(".")
        claims = json.loads(payload(tokens["access_token"])) | {"sub": "root"}
        forged = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
        unsigned = base64.urlsafe_b64encode(b'{"alg":"none","typ":"at+jwt"}').decode().rstrip("=")
        for bearer in (None, "x", f"{head}.{forged}.{signature}", f"{unsigned}.{body}."):
            refused = world.rest("GET", "/orders", self.HOST, bearer)
            self.assertEqual(refused.status, 401, bearer)
            self.assertIn("www-authenticate", refused.headers)

    def test_what_a_caller_says_of_itself_does_not_go_on(self):
        tokens = world.sign_up("forger@example.com")
        forged = {f"x-sekisho-{word}": "admin" for word in ("caller", "roles", "scopes", "auth-time", "expires")}
        seen = world.rest("GET", "/orders", self.HOST, tokens["access_token"], headers=forged)
        self.assertEqual(seen.status, 200)
        self.assertFalse(set(forged) & set(seen.json["headers"]))

    def test_one_that_was_taken_back_passes_until_it_expires(self):
        """What jwt_authn cannot know, and ext_authz does."""
        tokens = world.sign_up("gone@example.com")
        own = {"refresh_token": tokens["refresh_token"], "client_id": "laptop"}
        world.rest("POST", "/api/v1/auth/logout", body=own)
        self.assertEqual(world.rest("GET", "/api/v1/user/profile", bearer=tokens["access_token"]).status, 401)
        self.assertEqual(world.rest("GET", "/orders", self.HOST, tokens["access_token"]).status, 200)

    def test_a_host_that_nobody_has_named_is_not_served(self):
        tokens = world.sign_up("nowhere@example.com")
        self.assertEqual(world.rest("GET", "/orders", "other.example.com").status, 401)
        self.assertEqual(world.rest("GET", "/orders", "other.example.com", tokens["access_token"]).status, 404)


class OtherTokens(unittest.TestCase):
    """Tokens whose signature is right, and which are not for this host, or not for now."""

    def refused_with(self, **changed):
        own = World(**changed)
        try:
            tokens = own.sign_up("ada@example.com")
            return own.rest("GET", "/orders", Orders.HOST, tokens["access_token"])
        finally:
            own.close()

    def test_another_audience_is_refused(self):
        self.assertEqual(self.refused_with(SEKISHO_AUDIENCE="other").status, 403)

    def test_one_that_has_expired_is_refused(self):
        # Sekisho lives two minutes ago, and its tokens for one.
        past = {"LD_PRELOAD": FAKETIME, "FAKETIME": "-2m", "SEKISHO_ACCESS_TTL": "60"}
        refused = self.refused_with(**past)
        self.assertEqual(refused.status, 401)
        self.assertIn(b"expired", refused.body)

    def test_another_issuer_is_refused(self):
        self.assertEqual(self.refused_with(SEKISHO_ISSUER="https://other.example.com").status, 401)


class Stock(unittest.TestCase):
    """A sibling behind ext_authz."""

    HOST = "stock.example.com"

    def test_who_gets_in(self):
        tokens = world.sign_up("stock@example.com")
        access, forged = tokens["access_token"], {"x-sekisho-subject": "root", "x-sekisho-roles": "clerk"}
        seen = world.rest("GET", "/stock/7", self.HOST, access, headers=forged)
        self.assertEqual(seen.status, 200, seen.body)
        headers, claims = seen.json["headers"], json.loads(payload(access))
        self.assertEqual((headers["x-sekisho-subject"], headers["x-sekisho-session"]), (claims["sub"], claims["sid"]))
        self.assertNotIn("x-sekisho-roles", headers)
        self.assertNotIn("authorization", headers)

        offers = world.rest("GET", "/offers", self.HOST, headers=forged)
        self.assertEqual(offers.status, 200)
        self.assertNotIn("x-sekisho-subject", offers.json["headers"])
        for method, path, bearer, status, error in [
            ("GET", "/stock/7", None, 401, "unauthorized"),
            ("GET", "/stock/7", "x", 401, "access_token_invalid"),
            ("POST", "/stock/7", access, 403, "permission_denied"),
            ("GET", "/elsewhere", access, 403, "permission_denied"),
        ]:
            refused = world.rest(method, path, self.HOST, bearer)
            self.assertEqual((refused.status, refused.json["error"]), (status, error), (method, path))

        own = {"refresh_token": tokens["refresh_token"], "client_id": "laptop"}
        world.rest("POST", "/api/v1/auth/logout", body=own)
        # The logout is known to the process in a moment, not at once.
        for _ in range(100):
            gone = world.rest("GET", "/stock/7", self.HOST, access)
            if gone.status != 200:
                break
            time.sleep(0.05)
        self.assertEqual((gone.status, gone.json["error"]), (401, "session_revoked"))


class Operations(unittest.TestCase):
    def test_it_shows_metrics_and_not_the_rest_of_admin(self):
        port = world.ports["operations"]
        self.assertIn(b"envoy_cluster_membership_healthy", ask(port, "GET", "/stats/prometheus").body)
        for method, path in [("GET", "/config_dump"), ("POST", "/quitquitquit"), ("POST", "/ready"), ("GET", "/")]:
            self.assertEqual(ask(port, method, path).status, 404, path)

    def test_the_log_has_neither_tokens_nor_queries(self):
        tokens = world.sign_up("log@example.com")
        world.rest("GET", "/orders/logged?secret=hush-hush", Orders.HOST, tokens["access_token"])
        # Envoy writes what it has kept each second.
        while (log := world.log.read_text()).count('"/orders/logged"') == 0:
            self.assertIsNone(world.child.poll(), log)
            time.sleep(0.05)
        self.assertNotIn("hush-hush", log)
        self.assertNotIn(tokens["access_token"], log)


if __name__ == "__main__":
    unittest.main()
