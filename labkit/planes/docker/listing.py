"""`docker ps` and `docker inspect`: what the engine has, as columns and as JSON.

The lab's clock has no date, so everything was made "2 hours ago", and what runs is "Up 2 hours".
"""

import json

from ...commands.regex import Pattern
from ...commands.result import Context, Failure, Result
from ...errors import BadInput
from .. import go
from . import describe, ports
from .columns import columns, formatted
from .container import Container
from .flags import Flags
from .refused import Refused
from .template import render

AGO = "2 hours"
_PS = {"all": "a", "filter": "f:", "format": ":", "last": "n:", "latest": "l", "no-trunc": "", "quiet": "q", "size": "s"}
_HEADERS = {
    "ID": "CONTAINER ID", "Image": "IMAGE", "Command": "COMMAND", "RunningFor": "CREATED", "CreatedAt": "CREATED AT",
    "Status": "STATUS", "State": "STATE", "Ports": "PORTS", "Names": "NAMES", "Networks": "NETWORKS",
}  # fmt: skip
_COLUMNS = ("ID", "Image", "Command", "RunningFor", "Status", "Ports", "Names")


def ps(engine, ctx: Context, args: list[str]) -> Result:
    """The newest first, as Docker lists them."""
    flags = Flags("ps", _PS, args)
    flags.need(0, 0)
    chosen = _chosen(engine, flags)
    whole = flags.on("no-trunc")
    rows = [_row(c, whole) for c in chosen]
    if flags.on("quiet"):
        return Result(0, "".join(f"{row['ID']}\n" for row in rows))
    if flags.one("format"):
        return Result(0, formatted(flags.one("format"), _HEADERS, rows))
    return Result(0, columns([tuple(row[key] for key in _COLUMNS) for row in [_HEADERS, *rows]]))


def _chosen(engine, flags: Flags) -> list[Container]:
    newest_first = engine.containers[::-1]
    last = flags.one("last", "-1")
    try:
        limit = 1 if flags.on("latest") else go.integer(last)
    except ValueError as error:
        raise flags.wrong(f'invalid argument "{last}" for "-n, --last" flag: {error}') from None
    filters = [_filter(engine, text) for text in flags.all("filter")]
    everything = flags.on("all") or limit > 0 or any(f.startswith("status=") for f in flags.all("filter"))
    try:
        chosen = [c for c in newest_first if (everything or c.running) and all(fits(c) for fits in filters)]
    except BadInput as error:
        raise Failure(1, f"{error}\n") from None
    return chosen[:limit] if limit > 0 else chosen


def _filter(engine, text: str):
    """One --filter KEY=VALUE as a test of containers."""
    key, sign, value = text.partition("=")
    if not sign:
        raise Failure(1, "bad format of filter (expected name=value)\n")
    try:
        pattern = Pattern(value) if key == "name" else None
    except BadInput:
        raise Failure(1, f"Error response from daemon: Invalid filter 'name={value}'\n") from None
    tests = {
        "name": lambda c: pattern.search(c.name) or pattern.search(f"/{c.name}"),
        "id": lambda c: c.id.startswith(value),
        "status": lambda c: c.status == value,
        "ancestor": lambda c: c.image in (value, f"{value}:latest"),
        "network": lambda c: value in c.endpoints or any(n.id.startswith(value) for n in map(engine.networks.get, c.endpoints) if n),
    }
    if key not in tests:
        raise Failure(1, f"Error response from daemon: Invalid filter '{key}'\n")
    return tests[key]


def _row(c: Container, whole: bool) -> dict[str, str]:
    command = " ".join(c.request.command)
    if not whole and len(command) > 20:
        command = command[:19] + "…"
    status = {"running": f"Up {AGO}", "exited": f"Exited ({c.exit_code}) {AGO} ago", "created": "Created"}[c.status]
    return {
        "ID": c.id if whole else c.id[:12],
        "Image": c.image,
        "Command": f'"{command}"',
        "RunningFor": f"{AGO} ago",
        "CreatedAt": describe.CREATED,
        "Status": status,
        "State": c.status,
        "Ports": ports.shown(c.bindings, describe.exposed_keys(c)) if any(e.address for e in c.endpoints.values()) else "",
        "Names": c.name,
        "Networks": ",".join(sorted(c.endpoints)),
    }


def inspect(engine, ctx: Context, args: list[str]) -> Result:
    """Containers and networks by name or id."""
    flags = Flags("inspect", {"format": "f:", "size": "s", "type": ":"}, args)
    flags.need(1)
    kind = flags.one("type")

    def look(word: str) -> dict:
        if kind in ("", "container"):
            try:
                return describe.container(engine, engine.find(word))
            except Refused:
                if kind:
                    raise
        try:
            return describe.network(engine, engine.networks.find(word))
        except Refused:
            raise Refused(f"No such {kind or 'object'}: {word}") from None

    return inspected(flags, look)


def inspected(flags: Flags, look) -> Result:
    """Each word looked at; what is there is printed even when others are not (docker/cli: inspect.go)."""
    found, complaints = [], ""
    for word in flags.words:
        try:
            found.append(look(word))
        except Refused as error:
            complaints += f"Error: {error}\n"
    if not flags.one("format"):
        text = json.dumps(found, indent=4) + "\n"
    else:
        try:
            text = "".join(f"{render(flags.one('format'), thing)}\n" for thing in found) or "\n"
        except BadInput as error:
            raise Failure(1, f"Template parsing error: {error}\n", "\n") from None
    return Result(1 if complaints else 0, text, complaints)
