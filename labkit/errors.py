"""What goes wrong, as sentences.

`LabError` is for the person at the keyboard: what is wrong, and what would be right.
`KernelError` is what a kernel answers to a request it refuses: an errno, and since Linux 4.12
often a sentence of its own (the "extended ack"). The tools print the sentence if there is one
("Error: Nexthop has invalid gateway."), else the errno ("RTNETLINK answers: File exists").
"""

import errno
import os


class LabError(Exception):
    """Something the learner asked for cannot be; the message says what would be right."""


class BadInput(LabError, ValueError):
    """A value that does not parse: an address, a prefix, a table, a transcript."""


class KernelError(LabError):
    """A request the kernel refuses: `code` is an errno, `extack` its sentence or None."""

    def __init__(self, code: int, extack: str | None = None):
        self.code = code
        self.extack = extack
        super().__init__(extack or strerror(code))


def shown(value, most: int = 60) -> str:
    """A value in a sentence, whatever it is: as Python writes it, cut short."""
    try:
        text = repr(value)
    except Exception:  # a number of more digits than Python prints; an object's own trouble
        text = f"a {type(value).__name__}"
    return text if len(text) <= most else text[: most - 1] + "…"


def did_you_mean(word, known) -> str:
    """The known name that looks most like a word, as the end of a sentence; nothing when none does."""
    from difflib import get_close_matches

    folded = {name.casefold(): name for name in known}
    near = get_close_matches(word[:60].casefold(), folded, 1, 0.6) if isinstance(word, str) else []
    return f"; did you mean {folded[near[0]]}?" if near else ""


def strerror(code: int) -> str:
    """The C library's words for an errno, the same on every machine the course runs on."""
    return _GLIBC.get(code) or os.strerror(code)


#: Linux alone has this one.
EXFULL = getattr(errno, "EXFULL", 54)

# glibc's words; other C libraries (macOS, musl) word some of these differently.
_GLIBC = {
    errno.EPERM: "Operation not permitted",
    errno.ENOENT: "No such file or directory",
    errno.ESRCH: "No such process",
    errno.EACCES: "Permission denied",
    errno.EBUSY: "Device or resource busy",
    errno.EMLINK: "Too many links",
    errno.EEXIST: "File exists",
    errno.ENODEV: "No such device",
    errno.ENOSPC: "No space left on device",
    errno.ENOTDIR: "Not a directory",
    errno.EISDIR: "Is a directory",
    errno.ENOTEMPTY: "Directory not empty",
    errno.EINVAL: "Invalid argument",
    errno.ERANGE: "Numerical result out of range",
    errno.ELOOP: "Too many levels of symbolic links",
    EXFULL: "Exchange full",
    errno.EMSGSIZE: "Message too long",
    errno.EOPNOTSUPP: "Operation not supported",
    errno.ENOBUFS: "No buffer space available",
    errno.EADDRINUSE: "Address already in use",
    errno.EADDRNOTAVAIL: "Cannot assign requested address",
    errno.ENETDOWN: "Network is down",
    errno.ENETUNREACH: "Network is unreachable",
    errno.ENOTCONN: "Transport endpoint is not connected",
    errno.ETIMEDOUT: "Connection timed out",
    errno.ECONNREFUSED: "Connection refused",
    errno.EHOSTUNREACH: "No route to host",
}
