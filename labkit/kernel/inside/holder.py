"""The child process that holds a realized lab: while it lives, so do its namespaces, and no longer.

Process 1 of a new pid namespace only waits for its other side to go away: its standard input is a pipe that the
notebook holds open, so it ends when the notebook does, however that ended; and with process 1 the kernel ends every
process, namespace and interface in here. Its child, the worker, reads requests and answers each. The two live in user
namespaces one inside of the other, see walls.py.
"""

import _signal as signal  # without the names that signal.py adds, at three milliseconds
import _socket as socket  # likewise
import marshal
import os
import select
import struct
import sys

from . import system, walls
from .netlink import Netlink, Refused, describe
from .taps import Loop, Tap

REQUESTS, ANSWERS = 0, 1
_LENGTH = struct.Struct("=I")
#: Settings that write others (kernel: devinet.c inet_forward_change); "default" and "all" may write those of the same name.
_WRITES = {"ip_forward": ("ip_forward", "forwarding", "accept_redirects")}


class Holder:
    """The namespaces of one lab, by number."""

    def __init__(self):
        self.loop = Loop()
        self.sockets: list[Netlink] = []
        self.taps: list[Tap] = []
        self.programs: list = []
        self.marks: list[bytes] = []  # of the probe that is under way
        self.views = None
        self.tuns: dict[tuple[int, str], int] = {}
        self.at_first: dict[str, list[str] | None] = {}
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
        system.reserve(count)
        for number in range(count):
            system.new_namespace(number)
            self.sockets.append(Netlink())
        system.enter(0)

    def sysctls(self, number: int, values: list[tuple[str, str, bool]]) -> None:
        """Write files under /proc/sys: (path, value, whether it must be there)."""
        system.enter(number)
        for path, value, needed in values:
            self._write_sysctl(number, path, value, needed)
        system.enter(0)

    def fresh_sysctls(self, number: int, values: list[tuple[str, str, bool]]) -> None:
        """The same for a namespace as it was made, all of which are alike: what one has already is not written.

        To find a file takes the kernel longer the more namespaces there are: their names are all in one chain of its cache.
        """
        system.enter(number)
        written = set()
        for path, value, needed in values:
            key = path.rpartition("/")[2]
            if key in written or self._at_first(path) != value.split():
                self._write_sysctl(number, path, value, needed)
                written.update(_WRITES.get(key, (key,)))
        system.enter(0)

    def _at_first(self, path: str) -> list[str] | None:
        if path not in self.at_first:
            try:
                with open(f"/proc/sys/{path}") as file:
                    self.at_first[path] = file.read().split()
            except OSError:
                self.at_first[path] = None
        return self.at_first[path]

    def _write_sysctl(self, number: int, path: str, value: str, needed: bool) -> None:
        try:
            fd = os.open(f"/proc/sys/{path}", os.O_WRONLY)
            try:
                os.write(fd, value.encode())
            finally:
                os.close(fd)
        except OSError as error:
            if needed:
                raise Problem(number, f"sysctl {path}={value}", os.strerror(error.errno)) from None

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

    def listener(self, number: int, listener: dict) -> None:
        from .servers import Server

        try:
            self.programs.append(Server(number, listener, self.marks, self.loop))
        except OSError as error:
            where = "{proto} {address} port {port}".format(**listener)
            raise Problem(number, f"a listener at {where}", os.strerror(error.errno)) from None

    def watch(self) -> None:
        """Open the taps."""
        for number in range(len(self.sockets)):
            system.enter(number)
            self.taps.append(Tap(number))
        system.enter(0)

    def probe(self, wish: dict) -> dict:
        from .probes import Probe

        self.marks[:] = wish["marks"]
        try:
            return Probe(wish, self.taps, self.sockets, self.loop).run()
        finally:
            self.marks.clear()

    def sh(self, line: str, machine: str, number: int, seconds: float) -> tuple[int, bytes, bytes]:
        from . import tools

        if self.views is None:
            self.views = tools.Views(self.named)
        return tools.run(line, number, self.views.of(machine, number), seconds, self.loop)

    def restore(self, number: int, machine: str, rules: str) -> None:
        """Put a packet filter in, as iptables-restore reads it."""
        path = f"/tmp/.rules-{number}"
        with open(path, "w", encoding="utf-8") as file:
            file.write(rules)
        status, _, err = self.sh(f"iptables-restore -c {path}", machine, number, 60.0)
        os.unlink(path)
        if status:
            missing = "iptables is not installed; on Debian it is in the package iptables"
            raise Problem(number, "iptables-restore", missing if status == 127 else err.decode(errors="replace").strip())

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
        except OSError as error:
            answer = (number, "stopped", _stopped(error))
        except Exception:
            import traceback

            answer = (number, "failed", traceback.format_exc())
        _say(answer)


def _say(answer: tuple) -> None:
    data = marshal.dumps(answer)
    data = _LENGTH.pack(len(data)) + data
    while data:
        data = data[os.write(ANSWERS, data) :]


def _stopped(error: OSError) -> tuple[str, int]:
    """What the machine did not give, and the errno it said so with."""
    return str(error.filename or ""), error.errno


class Problem(Exception):
    """What could not be done: (namespace number, what, why)."""


def outlive_nobody(worker: socket.socket) -> None:
    """Process 1: wait until the notebook or the worker is gone, then end, and all in here with it."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # orphans are buried by the kernel
    _, control, _, _ = worker.recvmsg(1, socket.CMSG_SPACE(4))
    for _, _, network in control:  # the lab's own first one: "process 1" means that in `ip link set … netns 1`
        system.enter_network(int.from_bytes(network, sys.byteorder))
    poll = select.poll()
    poll.register(REQUESTS, 0)
    poll.register(worker, 0)
    poll.poll()
    os._exit(0)


def main() -> None:
    """The process that the notebook started stays outside and waits; its child is process 1, and that one's the worker."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # or a KeyboardInterrupt would be raised in process 1
    try:
        proc = os.open("/proc", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        system.become_root(system.CLONE_NEWNS | system.CLONE_NEWPID, proc, "namespaces")
        first = os.fork()
        if first:
            stay_outside(first)
        system.die_with_parent()
        os.chdir("/")
        work(walls.close_off([*sys.path, *sys.argv[1:]]))  # what Python itself reads, and labkit
    except OSError as error:
        _say((0, "stopped", _stopped(error)))


def stay_outside(first: int) -> None:
    """What the notebook waits for: it is gone when all in the pid namespace is. SIGTERM: end it, whoever still holds its pipe."""
    os.close(REQUESTS)
    os.close(ANSWERS)
    signal.signal(signal.SIGTERM, lambda *_: os.kill(first, signal.SIGKILL))
    os.waitpid(first, 0)
    os._exit(0)


def work(proc: int) -> None:
    """Process 1 goes on as the worker's parent, the worker into the namespaces that belong to the lab."""
    mine, theirs = socket.socketpair()
    if os.fork():
        theirs.close()
        os.close(ANSWERS)
        outlive_nobody(mine)
    mine.close()
    lab = system.CLONE_NEWNS | system.CLONE_NEWNET | system.CLONE_NEWUTS | system.CLONE_NEWIPC
    system.become_root(lab, proc, "namespaces")
    os.close(proc)
    network = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    theirs.sendmsg([b"."], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, network.to_bytes(4, sys.byteorder))])
    os.close(network)
    system.hide_from_tools()
    Holder().serve()
