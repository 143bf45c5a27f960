"""The gateway's image: its one step, run here."""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "deploy/image/gateway.Dockerfile").read_text()


class Gateway(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        cls.program = pathlib.Path(folder) / "sekisho-grpc-gateway"
        step = re.search(r"^RUN --network=none (go build .*)$", DOCKERFILE, re.MULTILINE).group(1)
        variables = dict(one.split("=") for one in re.search(r"^ENV (.*)$", DOCKERFILE, re.MULTILINE).group(1).split())
        command = step.replace("/sekisho-grpc-gateway", str(cls.program)).split()
        subprocess.run(command, check=True, cwd=ROOT / "deploy/grpc-gateway", env=os.environ | variables)

    def test_it_needs_no_library(self):
        headers = subprocess.run(
            ["readelf", "--dynamic", "--program-headers", "--wide", self.program], check=True, text=True, capture_output=True
        ).stdout
        self.assertNotIn("(NEEDED)", headers)
        self.assertNotIn("INTERP", headers)

    def test_no_path_of_this_machine_is_in_it(self):
        content = self.program.read_bytes()
        for path in (str(ROOT), f"{pathlib.Path.home()}/"):
            self.assertEqual(content.find(path.encode()), -1, path)

    def test_it_runs_with_the_settings_of_its_overlay(self):
        settings = {"SEKISHO_GATEWAY_LISTEN": "127.0.0.1:0", "SEKISHO_GATEWAY_UPSTREAM": "http://sekisho-headless:8080"}
        child = subprocess.Popen([self.program], env=settings, text=True, stdout=subprocess.PIPE)
        try:
            self.assertIn('"event":"ready"', child.stdout.readline())
        finally:
            child.terminate()
            child.stdout.close()
            self.assertEqual(child.wait(), 0)


if __name__ == "__main__":
    unittest.main()
