"""`ip tuntap`: TUN and TAP interfaces that stay when the program that made them ends.

iproute2 ip/iptuntap.c; it speaks to /dev/net/tun, so refusals are ioctl's.
"""

from errno import EBUSY, EEXIST, EINVAL

from ...errors import KernelError, strerror
from ...lab import links
from ...lab.interface import Interface, Tun
from ..grammar import Words, ifname, matches, positional, read, unsupported
from ..records import Options, View, show
from ..result import Context, Failure, Result
from ..words import is_digits, whole


def _mode(word: str, words: Words) -> str:
    mode = next((mode for mode in ("tun", "tap") if matches(word, mode)), None)
    if mode is None:
        raise Failure(255, f'Unknown tunnel mode "{word}"\n')
    if words.said.get("mode", mode) != mode:
        raise Failure(255, "You managed to ask for more than one tunnel mode.\n")
    return mode


def _account(kind: str):
    """A user or group by number; of names the lab knows root."""

    def reader(word: str, words: Words) -> int:
        number = 0 if word == "root" else whole(word) if is_digits(word) else None
        if number is None or number >= 2**32:
            raise Failure(255, f'invalid {kind} "{word}"\n')
        return number

    return reader


_WORDS = (
    ("mode~", "mode", _mode),
    ("pi~", "pi", True),
    ("one_queue~ vnet_hdr~ multi_queue~", "", unsupported('The lab\'s TUNs have no "{}": they have dev, name, mode, user, group and pi.')),
    ("dev~", "name", ifname('"dev" not a valid ifname')),
    positional("name~", "name", ifname('"name" not a valid ifname'), "ip-tuntap"),
)
_ACCOUNTS = (("user~", "owner", _account("user")), ("group~", "group", _account("group")))


def _read(rows: tuple, words: Words) -> dict:
    said = {"name": None, **read(rows, words)}
    if "mode" not in said:
        raise Failure(1, "You failed to specify a tunnel mode\n")
    return said


def _refused(error: KernelError) -> Failure:
    return Failure(1, f"ioctl(TUNSETIFF): {strerror(EBUSY if error.code == EEXIST else error.code)}\n")


def _add(ctx: Context, options: Options, words: Words) -> Result:
    said = _read((*_ACCOUNTS, *_WORDS), words)
    name = said.pop("name")
    try:
        links.create(ctx.lab, ctx.ns, name, said["mode"], tun=Tun(**said))
    except KernelError as error:
        raise _refused(error) from None
    return Result()


def _delete(ctx: Context, options: Options, words: Words) -> Result:
    """Deleting attaches first: what is not there is made, and goes again when the program ends."""
    said = _read(_WORDS, words)
    interface = ctx.ns.find(said["name"]) if said["name"] else None
    try:
        if interface is None:
            interface = links.create(ctx.lab, ctx.ns, said["name"], said["mode"])
        elif interface.kind != said["mode"]:
            raise KernelError(EINVAL)
        links.delete(ctx.lab, ctx.ns, interface)
    except KernelError as error:
        raise _refused(error) from None
    return Result()


def _flags(interface: Interface, view: View) -> list[str]:
    tun = interface.tun
    return [tun.mode, *["pi"] * tun.pi, *["persist"] * tun.persist, *["filter"] * tun.pi]


_TABLE = (
    ("ifname", "{}: ", "name"),
    ("flags", " ".join, _flags),
    ("user", " user {}", lambda interface, view: interface.tun.owner),
    ("group", " group {}", lambda interface, view: interface.tun.group),
    ("processes", lambda found: "\n\tAttached to processes:", lambda interface, view: [] if view.options.details else None),
)


def _show(ctx: Context, options: Options, words: Words) -> Result:
    return show(_TABLE, [interface for interface in ctx.ns.by_index() if interface.tun is not None], View(ctx, options))


COMMANDS = {"add~": _add, "delete~": _delete, "show~ lst~ list~": _show}
