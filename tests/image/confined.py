"""Runs the program of a root file system as a container would: `confined.py ROOT DATA ARGUMENTS…`.

The root is read-only, and DATA, which is mounted at /data, is not. The user is that of the
image, without any capability. Has to be started as root in mounts of its own (`unshare --mount`).
"""

import ctypes
import os
import subprocess
import sys

USER = 65532
PR_SET_NO_NEW_PRIVS = 38


def mount(*arguments):
    subprocess.run(["mount", *arguments], check=True)


def main(root, data, *arguments):
    for folder in ("proc", "dev", "data"):
        os.makedirs(f"{root}/{folder}", exist_ok=True)
    mount("--bind", root, root)
    mount("--bind", "/proc", f"{root}/proc")
    mount("--bind", "/dev", f"{root}/dev")
    mount("--bind", data, f"{root}/data")
    mount("-o", "remount,bind,ro", root)
    os.chroot(root)
    os.chdir("/data")
    os.setgroups([])
    os.setgid(USER)
    os.setuid(USER)
    if ctypes.CDLL(None).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError("no_new_privs was not set")
    # With what the container gets, and nothing of this machine.
    kept = {name: value for name, value in os.environ.items() if name.startswith("SEKISHO_")}
    os.execve("/sekisho", ["/sekisho", *arguments], kept)


if __name__ == "__main__":
    main(*sys.argv[1:])
