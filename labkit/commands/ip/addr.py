"""`ip address`: show, add, change, replace, delete, flush.

iproute2 ip/ipaddress.c ipaddr_modify and ipaddr_flush; kernel: net/ipv4/devinet.c.
"""

from dataclasses import dataclass, replace
from errno import EADDRNOTAVAIL, EINVAL, EOPNOTSUPP, ERANGE
from ipaddress import IPv4Address, IPv4Interface

from ...errors import KernelError
from ...lab import addresses
from ...lab.interface import Address, Interface
from ..grammar import Words, address, device, duplicate, garbage, matches, prefix, refused, unsigned, wrong
from ..result import Context, Failure, Result
from . import usage
from .filters import Filter, parse_scope, read_filter
from .options import Options
from .show import address_record, address_text, show

#: Address flags: those the kernel alone sets, and those of IPv6 (ip/ipaddress.c ifa_flag_data).
_READ_ONLY = ("secondary", "temporary", "dadfailed", "deprecated", "tentative", "permanent", "stable-privacy")
_IPV6_ONLY = ("nodad", "optimistic", "home", "mngtmpaddr")
_LONGEST_LABEL = 15
_FOREVER = 2**32 - 1


@dataclass(slots=True)
class _Request:
    """What one line says of an address. `brd` may be "+" or "-": all host bits set, or none."""

    family: str
    local: IPv4Interface | None = None
    with_length: bool = False
    peer: IPv4Interface | None = None
    brd: IPv4Address | str | None = None
    scope: str | None = None
    dev: str | None = None
    label: str | None = None
    metric: int = 0
    valid: int | None = None
    preferred: int | None = None
    noprefixroute: bool = False
    autojoin: bool = False
    text: str = ""
    warnings: str = ""


def run(ctx: Context, options: Options, args: list[str]) -> Result:
    """One `ip address` line; commands may be shortened, compared in iproute2's order."""
    words = Words(args)
    if not words:
        return show(ctx, options, Filter(family=options.family), is_link=False)
    word = words.take()
    if matches(word, "add"):
        return _modify(ctx, options, words, "add")
    if matches(word, "change") or word == "chg":
        return _modify(ctx, options, words, "change")
    if matches(word, "replace"):
        return _modify(ctx, options, words, "replace")
    if matches(word, "delete"):
        return _modify(ctx, options, words, "delete")
    if matches(word, "list", "show", "lst"):
        return show(ctx, options, read_filter(ctx.ns, words, options.family, usage.ADDRESS), is_link=False)
    if matches(word, "flush"):
        return _flush(ctx, options, words)
    if matches(word, "save"):
        raise Failure(1, f"The lab's ip address knows show, add, change, replace, delete and flush, not {word}.\n")
    if matches(word, "showdump", "restore"):
        raise Failure(255, "Magic mismatch (0 elems, 0 magic)\n")  # what they say to an empty input
    if matches(word, "help"):
        raise Failure(255, usage.ADDRESS)
    raise Failure(255, f'Command "{word}" is unknown, try "ip address help".\n')


def _read(words: Words, family: str) -> _Request:
    request = _Request(family)
    while words:
        _read_word(words, request, words.take())
    return request


def _read_word(words: Words, request: _Request, word: str) -> None:
    """One keyword and its value, compared in iproute2's order."""
    if word in ("peer", "remote"):
        value = words.value()
        if request.peer is not None:
            raise duplicate("peer", value)
        request.peer = _prefix(request, value)[0]
    elif matches(word, "broadcast") or word == "brd":
        _read_broadcast(words.value(), request)
    elif word == "anycast":
        address(words.value(), request.family)
    elif word == "scope":
        value = words.value()
        request.scope = parse_scope(value)
        if request.scope is None:
            raise wrong(value, "invalid scope value.")
    elif word == "dev":
        request.dev = words.value()
    elif word == "label":
        request.label = words.value()
    elif matches(word, "metric", "priority", "preference"):
        value = words.value()
        number = unsigned(value)
        if number is None:
            raise wrong(value, '"metric" value is invalid\n')
        request.metric = number
    elif matches(word, "valid_lft", "preferred_lft"):
        _read_lifetime(words, request, word)
    elif not _read_flag(word, request):
        _read_local(words, request, word)


def _prefix(request: _Request, text: str) -> tuple[IPv4Interface, bool]:
    """A prefix; its family becomes the line's, except that of `any`."""
    found = prefix(text, request.family)
    if not request.family and text not in ("default", "any", "all"):
        request.family = "inet"
    return found


def _read_broadcast(value: str, request: _Request) -> None:
    if request.brd is not None:
        raise duplicate("broadcast", value)
    if value in ("+", "-"):
        request.brd = value
    else:
        request.brd = address(value, request.family)
        request.family = "inet"


def _read_lifetime(words: Words, request: _Request, word: str) -> None:
    field, key = ("valid", "valid_lft") if matches(word, "valid_lft") else ("preferred", "preferred_lft")
    if getattr(request, field) is not None:
        raise duplicate(key, word)
    value = words.value()
    number = _FOREVER if value == "forever" else unsigned(value)
    if number is None:
        raise wrong(value, f"{key} value")
    setattr(request, field, number)


def _read_flag(word: str, request: _Request) -> bool:
    if word in _READ_ONLY:
        request.warnings += f"Warning: {word} option is not mutable from userspace\n"
    elif word in _IPV6_ONLY:
        request.warnings += f"Warning: {word} option can be set only for IPv6 addresses\n"
    elif word in ("noprefixroute", "autojoin"):
        setattr(request, word, True)
    else:
        return False
    return True


