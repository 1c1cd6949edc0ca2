"""Runs as root on the fresh machine, by that machine's own Python: types the two commands and prints one JSON line a thing done.

`python3 inside.py JSON` in the clone, where the JSON has the fields of machines.Machine. The packages come from the network;
then both commands run in a network of their own, in which there is nothing but loopback.
"""

import ctypes
import fcntl
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
import urllib.request

CLONE_NEWNET, SIOCSIFFLAGS, IFF_UP = 0x40000000, 0x8914, 1
PORT = 8899
NOTEBOOK = f"http://127.0.0.1:{PORT}/api/contents/00-start-here.ipynb?content=0&token=fresh"
LAB_ARGS = f"LAB_ARGS=--no-browser --ServerApp.port={PORT} --ServerApp.port_retries=0 --IdentityProvider.token=fresh"
MOST = 3600  # seconds for one command
LINES = 60   # of a command that failed


class Learner:
    """Who types on this machine, and what make is told each time."""

    def __init__(self, machine: dict) -> None:
        user = str(machine["user"])
        become = ["setpriv", "--reuid", user, "--regid", user, "--clear-groups", "--"] if user != "0" else []
        self.before, self.words = [*become, *machine["wrap"], "make"], machine["make"]
        self.env = {**os.environ, **dict(machine["env"])}
        if not self.env["HOME"]:
            del self.env["HOME"]

    def start(self, *words: str) -> subprocess.Popen:
        return subprocess.Popen([*self.before, *self.words, *words], env=self.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                text=True, encoding="utf-8", errors="replace", start_new_session=True)

    def make(self, *words: str, says: str = "") -> bool:
        """One make to its end: well when it ended so, or where something `says` is expected of it, when it failed with that."""
        start, run = time.monotonic(), self.start(*words)
        output = run.communicate(timeout=MOST)[0]
        lines = [line for line in output.splitlines() if line.strip() and not line.startswith("WARNING: ")] or [""]
        well = run.returncode != 0 and says in output if says else run.returncode == 0
        return tell(f"make {words[0]}", start, well, says or lines[-1] if well else "\n".join(lines[-LINES:]))

    def lab_answers(self) -> bool:
        """Whether JupyterLab knows the first notebook, asked over HTTP."""
        start, status = time.monotonic(), ""
        server = self.start("lab", LAB_ARGS)
        while not status and server.poll() is None and time.monotonic() < start + 120:
            try:
                with urllib.request.urlopen(NOTEBOOK, timeout=60) as answer:
                    status = f"HTTP {answer.status}"
            except OSError:
                time.sleep(0.2)
        os.killpg(server.pid, signal.SIGKILL)
        output = server.communicate(timeout=60)[0]
        return tell("make lab answers", start, status == "HTTP 200", status or output[-3000:])


def tell(what: str, start: float, well: bool, said: str) -> bool:
    print(json.dumps({"what": what, "seconds": time.monotonic() - start, "well": well, "said": said}), flush=True)
    return well


def unplug() -> None:
    """From here on there is no network but loopback."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "unshare of the network")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))


def main(machine: dict) -> None:
    here = os.getcwd()
    subprocess.run(["sh", "-c", machine["before"]], check=True)
    if machine["user"]:
        subprocess.run(["chown", "-R", f"{machine['user']}:{machine['user']}", here], check=True)
    if machine["read_only"]:
        subprocess.run(["mount", "--bind", here, here], check=True)
        subprocess.run(["mount", "-o", "remount,ro,bind", here], check=True)
        os.chdir(here)  # the mount, not what is below it
    learner = Learner(machine)
    if machine["says"]:
        learner.make("lab", says=machine["says"])
    elif learner.make("lab", "LAB_ARGS=--version") and learner.make("installed-for-tests"):
        unplug()
        learner.lab_answers()
        learner.make("test", *([f"TEST_ARGS={machine['tests']}"] if machine["tests"] else []))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
