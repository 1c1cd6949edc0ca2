"""One thread waits for everything: requests, taps, programs of the lab, tools. A small event loop over poll(2)."""

import select
import time


class Loop:
    """Calls back when a file descriptor has something to read (or its other end is gone)."""

    def __init__(self):
        self._poll = select.poll()
        self._callbacks: dict = {}

    def add(self, fd: int, callback) -> None:
        self._callbacks[fd] = callback
        self._poll.register(fd, select.POLLIN)

    def remove(self, fd: int) -> None:
        del self._callbacks[fd]
        self._poll.unregister(fd)

    def turn(self, seconds: float | None) -> bool:
        """Wait at most that long for something, deal with it, and say whether there was any."""
        ready = self._poll.poll(None if seconds is None else max(0, seconds * 1000))
        for fd, _ in ready:
            if fd in self._callbacks:
                self._callbacks[fd]()
        return bool(ready)

    def run(self, done, deadline: float) -> None:
        """Deal with what comes until `done()`, or until the monotonic clock shows `deadline`."""
        while not done():
            left = deadline - time.monotonic()
            if left <= 0:
                return
            self.turn(left)
