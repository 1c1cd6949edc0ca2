"""systemctl(1) of systemd 252, service(8) and journalctl(1), over the daemons of a machine (lab/program.py).

The lab has no calendar: what the real ones say of times and of memory is left out.
"""

from ..errors import LabError
from ..lab.program import Daemon
from ..lab.sockets import process_number
from .getopt import getopt
from .result import Context, Failure, Result
from .words import whole

_LONG = {"now": "N", "no-pager": "P", "quiet": "q", "full": "l", "unit": "u:", "lines": "n:", "pager-end": "e", "catalog": "x"}
_NO_SYSTEMD = "System has not been booted with systemd as init system (PID 1). Can't operate.\nFailed to connect to bus: Host is down\n"
_FAILED = """\
Job for {0}.service failed because the control process exited with error code.
See "systemctl status {0}.service" and "journalctl -xeu {0}.service" for details.
"""


def systemctl(ctx: Context, args: list[str]) -> Result:
    """`systemctl ACTION UNIT…`; each unit has its answer, the last failure is the exit status."""
    options, words = getopt("systemctl", args, "qln:", _LONG)
    given = dict(options)
    if "?" in given:
        raise Failure(1, given["?"])
    _need_systemd(ctx)
    action = words[0] if words else "list-units"
    if action == "daemon-reload":
        return Result()
    if action not in _ACTIONS:
        here = ", ".join(name for name, machine in ctx.lab.daemons if machine == ctx.ns.machine) or "no daemon"
        raise Failure(1, f"The lab's systemctl knows {', '.join(_ACTIONS)}, and on this machine {here}: not {action}.\n")
    if len(words) == 1:
        raise Failure(1, "Too few arguments.\n")
    results = [_ACTIONS[action](ctx, unit.removesuffix(".service"), given) for unit in words[1:]]
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
    options, words = getopt("journalctl", args, "u:n:exlqf", _LONG)
    given = dict(options)
    if "?" in given:
        raise Failure(1, given["?"])
    _need_systemd(ctx)
    if words or "u" not in given or "f" in given:
        raise Failure(1, "The lab's journalctl shows what one daemon has said: journalctl -u flanneld.\n")
    most = whole(given.get("n", "1000"))
    if most is None or most < 0:
        raise Failure(1, f"Failed to parse lines '{given['n']}'\n")
    daemon = _daemon(ctx, given["u"].removesuffix(".service"))
    return Result(0, "".join(_log(daemon, most)) if daemon is not None and daemon.log else "-- No entries --\n")


def _need_systemd(ctx: Context) -> None:
    if ctx.ns.role in ("container", "pod"):
        raise Failure(1, _NO_SYSTEMD)


def _daemon(ctx: Context, name: str) -> Daemon | None:
    return ctx.lab.daemons.get((name, ctx.ns.machine))


def _log(daemon: Daemon, most: int) -> list[str]:
    lines = [line for entry in daemon.log for line in entry.splitlines()]
    return [f"{daemon.machine} {daemon.name}[{process_number(daemon.name)}]: {line}\n" for line in lines[max(len(lines) - most, 0) :]]


def _start(ctx: Context, name: str, given: dict[str, str], verb: str = "start") -> Result:
    daemon = _daemon(ctx, name)
    if daemon is None:
        return Result(5, "", f"Failed to {verb} {name}.service: Unit {name}.service not found.\n")
    try:
        daemon.start()
    except LabError:
        return Result(1, "", _FAILED.format(name))
    return Result()


def _stop(ctx: Context, name: str, given: dict[str, str]) -> Result:
    daemon = _daemon(ctx, name)
    if daemon is None:
        return Result(5, "", f"Failed to stop {name}.service: Unit {name}.service not loaded.\n")
    daemon.stop()
    return Result()


def _restart(ctx: Context, name: str, given: dict[str, str]) -> Result:
    if _daemon(ctx, name) is not None:
        _stop(ctx, name, given)
    return _start(ctx, name, given, "restart")


def _status(ctx: Context, name: str, given: dict[str, str]) -> Result:
    daemon = _daemon(ctx, name)
    if daemon is None:
        return Result(4, "", f"Unit {name}.service could not be found.\n")
    out = f"{'●' if daemon.running else '○'} {name}.service - {daemon.description}\n"
    out += f"     Loaded: loaded (/lib/systemd/system/{name}.service; enabled; preset: enabled)\n"
    out += f"     Active: {'active (running)' if daemon.running else 'inactive (dead)'}\n"
    if daemon.running:
        pid = process_number(name)
        out += f"   Main PID: {pid} ({name})\n     CGroup: /system.slice/{name}.service\n             └─{pid} {daemon.command}\n"
    log = _log(daemon, 10)
    return Result(0 if daemon.running else 3, out + ("\n" + "".join(log) if log else ""))


def _is_active(ctx: Context, name: str, given: dict[str, str]) -> Result:
    daemon = _daemon(ctx, name)
    active = daemon is not None and daemon.running
    return Result(0 if active else 3, "" if "q" in given else "active\n" if active else "inactive\n")


def _is_enabled(ctx: Context, name: str, given: dict[str, str]) -> Result:
    if _daemon(ctx, name) is None:
        return Result(1, "", f"Failed to get unit file state for {name}.service: No such file or directory\n")
    return Result(0, "" if "q" in given else "enabled\n")


def _enable(ctx: Context, name: str, given: dict[str, str]) -> Result:
    """Every daemon of the lab is enabled already; `--now` starts it as well."""
    if _daemon(ctx, name) is None:
        return Result(1, "", f"Failed to enable unit: Unit file {name}.service does not exist.\n")
    return _start(ctx, name, given) if "N" in given else Result()


_ACTIONS = {
    "start": _start, "stop": _stop, "restart": _restart, "status": _status, "is-active": _is_active, "is-enabled": _is_enabled,
    "enable": _enable,
}  # fmt: skip
