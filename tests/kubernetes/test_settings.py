"""The real program takes the settings of each overlay."""

import base64
import contextlib
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import manifests
from manifests import containers, environment, named, overlay, pod, runs_sekisho, workloads

BINARY = os.environ["SEKISHO_BINARY"]
SECRET = "/etc/sekisho/secret/sekisho.toml"
WITH_SECRETS = [name for name in manifests.OVERLAYS if name != "dev"]


def known():
    text = (manifests.ROOT / "docs/config.md").read_text()
    return set(re.findall(r"^\| `([A-Z_]+)` \|", text, re.MULTILINE))


def known_to_the_gateway():
    text = (manifests.ROOT / "deploy/grpc-gateway/settings/settings.go").read_text()
    return set(re.findall(r'"(SEKISHO_[A-Z_]+)"', text))


def example(name):
    """The example secret of an overlay, or of the one that it is made of."""
    file = manifests.KUBERNETES / "overlays" / name / "secret.example.toml"
    return file if file.exists() else example("production")


@contextlib.contextmanager
def secret_file(name):
    """The same, filled in."""
    text = example(name).read_text()
    assert text.count('SEKISHO_SECRET = ""') == 1, text
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
        secret = base64.b64encode(os.urandom(32)).decode()
        file.write(text.replace('SEKISHO_SECRET = ""', f'SEKISHO_SECRET = "{secret}"'))
        file.flush()
        yield file.name


@contextlib.contextmanager
def with_policy(items, variables):
    """The same variables, with the policy of proxies where this machine has it."""
    mounted = variables.get("SEKISHO_AUTHZ_POLICY")
    if mounted is None:
        yield variables
        return
    policy = named(items, "ConfigMap", "sekisho-authz")["data"][pathlib.PurePath(mounted).name]
    with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
        file.write(policy)
        file.flush()
        yield variables | {"SEKISHO_AUTHZ_POLICY": file.name}


def run(arguments, variables, **more):
    return subprocess.run([BINARY, *arguments], env=variables, text=True, capture_output=True, **more)


