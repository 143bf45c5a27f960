"""The Dockerfile does what was tried here, and says what the manifests and the program do."""

import pathlib
import re
import subprocess
import tomllib
import unittest

import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
IMAGE = ROOT / "deploy/image"
SERVER = (IMAGE / "Dockerfile").read_text()
GATEWAY = (IMAGE / "gateway.Dockerfile").read_text()
CARGO = tomllib.loads((ROOT / "Cargo.toml").read_text())


def instructions(text, name):
    joined = re.sub(r"\\\n\s*", "", text)
    return re.findall(rf"^{name} (.*)$", joined, re.MULTILINE)


class Dockerfile(unittest.TestCase):
    def test_the_linter_has_nothing_to_say(self):
        for name in ("Dockerfile", "gateway.Dockerfile"):
            done = subprocess.run(["hadolint", IMAGE / name], text=True, capture_output=True)
            self.assertEqual((done.returncode, done.stdout), (0, ""), name)

    def test_the_linter_would_say_something(self):
        done = subprocess.run(["hadolint", "-"], input="FROM debian\nRUN cd /tmp\n", text=True, capture_output=True)
        self.assertEqual(done.returncode, 1)

    def test_its_steps_are_those_that_were_run(self):
        runs = " ".join(instructions(SERVER, "RUN"))
        steps = [step for call in re.findall(r"deploy/image/build\.sh ((?:[a-z]+ ?)+)", runs) for step in call.split()]
        script = (IMAGE / "build.sh").read_text()
        together = re.search(r"^all\(\) \{\n(.*?)^\}", script, re.MULTILINE | re.DOTALL).group(1).split()
        self.assertEqual(steps, together)
        self.assertIn("--network=none deploy/image/build.sh binary", runs)

    def test_the_last_stage_is_the_laid_out_folder_and_nothing_else(self):
        last = SERVER[SERVER.rindex("FROM ") :]
        self.assertEqual(instructions(last, "COPY"), ["--from=build /src/target/image/rootfs/ /"])
        self.assertEqual(instructions(last, "RUN") + instructions(last, "ADD"), [])
        self.assertIn("distroless/cc-debian12:nonroot", SERVER)

    def test_the_compiler_is_the_one_of_the_repository(self):
        channel = tomllib.loads((ROOT / "rust-toolchain.toml").read_text())["toolchain"]["channel"]
        self.assertIn(f"BUILDER=rust:{channel}-slim-bookworm", SERVER)
        self.assertIn(f"RUSTUP_TOOLCHAIN={channel}\n", SERVER)
        go = re.search(r"^go (\d+\.\d+)", (ROOT / "deploy/grpc-gateway/go.mod").read_text(), re.MULTILINE).group(1)
        self.assertIn(f"BUILDER=golang:{go}-bookworm", GATEWAY)

    def test_the_version_is_that_of_the_package(self):
        version = CARGO["workspace"]["package"]["version"]
        for text in (SERVER, GATEWAY):
            self.assertIn(f'image.version="{version}"', text)
        for file in (ROOT / "deploy/kubernetes/overlays").glob("*/kustomization.yaml"):
            for image in yaml.safe_load(file.read_text()).get("images", []):
                if image["name"].startswith("sekisho"):
                    self.assertEqual(image["newTag"], version, file)

    def test_user_and_ports_are_those_of_the_manifests(self):
        deployment = yaml.safe_load((ROOT / "deploy/kubernetes/base/deployment.yaml").read_text())
        spec = deployment["spec"]["template"]["spec"]
        user, group = (spec["securityContext"][name] for name in ("runAsUser", "runAsGroup"))
        self.assertEqual(instructions(SERVER, "USER"), [f"{user}:{group}"])
        ports = " ".join(str(port["containerPort"]) for port in spec["containers"][0]["ports"])
        self.assertEqual(instructions(SERVER, "EXPOSE"), [ports])
        self.assertEqual(instructions(SERVER, "STOPSIGNAL"), ["SIGTERM"])
        self.assertEqual(instructions(SERVER, "ENTRYPOINT"), ['["/sekisho"]'])

    def test_what_is_built_from_has_nothing_that_lies_about(self):
        lines = (ROOT / ".dockerignore").read_text().splitlines()
        self.assertEqual(lines[1], "*")
        for line in ("!.git", "!target", "!.", "!deploy", "!.sekisho"):
            self.assertNotIn(line, lines)


if __name__ == "__main__":
    unittest.main()
