"""curl(1), 7.88, as a connect probe: whether somebody listens behind a URL.

The lab's servers say nothing, so an answered request prints nothing. As on a terminal there is no progress meter.
"""

import errno
import re
from dataclasses import dataclass
from ipaddress import IPv4Address

from . import hosts
from .connecting import GIVES_UP, Attempt, connect
from .result import Context, Failure, Result
from .words import whole

TRY = "curl: try 'curl --help' or 'curl --manual' for more information\n"
_PORTS = {"http": 80, "https": 443}
_FLAGS = {"-s": "silent", "--silent": "silent", "-S": "show", "--show-error": "show"}
_FLAGS |= dict.fromkeys(("-4", "-f", "-k", "-L"), "")
_VALUES = {"-m": "max", "--max-time": "max", "--connect-timeout": "connect", "-o": "file", "--output": "file"}
#: What curl itself has besides: nearly every letter, and these of its 250 long names.
_REAL = re.compile(
    r"-[0-46a-zA-Z#:]|--(anyauth|basic|cacert|cert|compressed|cookie|data(-\w+)?|fail|form|get|head|header|help|http[0-3.]*|include|insecure"
    r"|interface|ipv[46]|json|keepalive-time|limit-rate|location|max-redirs|noproxy|no-\w+|output-dir|progress-bar|proxy|range|referer|remote-\w+"
    r"|request|resolve|retry(-\w+)*|socks\w*|ssl|tcp-\w+|tls\S+|trace\S*|unix-socket|upload-file|url|user|user-agent|verbose|version|write-out)"
)
_URL = re.compile(r"(?:([a-z]+)://|(?![a-z]+://))([^/:?#]+)(?::([0-9]*))?(?:[/?#].*)?", re.IGNORECASE)


@dataclass(slots=True)
class _Options:
    """`limit` seconds for everything, `patience` for connecting; 0: none."""

    silent: bool = False
    show: bool = False
    limit: float = 0.0
    patience: float = 0.0


def curl(ctx: Context, args: list[str]) -> Result:
    options, urls = _read(args)
    result = Result()
    err = ""
    for url in urls:
        result = _fetch(ctx, options, url)
        err += result.stderr
    return Result(result.returncode, "", err if options.show or not options.silent else "")


def _read(args: list[str]) -> tuple[_Options, list[str]]:
    if not args:
        raise Failure(2, TRY)
    options, urls, words = _Options(), [], iter(_separated(args))
    for word in words:
        if word in _VALUES:
            value = next(words, None)
            if value is None:
                raise Failure(2, f"curl: option {word}: requires parameter\n" + TRY)
            _take(options, word, value)
        elif word in _FLAGS:
            options.silent |= _FLAGS[word] == "silent"
            options.show |= _FLAGS[word] == "show"
        elif word.startswith("-") and word != "-":
            if not _REAL.fullmatch(word):
                raise Failure(2, f"curl: option {word}: is unknown\n" + TRY)
            understood = " ".join((*_FLAGS, *_VALUES))
            raise Failure(2, f"The lab's curl does not know {word}; it understands {understood}.\n")
        else:
            urls.append(word)
    if not urls:
        raise Failure(2, "curl: no URL specified!\n" + TRY)
    return options, urls


def _separated(args: list[str]) -> list[str]:
    """Bundled letters one by one: `-sSm1` is `-s -S -m 1`."""
    words = []
    for word in args:
        if not re.match(r"-[a-zA-Z0-9]", word):
            words.append(word)
            continue
        letters = word[1:]
        while letters:
            words.append(f"-{letters[0]}")
            letters = letters[1:]
            if words[-1] in _VALUES and letters:
                words.append(letters)
                break
    return words


def _take(options: _Options, word: str, value: str) -> None:
    if _VALUES[word] == "file":
        return
    seconds = float(value) if re.fullmatch(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?", value) else None
    if seconds is None or not 0 <= seconds <= 2**63 / 1000:
        why = "expected a proper numerical parameter" if seconds is None else "expected a positive numerical parameter"
        raise Failure(2, f"curl: option {word}: {why if (seconds or 0) <= 0 else 'too large number'}\n" + TRY)
    if _VALUES[word] == "max":
        options.limit = seconds
    else:
        options.patience = seconds


def _fetch(ctx: Context, options: _Options, url: str) -> Result:
    found = _URL.fullmatch(url)
    hosts.refuse_ipv6(re.sub(r"[a-z]*://|\].*|:\d+$|/.*", "", url))
    port = whole(found[3] or "0") if found else None
    if port is None or port > 65535:
        return Result(3, "", "curl: (3) URL using bad/illegal format or missing URL\n")
    scheme = (found[1] or "http").lower()
    if scheme not in _PORTS:
        return Result(1, "", f'curl: (1) Protocol "{scheme}" not supported or disabled in libcurl\n')
    address = hosts.address(found[2])
    if address is None:
        return Result(6, "", f"curl: (6) Could not resolve host: {found[2]}\n")
    shown = found[2] if hosts.numeric(found[2]) is None else str(address)
    return _connect(ctx, options, shown, address, port if found[3] else _PORTS[scheme])


def _connect(ctx: Context, options: _Options, host: str, address: IPv4Address, port: int) -> Result:
    waits = [seconds for seconds in (options.limit, options.patience) if seconds]
    refused = Attempt(errno.ECONNREFUSED, 0.0)
    code, after = connect(ctx, address, port, min(waits, default=GIVES_UP)) if port else refused
    if not code:
        return Result()
    if code == errno.EINPROGRESS and min(waits) == options.limit:
        return Result(28, "", f"curl: (28) Connection timed out after {options.limit * 1000:.0f} milliseconds\n")
    status = 28 if code in (errno.EINPROGRESS, errno.ETIMEDOUT) else 7
    why = "Timeout was reached" if code == errno.EINPROGRESS else "Couldn't connect to server"
    return Result(status, "", f"curl: ({status}) Failed to connect to {host} port {port} after {after * 1000:.0f} ms: {why}\n")
