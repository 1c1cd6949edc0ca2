"""The kernel behind the lab's own interface: `KernelShell().sh(line, on="ns1")` runs the real tool in a real namespace.

One holder process (holder.py) per script, in its own user, network, mount and pid namespace, so no root is needed and
everything is gone when it ends. "host" is the holder's own network namespace, with lo as a new namespace has it: down.
"""
from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

UNSHARE = ["unshare", "--user", "--map-root-user", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
HOLDER = Path(__file__).with_name("holder.py")
LINE_SECONDS = 15.0
NOT_FOUND = 127                         # no such command
TOO_LONG = 124                          # the exit status of a line that was still running then, as timeout(1) has it


class HolderLost(RuntimeError):
    """The holder could not be started or stopped answering."""


class NoNamespace(LookupError):
    """A line was to run in a namespace that does not exist."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a tool answered: the same three fields as an answer of `Lab.sh`."""

    returncode: int
    stdout: str
    stderr: str


class KernelShell:
    """Real namespaces for one script; use as a context manager."""

    def __init__(self) -> None:
        self.process = subprocess.Popen([*UNSHARE, sys.executable, "-I", "-S", str(HOLDER)], text=True, bufsize=1,
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        if self.answer() != "ready":
            raise HolderLost("the holder did not start")

    def __enter__(self) -> KernelShell:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """End the holder, and with it every namespace it made."""
        self.process.kill()
        self.process.communicate()

    def answer(self) -> object:
        """The holder's next JSON line."""
        ready, _, _ = select.select([self.process.stdout], [], [], LINE_SECONDS + 10)
        text = self.process.stdout.readline() if ready else ""
        if not text:
            self.process.kill()
            raise HolderLost(f"no answer from the holder: {self.process.communicate()[1].strip() or 'it hangs'}")
        return json.loads(text)

    def sh(self, line: str, on: str = "host") -> Answer:
        """Run a line with the real tools in a namespace."""
        self.process.stdin.write(json.dumps({"line": line, "on": on, "timeout": LINE_SECONDS}) + "\n")
        got = self.answer()
        if "absent" in got:
            raise NoNamespace(got["absent"])
        return Answer(got["rc"], got["out"], got["err"])

    def keep_up(self, seconds: float) -> None:
        """The kernel's clock goes by itself."""


def why_not() -> str:
    """Why there can be no real namespaces here, or ""; found out by making a veth pair in one."""
    if os.name != "posix" or not sys.platform.startswith("linux"):
        return "the kernel here is not Linux"
    try:
        with KernelShell() as shell:
            return shell.sh("ip link add veth0 type veth peer name veth1").stderr.strip()
    except (HolderLost, OSError) as why:
        return str(why)
