"""The child process that holds a realized lab: while it lives, so do its namespaces, and no longer.

Process 1 of the new pid namespace only waits for its other side to go away: its standard input is a pipe that the
notebook holds open, so it ends when the notebook does, however that ended; and with process 1 the kernel ends every
process, namespace and interface in here. Its child does the work: it reads requests and answers each.
"""

import _signal as signal  # without the names that signal.py adds, at three milliseconds
import marshal
import os
import resource
import select
import struct

from . import system
from .loop import Loop
from .netlink import Netlink, Refused, describe
from .taps import Tap

REQUESTS, ANSWERS = 0, 1
_LENGTH = struct.Struct("=I")


class Holder:
    """The namespaces of one lab, by number."""

    def __init__(self):
        self.loop = Loop()
        self.sockets: list[Netlink] = []
        self.taps: list[Tap] = []
        self.programs: list = []
        self.machines = None
        self.tuns: dict[tuple[int, str], int] = {}
        self.buffer = b""
        self.loop.add(REQUESTS, self._read)

    # -- what can be asked for

    def build(self, steps: list[tuple]) -> None:
        """One thing after the other, up to the first that is refused."""
        for verb, arguments in steps:
            getattr(self, verb)(*arguments)

    def namespaces(self, count: int, named: dict) -> None:
        """Make the network namespaces; number 0 is this process's own."""
        self.named = named
        for number in range(count):
            system.new_namespace(number)
            self.sockets.append(Netlink())
        system.enter(0)

    def sysctls(self, number: int, values: list[tuple[str, str, bool]]) -> None:
        """Write files under /proc/sys: (path, value, whether it must be there)."""
        system.enter(number)
        for path, value, needed in values:
            try:
                fd = os.open(f"/proc/sys/{path}", os.O_WRONLY)
                try:
                    os.write(fd, value.encode())
                finally:
                    os.close(fd)
            except OSError as error:
                if needed:
                    raise Problem(number, f"sysctl {path}={value}", os.strerror(error.errno)) from None
        system.enter(0)

    def netlink(self, number: int, requests: list[bytes], words: list[str]) -> None:
        """Have requests done; `words` says what each is, for the error."""
        try:
            self.sockets[number].do(requests)
        except Refused as refused:
            raise Problem(number, words[refused.index], describe(refused)) from None

    def tun(self, number: int, name: str, index: int, mode: str, pi: bool, held: bool) -> None:
        from .relay import keep_without_program, make_tun

        try:
            fd = make_tun(number, name, index, mode, pi)
        except OSError as error:
            raise Problem(number, f"ip tuntap add {name} mode {mode}", os.strerror(error.errno)) from None
        if held:
            self.tuns[number, name] = fd
        else:
            keep_without_program(fd)

    def settle(self, indexes: dict[int, list[int]]) -> None:
        """Wait for carrier to be what it will be: veth, its peer, the bridge above, one after the other."""
        for _ in range(3):
            for number, some in indexes.items():
                self.sockets[number].settle(some)

    def program(self, number: int, program: bytes, package: str, tun: str) -> None:
        from .relay import Relay

        try:
            self.programs.append(Relay(number, program, package, self.tuns[number, tun], self.loop))
        except OSError as error:
            raise Problem(number, f"the program behind {tun}", os.strerror(error.errno)) from None

    def listener(self, number: int, proto: str, address: str, port: int) -> None:
        from .relay import Listener

        try:
            self.programs.append(Listener(number, proto, address, port, self.loop))
        except OSError as error:
            raise Problem(number, f"a listener at {proto} {address} port {port}", os.strerror(error.errno)) from None

    def watch(self) -> None:
        """Open the taps."""
        for number in range(len(self.sockets)):
            system.enter(number)
            self.taps.append(Tap(number))
        system.enter(0)

    def probe(self, wish: dict) -> dict:
        from .probes import Probe

        return Probe(wish, self.taps, self.sockets, self.loop).run()

    def sh(self, line: str, machine: str, number: int, seconds: float) -> tuple[int, bytes, bytes]:
        from . import tools

        if self.machines is None:
            self.machines = tools.Machines(self.named)
        return tools.run(line, number, self.machines.mounts(machine), seconds, self.loop)

    # -- requests and answers

    def _read(self) -> None:
        """Requests come while a program of the lab is being served; they are done in order, by `main`."""
        data = os.read(REQUESTS, 1 << 16)
        if not data:
            os._exit(0)
        self.buffer += data

    def serve(self) -> None:
        while True:
            while len(self.buffer) < 4 or len(self.buffer) < 4 + _LENGTH.unpack_from(self.buffer)[0]:
                self.loop.turn(None)
            size = _LENGTH.unpack_from(self.buffer)[0]
            request, self.buffer = marshal.loads(self.buffer[4 : 4 + size]), self.buffer[4 + size :]
            self._answer(request)

    def _answer(self, request: tuple) -> None:
        number, verb, arguments = request
        try:
            answer = (number, "done", getattr(self, verb)(*arguments))
        except Problem as problem:
            answer = (number, "refused", problem.args)
        except Exception:
            import traceback

            answer = (number, "failed", traceback.format_exc())
        data = marshal.dumps(answer)
        data = _LENGTH.pack(len(data)) + data
        while data:
            data = data[os.write(ANSWERS, data) :]


class Problem(Exception):
    """What could not be done: (namespace number, what, why)."""


def outlive_nobody(worker_gone: int) -> None:
    """Process 1: wait until the notebook or the worker is gone, then end, and all in here with it."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # orphans are buried by the kernel
    poll = select.poll()
    poll.register(REQUESTS, 0)
    poll.register(worker_gone, 0)
    poll.poll()
    os._exit(0)


def main() -> None:
    alive, held = os.pipe()
    if os.fork():
        os.close(held)
        os.close(ANSWERS)
        outlive_nobody(alive)
    os.close(alive)
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    system.mount("tmpfs", "/run")
    os.mkdir("/run/netns")
    holder = Holder()
    holder.serve()