def _read_local(words: Words, request: _Request, word: str) -> None:
    if word == "local":
        word = words.value()
    if matches(word, "help"):
        raise Failure(255, usage.ADDRESS)
    if request.local is not None:
        raise garbage("local", word)
    request.local, request.with_length = _prefix(request, word)
    request.text = word


def _modify(ctx: Context, options: Options, words: Words, command: str) -> Result:
    request = _read(words, options.family)
    try:
        return Result(0, stderr=_checked_modify(ctx, request, command))
    except Failure as failure:
        raise Failure(failure.result.returncode, request.warnings + failure.result.stderr) from None
    except KernelError as error:
        raise Failure(2, request.warnings + refused(error).result.stderr) from None


def _checked_modify(ctx: Context, request: _Request, command: str) -> str:
    """iproute2's own checks, then the kernel's; returns the warnings."""
    if request.dev is None:
        raise Failure(1, 'Not enough information: "dev" argument is required.\n')
    wildcard = command == "delete" and request.peer is None and request.local is not None and not request.with_length
    if wildcard and request.family:
        request.warnings += _wildcard_warning(request.text)
    interface = device(ctx.ns, request.dev)
    _check_lifetimes(request)
    if request.autojoin and not (request.local and request.local.ip.is_multicast):
        raise Failure(1, "autojoin needs multicast address\n")
    if request.family not in ("inet", "inet6"):
        raise KernelError(EOPNOTSUPP)
    if request.label is not None and len(request.label.encode()) > _LONGEST_LABEL:
        raise KernelError(ERANGE, "Attribute failed policy validation")
    if command == "delete":
        _delete(ctx, interface, request, wildcard)
    else:
        _put(ctx, interface, request, command)
    return request.warnings


def _wildcard_warning(text: str) -> str:
    return (
        "Warning: Executing wildcard deletion to stay compatible with old scripts.\n"
        f"         Explicitly specify the prefix length ({text}/32) to avoid this warning.\n"
        "         This special behaviour is likely to disappear in further releases,\n"
        "         fix your scripts!\n"
    )


def _check_lifetimes(request: _Request) -> None:
    if request.valid is None and request.preferred is None:
        return
    valid = _FOREVER if request.valid is None else request.valid
    if valid == 0:
        raise Failure(1, "valid_lft is zero\n")
    if valid < (_FOREVER if request.preferred is None else request.preferred):
        raise Failure(1, "preferred_lft is greater than valid_lft\n")


def _put(ctx: Context, interface: Interface, request: _Request, command: str) -> None:
    """Add an address. `change` and `replace` give one that is there its metric, and add it otherwise."""
    if request.local is None:
        raise KernelError(EINVAL, "ipv4: Local address is not supplied")
    new = _address(ctx, interface, request)
    if int(new.ip) == 0:
        return  # the kernel takes 0.0.0.0 without a word and keeps nothing (devinet.c __inet_insert_ifa)
    there = next((a for a in interface.addresses if a.ip == new.ip and a.network == new.network), None)
    if there is None or command == "add":
        addresses.add(ctx.lab, ctx.ns, interface, new)
    else:
        addresses.set_metric(ctx.lab, ctx.ns, interface, there, new.metric)


def _address(ctx: Context, interface: Interface, request: _Request) -> Address:
    local = request.local
    far = request.peer or local
    brd = request.brd
    if brd in ("+", "-"):
        network = far.network
        brd = None if network.prefixlen > 30 else network.broadcast_address if brd == "+" else network.network_address
    return Address(
        IPv4Interface((local.ip, far.network.prefixlen)),
        request.label or interface.name,
        scope=request.scope or ("host" if local.ip.is_loopback else "global"),
        broadcast=brd,
        peer=None if far.ip == local.ip else far,
        metric=request.metric,
        noprefixroute=request.noprefixroute,
        valid=None if request.valid == _FOREVER else request.valid,
        preferred=None if request.preferred == _FOREVER else request.preferred,
        since=ctx.lab.now,
    )


def _delete(ctx: Context, interface: Interface, request: _Request, wildcard: bool) -> None:
    """The first address that fits what was said goes."""
    far = request.peer or request.local
    for there in interface.addresses:
        if request.local is not None and there.ip != request.local.ip:
            continue
        if request.label is not None and there.label != request.label:
            continue
        if far is not None and not wildcard and (far.network.prefixlen != there.prefixlen or far.ip not in there.network):
            continue
        addresses.delete(ctx.lab, ctx.ns, interface, there)
        return
    raise KernelError(EADDRNOTAVAIL, "ipv4: Address not found")


def _flush(ctx: Context, options: Options, words: Words) -> Result:
    """Delete every address that fits. With `-s` it says how many, with `-s -s` which."""
    if not words:
        raise Failure(1, "Flush requires arguments.\n")
    if options.family == "link":
        raise Failure(1, "Cannot flush link addresses.\n")
    wanted = read_filter(ctx.ns, words, options.family, usage.ADDRESS)
    doomed = [(i, a) for i in ctx.ns.by_index() for a in i.addresses if wanted.device in (None, i) and wanted.takes_address(a)]
    out = ""
    if options.stats > 1:
        out += "".join(address_text(address_record(a, options, ctx.lab.now, i), options) for i, a in doomed)
    for interface, one in doomed:
        _flush_one(ctx, interface, one)
    if options.stats and doomed:
        out += f"\n*** Round 1, deleting {len(doomed)} addresses ***\n*** Flush is complete after 1 round ***\n"
    elif options.stats:
        out += "Nothing to flush.\n"
    return Result(0, out)


def _flush_one(ctx: Context, interface: Interface, doomed: Address) -> None:
    """A secondary may have gone with its primary already, or be primary by now."""
    there = next((a for a in interface.addresses if replace(a, secondary=doomed.secondary) == doomed), None)
    if there is not None:
        addresses.delete(ctx.lab, ctx.ns, interface, there)
