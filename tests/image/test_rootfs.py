"""The laid-out root file system: what is in it, and that it runs."""

import contextlib
import datetime
import functools
import http.client
import json
import os
import pathlib
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import unittest

OUT = pathlib.Path(os.environ["IMAGE_OUT"])
CONTEXT = pathlib.Path(os.environ["IMAGE_CONTEXT"])
ROOTFS = OUT / "rootfs"
PROGRAM = ROOTFS / "sekisho"
DOCUMENTS = ROOTFS / "usr/share/doc/sekisho"
# Of distroless cc, Debian 12: libc6, libgcc-s1.
LIBRARIES = {"libc.so.6", "libm.so.6", "libgcc_s.so.1", "libpthread.so.0", "libdl.so.2", "ld-linux-x86-64.so.2"}
LIBRARIES |= {"ld-linux-aarch64.so.1"}
NEWEST_GLIBC = (2, 36)
USER = 65532


def command(*arguments, **more):
    return subprocess.run(arguments, check=True, text=True, capture_output=True, **more).stdout


@functools.cache
def linked():
    """What Cargo says is linked into the program."""
    tree = ["cargo", "tree", "--offline", "--locked", "--package", "sekisho", "--prefix", "none", "--format", "{p}"]
    lines = command(*tree, "--edges", "normal,no-proc-macro", cwd=CONTEXT).splitlines()
    # Ours stand with their folders, those seen before with a star.
    return {tuple(re.match(r"(\S+) v(\S+)", line).groups()) for line in lines if " (/" not in line}


class Content(unittest.TestCase):
    def test_there_is_the_program_what_it_is_made_of_and_its_licences(self):
        tops = sorted(str(path.relative_to(ROOTFS)) for path in ROOTFS.glob("*"))
        self.assertEqual(tops, ["sekisho", "usr"])
        files = {path.relative_to(ROOTFS).parts for path in ROOTFS.rglob("*") if not path.is_dir()}
        others = {parts for parts in files if parts[:5] != ("usr", "share", "doc", "sekisho", "licences")}
        self.assertEqual(others, {("sekisho",), ("usr", "share", "doc", "sekisho", "sekisho.cdx.json")})

    def test_nothing_is_special_or_writable_for_others(self):
        for path in ROOTFS.rglob("*"):
            mode = path.lstat().st_mode
            self.assertTrue(stat.S_ISDIR(mode) or stat.S_ISREG(mode), path)
            wanted = 0o755 if path.is_dir() or path == PROGRAM else 0o644
            self.assertEqual(stat.S_IMODE(mode), wanted, path)

    def test_all_files_are_of_the_time_of_the_sources(self):
        self.assertEqual(len({path.stat().st_mtime for path in [ROOTFS, *ROOTFS.rglob("*")]}), 1)

    def test_the_licence_of_everything_linked_is_there(self):
        folders = {path.name for path in (DOCUMENTS / "licences").iterdir() if path.is_dir()}
        self.assertEqual(folders, {f"{name}-{version}" for name, version in linked()})
        self.assertTrue((DOCUMENTS / "licences/LICENSE-MIT").exists())
        for name in folders:
            self.assertTrue((DOCUMENTS / "licences" / name / "SPDX").read_text().startswith("license"), name)
        # Of C that is linked with them.
        for inner in ("tikv-jemalloc-sys-*/jemalloc/COPYING", "aws-lc-sys-*/aws-lc/LICENSE"):
            self.assertEqual(len(list((DOCUMENTS / "licences").glob(inner))), 1, inner)

    def test_the_sbom_has_everything_linked_and_nothing_of_this_machine(self):
        text = (DOCUMENTS / "sekisho.cdx.json").read_text()
        sbom = json.loads(text)
        self.assertEqual((sbom["bomFormat"], sbom["specVersion"]), ("CycloneDX", "1.5"))
        self.assertEqual(sbom["metadata"]["component"]["name"], "sekisho")
        listed = {(one["name"], one["version"]) for one in sbom["components"]}
        self.assertLessEqual(linked(), listed)
        for one in sbom["components"]:
            if (one["name"], one["version"]) in linked():
                self.assertIn("purl", one)
                self.assertIn("hashes", one)
        self.assertNotIn(str(CONTEXT), text)
        self.assertNotIn("serialNumber", sbom)
        made = datetime.datetime.fromisoformat(sbom["metadata"]["timestamp"])
        self.assertEqual(made.timestamp(), PROGRAM.stat().st_mtime)


