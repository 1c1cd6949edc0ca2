"""`ip tuntap`: TUN and TAP interfaces that stay when the program that made them ends.

iproute2 ip/iptuntap.c; it speaks to /dev/net/tun, so refusals are ioctl's.
"""

from dataclasses import dataclass
from errno import EBUSY, EEXIST, EINVAL

from ...errors import KernelError, strerror
from ...lab import links
from ...lab.interface import Interface, Tun
from ...lab.namespace import LONGEST
from ..grammar import Words, garbage, matches, wrong
from ..records import json_text
from ..result import Context, Failure, Result
from ..words import is_digits, whole
from . import usage
from .options import NAME, Options


@dataclass(slots=True)
class _Request:
    name: str | None = None
    mode: str | None = None
    pi: bool = False
    owner: int | None = None
    group: int | None = None


def run(ctx: Context, options: Options, args: list[str]) -> Result:
    words = Words(args)
    if not words:
        return _show(ctx, options)
    command = words.take()
    try:
        if matches(command, "add"):
            return _add(ctx, _read(words, adding=True))
        if matches(command, "delete"):
            return _delete(ctx, _read(words, adding=False))
    except KernelError as error:
        raise Failure(1, f"ioctl(TUNSETIFF): {strerror(error.code)}\n") from None
    if matches(command, "show", "lst", "list"):
        return _show(ctx, options)
    if matches(command, "help"):
        raise Failure(255, usage.TUNTAP)
    raise Failure(255, f'Command "{command}" is unknown, try "ip tuntap help".\n')


def _read(words: Words, *, adding: bool) -> _Request:
    request = _Request()
    while words:
        _read_word(words, request, words.take(), adding)
    if request.mode is None:
        raise Failure(1, "You failed to specify a tunnel mode\n")
    return request


def _read_word(words: Words, request: _Request, word: str, adding: bool) -> None:
    if matches(word, "mode"):
        _read_mode(words.value(), request)
    elif adding and matches(word, "user"):
        request.owner = _account("user", words.value())
    elif adding and matches(word, "group"):
        request.group = _account("group", words.value())
    elif matches(word, "pi"):
        request.pi = True
    elif matches(word, "one_queue", "vnet_hdr", "multi_queue"):
        raise Failure(1, f'The lab\'s TUNs have one queue and no "{word}"; it knows dev, name, mode, user, group and pi.\n')
    elif matches(word, "dev"):
        request.name = _checked(words.value(), "dev")
    else:
        if matches(word, "name"):
            word = words.value()
        elif matches(word, "help"):
            raise Failure(255, usage.TUNTAP)
        if request.name is not None:
            raise garbage("name", word)
        request.name = _checked(word, "name")


def _read_mode(word: str, request: _Request) -> None:
    mode = next((mode for mode in ("tun", "tap") if matches(word, mode)), None)
    if mode is None:
        raise Failure(255, f'Unknown tunnel mode "{word}"\n')
    if request.mode not in (None, mode):
        raise Failure(255, "You managed to ask for more than one tunnel mode.\n")
    request.mode = mode


def _account(kind: str, word: str) -> int:
    """A user or group by number; of names the lab knows root."""
    if word == "root":
        return 0
    number = whole(word) if is_digits(word) else None
    if number is None or number >= 2**32:
        raise Failure(255, f'invalid {kind} "{word}"\n')
    return number


def _checked(name: str, key: str) -> str:
    if not name or len(name.encode()) > LONGEST or any(letter == "/" or letter.isspace() for letter in name):
        raise wrong(name, f'"{key}" not a valid ifname')
    return name


def _add(ctx: Context, request: _Request) -> Result:
    tun = Tun(mode=request.mode, pi=request.pi, owner=request.owner, group=request.group)
    try:
        links.create(ctx.lab, ctx.ns, request.name, request.mode, tun=tun)
    except KernelError as error:
        raise KernelError(EBUSY if error.code == EEXIST else error.code) from None
    return Result()


def _delete(ctx: Context, request: _Request) -> Result:
    """Deleting attaches first: what is not there is made, and goes again when the program ends."""
    interface = ctx.ns.find(request.name) if request.name else None
    if interface is None:
        interface = links.create(ctx.lab, ctx.ns, request.name, request.mode)
    elif interface.kind != request.mode:
        raise KernelError(EINVAL)
    links.delete(ctx.lab, ctx.ns, interface)
    return Result()


def _show(ctx: Context, options: Options) -> Result:
    tuns = [interface for interface in ctx.ns.by_index() if interface.tun is not None]
    if options.json:
        return Result(0, json_text([_record(interface, options) for interface in tuns], options.pretty))
    return Result(0, "".join(_line(interface, options) for interface in tuns))


def _record(interface: Interface, options: Options) -> dict:
    tun = interface.tun
    flags = [tun.mode, *(["pi"] if tun.pi else []), *(["persist"] if tun.persist else []), *(["filter"] if tun.pi else [])]
    record: dict = {"ifname": interface.name, "flags": flags}
    record |= {"user": tun.owner} if tun.owner is not None else {}
    record |= {"group": tun.group} if tun.group is not None else {}
    return record | ({"processes": []} if options.details else {})


def _line(interface: Interface, options: Options) -> str:
    record = _record(interface, options)
    line = f"{options.paint(NAME, record['ifname'] + ':')} {' '.join(record['flags'])}"
    line += "".join(f" {key} {record[key]}" for key in ("user", "group") if key in record)
    return line + (f"{options.newline}\tAttached to processes:" if options.details else "") + "\n"
