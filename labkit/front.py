"""`labkit.Lab`: the lab with everything a learner does to it as methods.

Each method is a line or two into the room that does the work, loaded when first used, so that
`import labkit` stays light and the rooms below know nothing of those above.
"""

from typing import TYPE_CHECKING

from .lab.lab import Lab as State

if TYPE_CHECKING:
    from .commands.result import Result
    from .commands.shell import Variables
    from .commands.transcript import Replay
    from .kernel import Real
    from .trace.trace import Trace


class Lab(State):
    """One or more machines made of Linux tables. `Lab()` has one machine, "host", with lo."""

    def sh(self, line: str, on: str | None = None, stdin: str = "", variables: "Variables | None" = None) -> "Result":
        """Run a line of shell, or several, in the namespace `on` and answer as the real tools do.

        Returns a Result with returncode, stdout and stderr. `stdin` is what the line reads. Its shell variables go with it,
        unless `variables` (commands.shell.Variables) are handed from one call to the next. A command's failure is not an exception;
        LabError only when there is no such namespace.
        """
        from .commands.shell import sh

        return sh(self, line, on, stdin, variables)

    def replay(self, text: str) -> "Replay":
        """Run a pasted transcript, prompts and all; one Replayed (expected, got, same) per command."""
        from .commands.transcript import replay

        return replay(self, text)

    def trace(
        self, source: str, destination: str, *, proto: str = "icmp", port: int | None = None, ttl: int | None = None, size: int = 56,
        df: bool | None = None, src: str | None = None, dev: str | None = None, tos: int = 0, count: int = 1, interval: float = 1.0,
        wait: float = 10.0, deadline: float | None = None, endpoint: str | None = None,
    ) -> "Trace":
        """Send a probe and tell every decision on its way, there and back: a Trace.

        proto: "icmp", "udp" or "tcp". size: bytes of payload. df: True sets "don't fragment", False clears it, None is what Linux does.
        src, dev: send from this address, out of this interface. Of `count` probes one leaves every `interval` seconds.
        wait: seconds for the first answer; deadline: seconds after which it ends whatever happens. endpoint: where rules that choose by
        chance (`statistic --mode random`, as kube-proxy writes them) are to lead it; without one they are taken in turn.
        """
        from .trace.probe import probe

        return probe(
            self, source, destination, proto=proto, port=port, ttl=ttl, size=size, df=df, src=src, dev=dev, tos=tos, count=count,
            interval=interval, wait=wait, deadline=deadline, endpoint=endpoint,
        )

    def realize(self) -> "Real":
        """The same lab in real network namespaces: a context manager (see `labkit.kernel`)."""
        from .kernel.realize import realize

        return realize(self)
