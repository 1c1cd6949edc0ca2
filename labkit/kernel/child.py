"""The child process, seen from outside: started, asked, and gone when this side lets go.

A notebook has threads, and the kernel lets no process with threads into a new user namespace: hence a child
(unshare(1)), talked to through two pipes. When the writing end of the first closes, because of `close`, the end
of the notebook or `kill -9`, the child's process 1 ends and takes everything along (see inside/holder.py).
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

UNSHARE = ["unshare", "--user", "--map-root-user", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
_BOOT = "import sys; sys.path.insert(0, sys.argv.pop(1)); from inside.holder import main; main()"
_HERE = Path(__file__).parent
_LENGTH = struct.Struct("=I")
#: Seconds that an answer may take beyond what was asked for.
PATIENCE = 15.0


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
                [*UNSHARE, sys.executable, "-I", "-S", "-c", _BOOT, str(_HERE)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
            )
        except OSError as error:
            raise LabError(f"real namespaces need unshare(1), of the package util-linux: {error}") from None
        self._end = weakref.finalize(self, _end, self.process)
        self._lock = threading.Lock()
        self._buffer = b""
        self._number = 0

    def ask(self, verb: str, *arguments, seconds: float = 0.0):
        """Have something done and return the answer; `seconds` is how long it may rightly take."""
        with self._lock:
            if self.closed:
                raise LabError("this real lab is closed: realize the lab again")
            self._number += 1
            data = marshal.dumps((self._number, verb, arguments))
            try:
                self._write(_LENGTH.pack(len(data)) + data)
                kind, answer = self._answer(time.monotonic() + seconds + PATIENCE)
            except (OSError, EOFError):
                raise LabError(f"the real lab ended: {self._last_words()}") from None
        if kind == "refused":
            raise Refused(*answer)
        if kind == "failed":
            raise RuntimeError(f"in the process that holds the real lab:\n{answer}")
        return answer

    def _write(self, data: bytes) -> None:
        while data:
            data = data[os.write(self.process.stdin.fileno(), data) :]

    def _answer(self, deadline: float) -> tuple:
        """The answer to the latest request; one to a request that was interrupted is passed over."""
        while True:
            while len(self._buffer) >= 4 and len(self._buffer) >= 4 + _LENGTH.unpack_from(self._buffer)[0]:
                size = _LENGTH.unpack_from(self._buffer)[0]
                number, kind, answer = marshal.loads(self._buffer[4 : 4 + size])
                self._buffer = self._buffer[4 + size :]
                if number == self._number:
                    return kind, answer
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                self.close()
                raise LabError("the real lab did not answer in time and was ended: realize the lab again")
            data = os.read(self.process.stdout.fileno(), 1 << 20)
            if not data:
                raise EOFError
            self._buffer += data

    def _last_words(self) -> str:
        self.close(keep_errors=True)
        with self.process.stderr as errors:
            words = errors.read().decode(errors="replace").strip()
        return words.splitlines()[-1] if words else f"exit status {self.process.returncode}"

    @property
    def closed(self) -> bool:
        return not self._end.alive

    def close(self, keep_errors: bool = False) -> None:
        """End the process and wait until it, and all in its namespaces, is gone."""
        if self._end.detach():
            _end(self.process, keep_errors)


def _end(process: subprocess.Popen, keep_errors: bool = False) -> None:
    """Closing its standard input is what ends it; killing is for one that does not listen."""
    process.stdin.close()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()
    if not keep_errors:
        process.stderr.close()
