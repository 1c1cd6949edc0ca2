"""`labkit.Lab`: the lab with everything a learner does to it as methods.

Each method is a line or two into the room that does the work, loaded when first used, so that
`import labkit` stays light and the rooms below know nothing of those above.
"""

from .lab.lab import Lab as State


class Lab(State):
    """One or more machines made of Linux tables. `Lab()` has one machine, "host", with lo."""

    def sh(self, line: str, on: str | None = None):
        """Run a command line in the namespace `on` and answer as the real tool does.

        Returns a Result with returncode, stdout and stderr. A command's failure is not an exception;
        LabError only when there is no such namespace.
        """
        from .commands.shell import sh

        return sh(self, line, on)

    def replay(self, text: str):
        """Run a pasted transcript, prompts and all; one Replayed (expected, got, same) per command."""
        from .commands.transcript import replay

        return replay(self, text)

    def trace(self, source: str, destination: str, **how):
        """Send a probe and tell every decision on its way, there and back: a Trace.

        how: proto="icmp"|"udp"|"tcp", port=, ttl=64, size=56 (payload bytes), df=, src=, dev=.
        """
        from .trace.probe import trace

        return trace(self, source, destination, **how)

    def who_wrote(self, line: str, on: str | None = None):
        """Who wrote this line of a table, and with which command: a list of (line, Origin)."""
        from .trace.origins import who_wrote

        return who_wrote(self, line, on)

    def realize(self, **how):
        """The same lab in real network namespaces: a context manager (see `labkit.kernel`)."""
        from .kernel.realize import realize

        return realize(self, **how)
