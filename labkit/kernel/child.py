"""The child process, seen from outside: started, asked, and gone when this side lets go.

A notebook has threads, and the kernel lets no process with threads into a new user namespace: hence a child, talked
to through two pipes. When the writing end of the first closes, because of `close`, the end of the notebook or
`kill -9`, the child's process 1 ends and takes everything along (see inside/holder.py).
"""

import marshal
import os
import select
import struct
import subprocess
import sys
import threading
import time
import weakref
from pathlib import Path

from ..errors import LabError
from .limits import Unavailable

_HERE = Path(__file__).parent
_BOOT = "import sys; package, *sys.argv[1:] = sys.argv[1:]; sys.path.insert(0, package); from inside.holder import main; main()"
_LENGTH = struct.Struct("=I")
_MOST = 1 << 29
#: Seconds that an answer may take beyond what was asked for; and that the end may take.
PATIENCE, ENDING = 15.0, 30.0
_all: weakref.WeakSet = weakref.WeakSet()


class Refused(LabError):
    """The real kernel refuses something: `namespace` (a number), `what`, `why`."""

    def __init__(self, namespace: int, what: str, why: str):
        self.namespace, self.what, self.why = namespace, what, why
        super().__init__(f"{what}: {why}")


class Child:
    """A process in namespaces of its own; `ask` it for one of the verbs of inside/holder.py."""

    def __init__(self):
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-I", "-S", "-c", _BOOT, str(_HERE), str(_HERE.parent)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
            )
        except OSError as error:
            raise Unavailable(f"starting {sys.executable}", error.errno) from None
        self._owner = os.getpid()
        self._end = weakref.finalize(self, _end, self.process, self._owner)
        self._lock = threading.Lock()
        self._buffer = b""
        self._number = self._told = 0
        _all.add(self)

    def ask(self, verb: str, *arguments, seconds: float = 0.0):
        """Have something done and return the answer; `seconds` is how long it may rightly take."""
        self._check_owner()
        with self._lock:
            try:
                self._send(verb, arguments)
                kind, answer = self._answer(time.monotonic() + seconds + PATIENCE)
            except (OSError, EOFError):
                kind, answer = self._last_answer()
        if kind == "refused":
            raise Refused(*answer)
        if kind == "stopped":
            raise Unavailable(*answer)
        if kind == "failed":
            raise RuntimeError(f"in the process that holds the real lab:\n{answer}")
        return answer

    def tell(self, verb: str, *arguments) -> None:
        """Have something begun; if it goes wrong, that is the answer to what is asked next."""
        self._check_owner()
        with self._lock:
            try:
                self._send(verb, arguments)
                self._told = self._number
            except OSError:  # it is gone, as will be found out then
                pass

    def _check_owner(self) -> None:
        if os.getpid() != self._owner:
            raise LabError("this real lab belongs to the process that realized it: in a forked one, realize the lab again")

    def _send(self, verb: str, arguments: tuple) -> None:
        if self.closed:
            raise LabError("this real lab is closed: realize the lab again")
        self._number += 1
        data = marshal.dumps((self._number, verb, arguments))
        self._write(_LENGTH.pack(len(data)) + data)

    def _write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self.process.stdin.fileno(), data) :]

    def _answer(self, deadline: float) -> tuple:
        """The answer to the latest request; one to a request that was interrupted is passed over."""
        while True:
            for number, kind, answer in self._answers():
                if number in (0, self._number) or (number == self._told and kind != "done"):  # 0: it could not even start
                    return kind, answer
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                self._give_up("did not answer in time")
            data = os.read(self.process.stdout.fileno(), 1 << 20)
            if not data:
                raise EOFError
            self._buffer += data

    def _answers(self):
        """What has come so far. Only the child writes here; but were it anything else, nothing could be trusted."""
        while len(self._buffer) >= 4:
            size = _LENGTH.unpack_from(self._buffer)[0]
            if size > _MOST:
                self._give_up("answered with something that is no answer")
            if len(self._buffer) < 4 + size:
                return
            body, self._buffer = self._buffer[4 : 4 + size], self._buffer[4 + size :]
            try:
                number, kind, answer = marshal.loads(body)
            except (ValueError, TypeError, EOFError):
                self._give_up("answered with something that is no answer")
            yield number, kind, answer

    def _give_up(self, why: str) -> None:
        self.close()
        raise LabError(f"the real lab {why} and was ended: realize the lab again")

    def _last_answer(self) -> tuple:
        """It is gone: what it still said (why it could not start), or else how it ended."""
        try:
            answer = self._answer(time.monotonic() + ENDING)
        except (OSError, EOFError):
            self.close(keep_errors=True)
            with self.process.stderr as errors:
                words = errors.read().decode(errors="replace").strip()
            raise LabError(f"the real lab ended: {(words or f'exit status {self.process.returncode}').splitlines()[-1]}") from None
        self.close()
        return answer

    @property
    def closed(self) -> bool:
        return not self._end.alive

    def close(self, keep_errors: bool = False) -> None:
        """End the process and wait until it, and all in its namespaces, is gone."""
        if self._end.detach():
            _end(self.process, self._owner, keep_errors)


def _let_go() -> None:
    """In a forked process: hold on to no lab's pipes, or the labs would outlive the notebook."""
    for child in list(_all):
        child.close()


if hasattr(os, "register_at_fork"):  # not on Windows, where nothing forks
    os.register_at_fork(after_in_child=_let_go)


def _end(process: subprocess.Popen, owner: int, keep_errors: bool = False) -> None:
    """Its standard input closed, or SIGTERM, is what ends it; killing is for one that does not listen."""
    process.stdin.close()
    if os.getpid() != owner:
        process.returncode = 0  # not ours to wait for
    else:
        process.terminate()
        try:
            process.wait(ENDING)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    process.stdout.close()
    if not keep_errors:
        process.stderr.close()
