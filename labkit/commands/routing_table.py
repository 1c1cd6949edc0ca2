"""The main table as route(8) and netstat(8) show it, from /proc/net/route (net-tools lib/inet_gr.c).

Layouts: 0 `netstat -rn`, 1 `route -n`, from 2 on both together (`-ee`).
"""

from ..lab import routes
from ..tables.route import MAIN, netstat_lines, route_n_lines
from .hosts import name_of, numeric
from .result import Context


def routing_table(ctx: Context, layout: int, numeric: bool, cache: bool = False) -> str:
    """All lines. Without `numeric`, 0.0.0.0/0 is called `default`; no other network has a name here."""
    if cache:  # Linux has had no routing cache since 3.6
        columns = {0: "Flags   MSS Window  irtt Iface", 1: "Flags Metric Ref    Use Iface"}.get(
            layout, "Flags Metric Ref    Use Iface    MSS   Window irtt  HH  Arp"
        )
        return f"Kernel IP routing cache\nSource          Destination     Gateway         {columns}\n"
    listed = routes.dump(ctx.lab, ctx.ns, MAIN)
    short, long = netstat_lines(listed), route_n_lines(listed)
    if layout == 0:
        lines = short
    elif layout == 1:
        lines = long
    else:
        lines = [long[0], f"{long[1]}    MSS   Window irtt", *map(_both, long[2:], short[2:])]
    if not numeric:
        lines = [_named(line) for line in lines]
    return "".join(f"{line}\n" for line in lines)


def listing_status(ctx: Context) -> int:
    """1 while the kernel has no tables at all: /proc/net/route is then without its headings (observed)."""
    return 0 if ctx.ns.tables else 1


def _both(long: str, short: str) -> str:
    *start, dev = long.rsplit(" ", 1)
    mss, window, irtt = short[53:].split()[:3]
    return f"{' '.join(start)} {dev:<8} {mss:<5} {window:<6} {irtt}"


def _named(line: str) -> str:
    target, gateway, mask = (line[start : start + 16].rstrip() for start in (0, 16, 32))
    if target == mask == "0.0.0.0":
        line = f"{'default':<16}{line[16:]}"
    for start, word in ((0, target if mask == "255.255.255.255" else ""), (16, gateway)):
        known = numeric(word) if word != "0.0.0.0" else None
        name = name_of(known) if known is not None else None
        line = line if name is None else f"{line[:start]}{name:<15.15} {line[start + 16 :]}"
    return line