class Settings(unittest.TestCase):
    def test_each_is_one_that_is_documented(self):
        self.assertIn("SEKISHO_DATABASE_URL", known())
        for name in manifests.OVERLAYS:
            items = overlay(name)
            for workload in workloads(items):
                for container in containers(workload):
                    variables = set(environment(items, container))
                    variables |= {one["name"] for one in container.get("env", [])}
                    documented = known() if runs_sekisho(container) else known_to_the_gateway()
                    with self.subTest(overlay=name, container=container["name"]):
                        self.assertLessEqual(variables, documented)

    def test_each_overlay_passes_the_check_with_its_example_secret(self):
        for name in WITH_SECRETS:
            items = overlay(name)
            for workload in workloads(items):
                for container in filter(runs_sekisho, containers(workload)):
                    if container["args"][0] == "descriptors":
                        continue
                    option, file, _ = container["args"]
                    with self.subTest(overlay=name, container=container["name"]):
                        self.assertEqual((option, file), ("--config", SECRET))
                        variables = environment(items, container)
                        with secret_file(name) as secret, with_policy(items, variables) as here:
                            checked = run([option, secret, "config", "check"], here)
                        self.assertEqual((checked.returncode, checked.stderr), (0, ""))

    def test_an_example_as_it_is_starts_nothing(self):
        for name in ("single", "production"):
            items = overlay(name)
            variables = environment(items, containers(named(items, "Deployment", "sekisho"))[0])
            refused = run(["--config", example(name), "config", "check"], variables)
            self.assertEqual((refused.returncode, re.findall(r"SEKISHO_\w+", refused.stderr)), (78, ["SEKISHO_SECRET"]))

    def test_without_the_secret_it_is_refused_by_name(self):
        items = overlay("production")
        variables = environment(items, containers(named(items, "Deployment", "sekisho"))[0])
        refused = run(["config", "check"], variables)
        self.assertEqual(refused.returncode, 78)
        self.assertEqual(
            set(re.findall(r"SEKISHO_\w+", refused.stderr)), {"SEKISHO_SECRET", "SEKISHO_DATABASE_URL", "SEKISHO_SMTP_URL"}
        )

    def test_tls_passes_with_a_certificate_and_not_without(self):
        items = manifests.with_components("production", "tls")
        for workload in ("Deployment", "sekisho"), ("Job", "sekisho-migrate"):
            (container,) = containers(named(items, *workload))
            mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
            variables = environment(items, container)
            with tempfile.TemporaryDirectory() as folder, secret_file("production") as secret:
                certificate, key = (pathlib.Path(folder) / name for name in ("tls.crt", "tls.key"))
                for setting, file in ("SEKISHO_TLS_CERT", certificate), ("SEKISHO_TLS_KEY", key):
                    self.assertEqual(variables[setting], f"{mounts['tls']}/{file.name}")
                    variables[setting] = str(file)
                arguments = ["--config", secret, "config", "check"]
                self.assertEqual(run(arguments, variables).returncode, 78)
                options = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1"]
                options += ["-subj", "/CN=sekisho", "-addext", "subjectAltName=DNS:sekisho"]
                openssl = ["openssl", "req", "-x509", *options, "-keyout", key, "-out", certificate]
                subprocess.run(openssl, check=True, capture_output=True)
                checked = run(arguments, variables)
                self.assertEqual((checked.returncode, checked.stderr), (0, ""))

    def test_external_secrets_make_a_file_that_passes(self):
        items = manifests.with_components("production", "external-secret")
        (secret,) = manifests.of_kind(items, "ExternalSecret")
        template = secret["spec"]["target"]["template"]["data"]["sekisho.toml"]
        with secret_file("production") as secret_name:
            given = re.findall(r'^(\w+) = "(.*)"$', pathlib.Path(secret_name).read_text(), re.MULTILINE)
        names = dict(re.findall(r'^(\w+) = "\{\{ \.(\w+) \}\}"$', template, re.MULTILINE))
        self.assertEqual(set(names), {name for name, _ in given})
        self.assertEqual(set(names.values()), {one["secretKey"] for one in secret["spec"]["data"]})
        for name, value in given:
            template = template.replace(f"{{{{ .{names[name]} }}}}", value)
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write(template)
            file.flush()
            variables = environment(items, containers(named(items, "Deployment", "sekisho"))[0])
            checked = run(["--config", file.name, "config", "check"], variables)
            self.assertEqual((checked.returncode, checked.stderr), (0, ""))


class Start(unittest.TestCase):
    def start(self, name, arguments, folder, **changed):
        items = overlay(name)
        container = pod(named(items, "Deployment", "sekisho"))["spec"]["containers"][0]
        self.assertEqual(container["workingDir"], "/data")
        variables = environment(items, container) | changed
        variables |= {"SEKISHO_LISTEN": "127.0.0.1:0", "SEKISHO_OPS_LISTEN": "127.0.0.1:0"}
        child = subprocess.Popen(
            [BINARY, *arguments], env=variables, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        try:
            self.assertEqual(json.loads(child.stdout.readline())["event"], "ready")
        finally:
            child.terminate()
            child.stdout.close()
            self.assertEqual(child.wait(), 0)

    def test_dev_starts_with_nothing_but_its_volume(self):
        container = pod(named(overlay("dev"), "Deployment", "sekisho"))["spec"]["containers"][0]
        with tempfile.TemporaryDirectory() as folder:
            self.start("dev", container["args"], folder)
            self.assertTrue((pathlib.Path(folder) / ".sekisho/sekisho.db").exists())

    def test_single_migrates_its_file_and_starts(self):
        with tempfile.TemporaryDirectory() as folder, secret_file("single") as secret:
            changed = {"SEKISHO_DATABASE_URL": f"sqlite://{folder}/sekisho.db"}
            items = overlay("single")
            migrate, serve = containers(named(items, "Deployment", "sekisho"))
            self.assertEqual(environment(items, migrate)["SEKISHO_DATABASE_URL"], "sqlite:///data/sekisho.db")
            option = ["--config", secret]
            migrated = run([*option, migrate["args"][-1]], environment(items, migrate) | changed, cwd=folder)
            self.assertEqual((migrated.returncode, migrated.stderr), (0, ""))
            self.start("single", [*option, serve["args"][-1]], folder, **changed)


if __name__ == "__main__":
    unittest.main()
