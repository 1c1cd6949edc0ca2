"""nsenter(1) of util-linux 2.38: a command in the network namespace of a process.

A container's namespace has no name for `ip netns`; a process in it has a number. Only the network is entered: files stay the machine's.
"""

from dataclasses import replace

from . import shell
from .result import Context, Failure, Result
from .words import getopt, is_digits, whole


def nsenter(ctx: Context, args: list[str]) -> Result:
    """Run one `nsenter` line; `args` are the words after it."""
    at = _command_at(args)
    options, _ = getopt("nsenter", args[:at], "t:n", {"target": "t:", "net": "n"})
    if wrong := next((value for letter, value in options if letter == "?"), ""):
        raise Failure(1, f"{wrong}Try 'nsenter --help' for more information.\nThe lab's nsenter knows -t PID (--target) and -n (--net).\n")
    given, words = dict(options), args[at:]
    pid = given.get("t")
    if pid is None:
        raise Failure(1, "nsenter: neither filename nor target pid supplied for ns/net\n" if "n" in given else
                         "nsenter: no target PID specified\n")  # fmt: skip
    if not is_digits(pid):
        raise Failure(1, f"nsenter: failed to parse pid: '{pid}'\n")
    found = ctx.lab.of_process(ctx.ns.machine, whole(pid))
    if found is None:
        raise Failure(1, f"nsenter: cannot open /proc/{pid}/ns/net: No such file or directory\n")
    if not words:
        raise Failure(1, "The lab opens no shell in a namespace: give a command behind -n.\n")
    if shell.find(ctx.lab, words[0].rpartition("/")[2]) is None:
        raise Failure(127, f"nsenter: failed to execute {words[0]}: No such file or directory\n")
    return shell.run_argv(replace(ctx, ns=found if "n" in given else ctx.ns), words)


def _command_at(args: list[str]) -> int:
    """Where nsenter's own words end: at the first that is no option and no option's value."""
    at = 0
    while at < len(args) and args[at].startswith("-"):
        if args[at] == "--":
            return at + 1
        at += 2 if args[at] in ("-t", "--target", "-nt") else 1
    return min(at, len(args))
