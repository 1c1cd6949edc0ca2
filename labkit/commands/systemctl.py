"""systemctl(1) of systemd 252, service(8) and journalctl(1), over the daemons of a machine (lab/program.py).

The lab has no calendar: what the real ones say of times and of memory is left out.
"""

from ..errors import LabError
from ..lab.program import Daemon, process_number
from .result import Context, Failure, Result
from .words import given, whole

_LONG = {"now": "N", "no-pager": "P", "quiet": "q", "full": "l", "unit": "u:", "lines": "n:", "pager-end": "e", "catalog": "x"}
_NO_SYSTEMD = "System has not been booted with systemd as init system (PID 1). Can't operate.\nFailed to connect to bus: Host is down\n"
_FAILED = """\
Job for {0}.service failed because the control process exited with error code.
See "systemctl status {0}.service" and "journalctl -xeu {0}.service" for details.
"""
#: What is said of a unit that is not there, and the exit status.
_MISSING = {
    "start": (5, "Failed to start {0}.service: Unit {0}.service not found.\n"),
    "restart": (5, "Failed to restart {0}.service: Unit {0}.service not found.\n"),
    "stop": (5, "Failed to stop {0}.service: Unit {0}.service not loaded.\n"),
    "status": (4, "Unit {0}.service could not be found.\n"),
    "is-active": (3, ""),
    "is-enabled": (1, "Failed to get unit file state for {0}.service: No such file or directory\n"),
    "enable": (1, "Failed to enable unit: Unit file {0}.service does not exist.\n"),
}


def systemctl(ctx: Context, args: list[str]) -> Result:
    """`systemctl ACTION UNIT…`; each unit has its answer, the last failure is the exit status."""
    options, words = _options("systemctl", ctx, args, "qln:")
    action = words[0] if words else "list-units"
    if action == "daemon-reload":
        return Result()
    if action not in _MISSING:
        here = ", ".join(name for name, machine in ctx.lab.daemons if machine == ctx.ns.machine) or "no daemon"
        raise Failure(1, f"The lab's systemctl knows {', '.join(_MISSING)}, and on this machine {here}: not {action}.\n")
    if len(words) == 1:
        raise Failure(1, "Too few arguments.\n")
    results = [_act(ctx, action, unit.removesuffix(".service"), options) for unit in words[1:]]
    separator = "\n" if action == "status" else ""
    status = next((result.returncode for result in reversed(results) if result.returncode), 0)
    return Result(status, separator.join(r.stdout for r in results), "".join(r.stderr for r in results))


def service(ctx: Context, args: list[str]) -> Result:
    """`service NAME ACTION` hands on to systemctl."""
    if len(args) != 2:
        raise Failure(1, "Usage: service < option > | --status-all | [ service_name [ command | --full-restart ] ]\n")
    return systemctl(ctx, [args[1], args[0]])


def journalctl(ctx: Context, args: list[str]) -> Result:
    """`journalctl -u UNIT [-n N]`: what a daemon has said."""
    options, words = _options("journalctl", ctx, args, "u:n:exlqf")
    if words or "u" not in options or "f" in options:
        raise Failure(1, "The lab's journalctl shows what one daemon has said: journalctl -u flanneld.\n")
    most = whole(options.get("n", "1000"))
    if most is None or most < 0:
        raise Failure(1, f"Failed to parse lines '{options['n']}'\n")
    daemon = ctx.lab.daemons.get((options["u"].removesuffix(".service"), ctx.ns.machine))
    return Result(0, _log(daemon, most) if daemon is not None and daemon.log else "-- No entries --\n")


def _options(tool: str, ctx: Context, args: list[str], short: str) -> tuple[dict[str, str], list[str]]:
    found = given(tool, args, short, _LONG, hint="")
    if ctx.ns.role in ("container", "pod"):
        raise Failure(1, _NO_SYSTEMD)
    return found


def _log(daemon: Daemon, most: int) -> str:
    lines = [line for entry in daemon.log for line in entry.splitlines()]
    who = f"{daemon.machine} {daemon.name}[{process_number(daemon.name)}]"
    return "".join(f"{who}: {line}\n" for line in lines[max(len(lines) - most, 0) :])


def _act(ctx: Context, action: str, name: str, options: dict[str, str]) -> Result:
    """One action on one unit. Every daemon of the lab is enabled; `enable --now` starts it as well."""
    daemon = ctx.lab.daemons.get((name, ctx.ns.machine))
    told = "q" not in options
    if daemon is None:
        status, words = _MISSING[action]
        return Result(status, "inactive\n" if action == "is-active" and told else "", words.format(name))
    if action == "status":
        return _status(daemon)
    if action == "is-active":
        return Result(0 if daemon.running else 3, ("active\n" if daemon.running else "inactive\n") if told else "")
    if action == "is-enabled":
        return Result(0, "enabled\n" if told else "")
    if action in ("stop", "restart"):
        daemon.stop()
    if action in ("start", "restart") or (action == "enable" and "N" in options):
        try:
            daemon.start()
        except LabError:
            return Result(1, "", _FAILED.format(name))
    return Result()


def _status(daemon: Daemon) -> Result:
    name, pid, log = daemon.name, process_number(daemon.name), _log(daemon, 10)
    out = f"{'●' if daemon.running else '○'} {name}.service - {daemon.description}\n"
    out += f"     Loaded: loaded (/lib/systemd/system/{name}.service; enabled; preset: enabled)\n"
    out += f"     Active: {'active (running)' if daemon.running else 'inactive (dead)'}\n"
    if daemon.running:
        out += f"   Main PID: {pid} ({name})\n     CGroup: /system.slice/{name}.service\n             └─{pid} {daemon.command}\n"
    return Result(0 if daemon.running else 3, out + (f"\n{log}" if log else ""))
