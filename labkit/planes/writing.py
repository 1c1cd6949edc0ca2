"""How a control plane writes a line: it runs the command that a person would type.

The command is made of words, never of text for a shell: what comes out of etcd or an option of somebody's stays one
word, whatever is in it. The line carries the command, quoted as a shell would need it.
"""

import shlex
from collections.abc import Callable

from ..commands.result import Context
from ..commands.shell import run_argv
from ..errors import KernelError, LabError
from ..lab.lab import Lab
from ..lab.namespace import Namespace


def run(lab: Lab, ns: Namespace, who: str, line: str, *values, fine: str = "", stdin: str = "") -> None:
    """Run a command as `who`: run(lab, ns, "docker", "ip link set dev {} up", name).

    The line is cut into words first, then each {} becomes a value. LabError with the tool's own words when it fails,
    unless these are `fine`. `stdin`: what the command reads.
    """
    command, given = _quoted(line, values), iter(values)
    with lab.writing(who, command):
        result = run_argv(Context(lab, ns, stdin), [_filled(word, given) for word in line.split()])
    if result.returncode and (not fine or fine not in result.stderr):
        raise LabError(f"{who} on {ns.name}: `{command}`: {result.stderr.strip()}")


def holds(lab: Lab, ns: Namespace, line: str, *values) -> bool:
    """Whether a command that only looks, such as `iptables -C`, says yes; `line` and values as in `run`."""
    given = iter(values)
    return run_argv(Context(lab, ns), [_filled(word, given) for word in line.split()]).returncode == 0


def write(verb: Callable[[], None], lab: Lab, ns: Namespace, who: str, line: str, *values) -> None:
    """What `run` of the same line does, for planes that write thousands: `verb` does to the tables what the line says,
    and nothing is parsed. A refusal is worded by the tool itself."""
    try:
        with lab.writing(who, _quoted(line, values)):
            verb()
    except KernelError:
        run(lab, ns, who, line, *values)


def _quoted(line: str, values: tuple) -> str:
    return line.format(*[shlex.quote(str(value)) for value in values])


def _filled(word: str, values) -> str:
    first, *rest = word.split("{}")
    return first + "".join(f"{next(values)}{piece}" for piece in rest)
