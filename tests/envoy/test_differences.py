"""What differs in transcoded REST: each row of the table in deploy/envoy/README.md."""

import json
import unittest

from world import PASSWORD, TRANSCODED, World

world = None


def setUpModule():
    global world
    world = World()
    unittest.addModuleCleanup(world.close)


class Differences(unittest.TestCase):
    LOGIN = "/api/v1/auth/login"
    WHO = {"email": "differs@example.com", "client_id": "laptop"}
    RIGHT = WHO | {"password": PASSWORD}

    def both(self, method, path, **more):
        return world.rest(method, path, **more), world.rest(method, path, TRANSCODED, **more)

    def test_a_success_other_than_200(self):
        world.rest("POST", "/api/v1/auth/signup/send-code", TRANSCODED, body=self.RIGHT)
        code = {"code": world.code(self.WHO["email"])}
        done = world.rest("POST", "/api/v1/auth/signup/verify-code", TRANSCODED, body=self.WHO | code)
        self.assertEqual((done.status, done.headers["x-http-code"]), (200, "201"))

    def test_a_refusal_of_sekisho(self):
        ours, envoys = self.both("GET", "/api/v1/user/profile")
        self.assertEqual((ours.status, envoys.status), (401, 401))
        self.assertEqual((ours.json["error"], envoys.json["code"]), ("unauthorized", 16))
        self.assertEqual(envoys.json["message"], ours.json["message"])
        (info,) = [one for one in envoys.json["details"] if one["@type"].endswith("google.rpc.ErrorInfo")]
        self.assertEqual((info["reason"], info["domain"]), ("UNAUTHORIZED", "sekisho"))

    def test_a_refusal_of_the_transcoder(self):
        for path, body in [("/api/v1/user/profile?colour=red", None), (self.LOGIN, "{")]:
            method = "POST" if body else "GET"
            ours, envoys = self.both(method, path, body=body, headers={"content-type": "application/json"})
            self.assertEqual((ours.status, ours.json["error"]), (400, "validation_error"))
            self.assertEqual((envoys.status, envoys.headers["content-type"]), (400, "text/plain"))

    def test_another_method(self):
        ours, envoys = self.both("DELETE", self.LOGIN)
        self.assertEqual((ours.status, ours.headers["allow"], envoys.status), (405, "POST", 404))

    def test_a_field_that_nobody_knows(self):
        ours, envoys = self.both("POST", "/api/v1/auth/logout", body={"refresh_token": "x", "client_id": "a", "y": 1})
        self.assertEqual((ours.status, envoys.status), (400, 200))

    def test_another_content_type(self):
        body = json.dumps({"refresh_token": "x", "client_id": "a"})
        ours, envoys = self.both("POST", "/api/v1/auth/logout", body=body, headers={"content-type": "text/plain"})
        self.assertEqual((ours.status, envoys.status), (415, 200))

    def test_browsers(self):
        preflight = {"origin": "https://app.example.com", "access-control-request-method": "POST"}
        ours, envoys = self.both("OPTIONS", self.LOGIN, headers=preflight)
        self.assertEqual((ours.status, envoys.status), (200, 404))
        ours, envoys = self.both("GET", "/.well-known/jwks.json")
        self.assertIn("content-security-policy", ours.headers.keys() - envoys.headers.keys())

    def test_what_is_no_rpc(self):
        ours, envoys = self.both("GET", "/openapi.json")
        self.assertEqual((ours.status, envoys.status), (200, 404))


class Cookies(unittest.TestCase):
    def test_browser_mode_is_not_transcoded(self):
        own = World(SEKISHO_REFRESH_COOKIE="true")
        self.addCleanup(own.close)
        own.sign_up("ada@example.com")
        who = {"email": "ada@example.com", "client_id": "laptop", "password": PASSWORD}
        mode = {"x-sekisho-cookie": "1"}
        ours = own.rest("POST", Differences.LOGIN, body=who, headers=mode)
        self.assertIn("__Host-sekisho_refresh=", ours.headers["set-cookie"])
        envoys = own.rest("POST", Differences.LOGIN, TRANSCODED, body=who, headers=mode)
        self.assertNotIn("set-cookie", envoys.headers)
        self.assertTrue(envoys.json["refresh_token"].startswith("skr_"))


if __name__ == "__main__":
    unittest.main()
