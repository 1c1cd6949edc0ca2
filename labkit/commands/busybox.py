"""wget(1) and nslookup(1) of busybox 1.35: what small images have instead of curl and dig (recordings: tests/recordings/docker-29).

wget prints a page or stores it in a file; nslookup asks for a name, of the first name server or of the one that is named.
"""

import errno
import re

from ..errors import KernelError, strerror
from ..lab.program import Alias, Answers, Denial
from . import filesystem, hosts
from .connecting import GIVES_UP, answer, connect
from .result import Context, Failure, Result
from .words import getopt, is_digits, whole

_NOBODY = ";; connection timed out; no servers could be reached\n\n"


def wget(ctx: Context, args: list[str]) -> Result:
    options, urls = getopt("wget", args, "qO:T:", {"quiet": "q", "output-document": "O:", "timeout": "T:"})
    if wrong := next((value for letter, value in options if letter == "?"), "") or ("" if len(urls) == 1 else "\n"):
        raise Failure(1, f"{wrong.lstrip()}Usage: wget [-q] [-O FILE] [-T SEC] URL\n")
    given = dict(options)
    found = re.fullmatch(r"(?:http://)?([^/:?#]+)(?::(\d{1,5}))?(?:[/?#].*)?", urls[0])
    if found is None:
        raise Failure(1, f"wget: not an http or ftp url: {urls[0]}\n")
    host, port = found[1], int(found[2] or 80)
    if not 0 < port < 65536:
        raise Failure(1, f"wget: bad port spec '{found[2]}'\n")
    if not is_digits(given.get("T", "0")):
        raise Failure(1, f"wget: invalid number '{given['T']}'\n")
    address = hosts.address(host)
    if address is None:
        raise Failure(1, f"wget: bad address '{host}'\n")
    seconds = whole(given.get("T", "0")) or GIVES_UP
    said = "" if "q" in given else f"Connecting to {found[1]}{f':{found[2]}' if found[2] else ''} ({address}:{port})\n"
    code, _, accepted = connect(ctx, address, port, min(seconds, GIVES_UP))
    if code == errno.EINPROGRESS:
        raise Failure(1, f"{said}wget: download timed out\n")
    if code:
        raise Failure(1, f"{said}wget: can't connect to remote host ({address}): {strerror(code)}\n")
    page = answer(ctx, accepted)
    if page is None:
        raise Failure(1, f"{said}wget: error getting response: {strerror(errno.ECONNRESET)}\n")
    file = given.get("O") or re.sub(r".*/|[?#].*", "", urls[0].partition("://")[2].partition("/")[2]) or "index.html"
    if file == "-":
        return Result(0, page, said)
    try:
        filesystem.write(ctx.lab, ctx.ns, file if file.startswith("/") else f"{filesystem.HOME}/{file}", page)
    except KernelError as error:
        raise Failure(1, f"{said}wget: can't open '{file}': {error}\n") from None
    return Result(0, "", said)


def nslookup(ctx: Context, args: list[str]) -> Result:
    _, words = getopt("nslookup", args, "")
    if not 1 <= len(words) <= 2:
        raise Failure(1, "Usage: nslookup HOST [DNS_SERVER]\n")
    server = hosts.numeric(words[1]) if len(words) == 2 else hosts.name_server(ctx)
    if server is None:
        raise Failure(1, f"nslookup: bad address '{words[1]}'\n" if len(words) == 2 else _NOBODY)
    question = hosts.numeric(words[0]) or words[0]
    head = f"Server:\t\t{server}\nAddress:\t{server}:53\n\n"
    names = hosts.candidates(words[0])[:-1] if question is words[0] and "." not in words[0] else []
    first = names[0] if names else question
    found = hosts.asked(first, server)
    if isinstance(found, Answers):
        return _authoritative(head, [(name, found if name == first else hosts.asked(name, server)) for name in names or [first]])
    if not found:
        raise Failure(1, "", (head if server.is_loopback else "") + _NOBODY)
    if question is not words[0]:
        reverse = question.reverse_pointer
        return Result(0, head + "Non-authoritative answer:\n" + "".join(f"{reverse}\tname = {name}\n" for name in found) + "\n")
    answers = "".join(f"Name:\t{words[0]}\nAddress: {address}\n" for address in found)
    return Result(0, f"{head}Non-authoritative answer:\n{answers}\nNon-authoritative answer:\n\n")


def _authoritative(head: str, answers: list) -> Result:
    """What a server says of a zone of its own, first the addresses, then those of IPv6, of which there are none (busybox: nslookup.c)."""
    shown, wrong = head, ""
    for kind in ("A", "AAAA"):
        for question, found in answers:
            if not isinstance(question, str):
                question = question.reverse_pointer
                shown += "" if kind == "AAAA" else "".join(f"{question}\tname = {name}\n" for name in found) + "\n" * bool(found)
                if isinstance(found, Denial) and kind == "A":
                    wrong = found.code
                    shown += f"** server can't find {question}: {found.code}\n\n"
            elif isinstance(found, Denial):
                wrong = found.code
                shown += f"** server can't find {question}: {found.code}\n\n"
            else:
                shown += _records(question, found, kind) + "\n"
    return Result(int(bool(wrong)), shown)


def _records(name: str, found: list, kind: str) -> str:
    """Each under the name it belongs to: what follows an alias is what that one leads to."""
    if kind == "AAAA" and any(not isinstance(one, Alias) for one in found):
        return ""  # the last name has addresses of IPv4 only
    shown = ""
    for one in found:
        shown += f"{name}\tcanonical name = {one}\n" if isinstance(one, Alias) else f"Name:\t{name}\nAddress: {one}\n"
        name = one if isinstance(one, Alias) else name
    return shown