class Program(unittest.TestCase):
    def test_its_libraries_are_in_the_base(self):
        dynamic = command("readelf", "--dynamic", "--wide", PROGRAM)
        needed = set(re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic))
        self.assertIn("libc.so.6", needed)
        self.assertLessEqual(needed, LIBRARIES)
        self.assertNotRegex(dynamic, r"\((RPATH|RUNPATH)\)")

    def test_its_glibc_is_that_of_the_base(self):
        versions = command("readelf", "--version-info", "--wide", PROGRAM)
        found = {tuple(map(int, one.split("."))) for one in re.findall(r"GLIBC_(\d+\.\d+)", versions)}
        self.assertTrue(found)
        self.assertLessEqual(max(found), NEWEST_GLIBC)

    def test_it_is_hardened_and_stripped(self):
        headers = command("readelf", "--file-header", "--program-headers", "--sections", "--wide", PROGRAM)
        self.assertRegex(headers, r"Type:\s+DYN")
        self.assertIn("GNU_RELRO", headers)
        self.assertRegex(headers, r"GNU_STACK\s+\S+ \S+ \S+ \S+ \S+ RW ")
        self.assertNotIn(".symtab", headers)
        self.assertNotIn(".debug_info", headers)

    def test_no_path_of_this_machine_is_in_it(self):
        content = PROGRAM.read_bytes()
        # What stands in their place shows that there were some.
        self.assertTrue(b"/cargo/registry/src/" in content, "nothing was replaced")
        cargo_home = os.environ.get("CARGO_HOME", f"{pathlib.Path.home()}/.cargo")
        sysroot = command("rustc", "--print", "sysroot", cwd=CONTEXT).strip()
        for path in (str(CONTEXT), str(OUT), cargo_home, sysroot, f"{pathlib.Path.home()}/"):
            at = content.find(path.encode())
            self.assertEqual(at, -1, content[max(at - 40, 0) : at + 80])


def libraries_into(root):
    """Those of the base image, from this machine's Debian."""
    listed = command("ldd", PROGRAM)
    for path in re.findall(r"(/\S+)", listed):
        if path != str(PROGRAM):
            target = root / path.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(os.path.realpath(path), target)


class Running(unittest.TestCase):
    def setUp(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.root, self.data = folder / "root", folder / "data"
        shutil.copytree(ROOTFS, self.root)
        libraries_into(self.root)
        self.data.mkdir(mode=0o700)
        os.chown(self.data, USER, USER)

    def command(self, *arguments):
        confined = pathlib.Path(__file__).with_name("confined.py")
        return ["unshare", "--mount", sys.executable, confined, self.root, self.data, *arguments]

    def run_to_end(self, *arguments, **settings):
        return subprocess.run(self.command(*arguments), env=os.environ | settings, text=True, capture_output=True)

    @contextlib.contextmanager
    def running(self, *arguments, **settings):
        listen = {"SEKISHO_LISTEN": "127.0.0.1:0", "SEKISHO_OPS_LISTEN": "127.0.0.1:0"}
        with open(self.data.parent / "log", "w") as log:
            child = subprocess.Popen(
                self.command(*arguments), env=os.environ | listen | settings, text=True, stdout=subprocess.PIPE, stderr=log
            )
        try:
            yield child, json.loads(child.stdout.readline() or "{}")
        finally:
            child.kill()
            child.wait()
            child.stdout.close()

    def get(self, address, path):
        connection = http.client.HTTPConnection(address, timeout=30)
        with contextlib.closing(connection):
            connection.request("GET", path)
            return connection.getresponse().status

    def test_the_root_is_read_only_and_the_user_is_nobody_special(self):
        refused = self.run_to_end("descriptors", "/written")
        self.assertEqual((refused.returncode, refused.stderr), (1, "sekisho: /written: read-only filesystem or storage medium\n"))
        written = self.run_to_end("descriptors", "/data/written")
        self.assertEqual((written.returncode, written.stderr), (0, ""))
        owner = (self.data / "written").stat()
        self.assertEqual((owner.st_uid, owner.st_gid), (USER, USER))

    def test_dev_answers_and_ends_at_sigterm(self):
        with self.running("dev") as (child, ready):
            self.assertEqual(self.get(ready["ops"], "/livez"), 200)
            self.assertEqual(self.get(ready["ops"], "/readyz"), 200)
            self.assertEqual(self.get(ready["listen"], "/.well-known/jwks.json"), 200)
            status = pathlib.Path(f"/proc/{child.pid}/status").read_text()
            self.assertRegex(status, rf"Uid:\s+{USER}\s+{USER}\s+{USER}\s+{USER}\n")
            self.assertRegex(status, r"CapEff:\s+0+\n")
            self.assertRegex(status, r"NoNewPrivs:\s+1\n")
            child.send_signal(signal.SIGTERM)
            self.assertEqual(child.wait(), 0)

    def test_serve_answers_after_its_migration(self):
        settings = {
            "SEKISHO_DATABASE_URL": "sqlite:///data/sekisho.db",
            "SEKISHO_SECRET": "ZXhhbXBsZSBleGFtcGxlIGV4YW1wbGUgZXhhbXBsZSE=",
            "SEKISHO_ISSUER": "https://auth.example.com",
            "SEKISHO_AUDIENCE": "example",
            "SEKISHO_SMTP_URL": "smtp://127.0.0.1:9",
            "SEKISHO_MAIL_FROM": "no-reply@example.com",
            "SEKISHO_TLS_TERMINATED": "true",
        }
        migrated = self.run_to_end("migrate", **settings)
        self.assertEqual((migrated.returncode, migrated.stdout[:9]), (0, "migrated:"), migrated.stderr)
        with self.running("serve", **settings) as (child, ready):
            self.assertEqual(self.get(ready["ops"], "/livez"), 200)
            self.assertEqual(self.get(ready["ops"], "/readyz"), 200)
            child.send_signal(signal.SIGTERM)
            self.assertEqual(child.wait(), 0)


if __name__ == "__main__":
    unittest.main()
