"""sysctl(8) of procps 4.0.2, over the settings the lab obeys (labkit/lab/sysctls.py).

A name may be written with dots or with slashes; the first separator says which. `sysctl -a` lists
the lab's settings only: a real machine has about a thousand.
"""

import errno
import re

from ..errors import KernelError, strerror
from ..lab.learned import flush, routes_changed
from .getopt import getopt
from .result import Context, Result

_USAGE = """
Usage:
 sysctl [options] [variable[=value] ...]

Options:
  -a, --all            display all variables
  -A                   alias of -a
  -X                   alias of -a
      --deprecated     include deprecated parameters to listing
      --dry-run        Print the key and values but do not write
  -b, --binary         print value without new line
  -e, --ignore         ignore unknown variables errors
  -N, --names          print variable names without values
  -n, --values         print only values of the given variable(s)
  -p, --load[=<file>]  read values from file
  -f                   alias of -p
      --system         read values from all system directories
  -r, --pattern <expression>
                       select setting that match expression
  -q, --quiet          do not echo variable set
  -w, --write          enable writing a value to variable
  -o                   does nothing
  -x                   does nothing
  -d                   alias of -h

 -h, --help     display this help and exit
 -V, --version  output version information and exit

For more details see sysctl(8).
"""

_LONG = {
    "all": "a", "binary": "b", "ignore": "e", "names": "N", "values": "n", "pattern": "r:",
    "quiet": "q", "write": "w", "help": "h", "version": "V", "dry-run": "D", "deprecated": "x",
}  # fmt: skip


#: It acts when it is written, whatever is written, and cannot be read (kernel: ipv4_sysctl_rtcache_flush).
_FLUSH = "net.ipv4.route.flush"

#: What a real machine has besides `net`.
_ELSEWHERE = ("abi", "debug", "dev", "fs", "kernel", "user", "vm")


class _Run:
    """One call of sysctl: its options, and what it has printed so far."""

    def __init__(self, ctx: Context, options: dict[str, str]):
        self.ns, self.settings = ctx.ns, ctx.ns.sysctls
        self.options = options
        self.status, self.out, self.err = 0, "", ""

    def complain(self, words: str) -> None:
        self.err += f"sysctl: {words}\n"

    def show(self, key: str, value: str) -> None:
        if "N" in self.options:
            self.out += f"{key}\n"
        elif "b" in self.options:
            self.out += value
        else:
            self.out += f"{value}\n" if "n" in self.options else f"{key} = {value}\n"

    def missing(self, path: str) -> int:
        """Complain of a name nothing has, unless told not to; 1 is what it costs in exit status."""
        if "e" in self.options:
            return 0
        if path.partition("/")[0] in _ELSEWHERE:
            self.complain(f"the lab has only settings below net.ipv4 and net.bridge, not {_swap(path)}")
        else:
            self.complain(f"cannot stat /proc/sys/{path}: {strerror(errno.ENOENT)}")
        return 1

    def separators(self, name: str) -> None:
        """procps grumbles at two separators in a row, and at a path twice."""
        found = re.search(r"[./]{2}.*", name)
        if found:
            for _ in range(1 if re.search(r"[./]", name)[0] == "." else 2):
                self.complain(f"separators should not be repeated: {found[0]}")

    def read(self, word: str) -> None:
        """One setting, or all below a directory such as `net.ipv4`. Failures add up in the exit status."""
        self.separators(word)
        path = _path(word)
        if not path.strip("/"):
            self.complain(f"Path is not under /proc/sys/: /proc/sys/{path}" if word else '"" is an unknown key')
            self.status -= 1
            return
        key = _swap(path)
        pattern = re.compile(self.options.get("r", ""))
        if key == _FLUSH:
            return
        below = [k for k in self.settings if k == key or k.startswith(f"{key}.")]
        if not below:
            self.status += self.missing(path)
        for k in below:
            if pattern.search(k):
                self.show(k, self.settings[k])

    def write(self, word: str) -> None:
        """One setting. However many fail, the exit status is 1."""
        name, sign, value = word.partition("=")
        path, value = _path(name.strip()), value.strip()
        if len(word) < 2:  # passed over without a sound
            self.status |= 1
        elif not sign:
            self.complain("command line(0): invalid syntax, continuing...")
            self.status |= 1
        elif not path:
            self.complain("Path is not under /proc/sys/: /proc/sys/")
            self.status |= 1
        elif _swap(path) != _FLUSH and _swap(path) not in self.settings:
            self.status |= self.missing(path)
        else:
            self._store(_swap(path), value)

    def _set(self, key: str, value: str) -> None:
        if key == _FLUSH:
            return flush(self.ns)
        before = self.settings[key]
        self.settings[key] = value
        if key.endswith(("forward", "forwarding")) and self.settings[key] != before:
            routes_changed(self.ns)

    def _store(self, key: str, value: str) -> None:
        try:
            if not value and key != _FLUSH:
                raise KernelError(errno.EINVAL)
            if "D" not in self.options:
                self._set(key, value)
        except KernelError as refusal:
            self.complain(f'setting key "{key}": {strerror(refusal.code)}')
            self.status |= 1
            return
        if "q" in self.options:
            return
        if "b" in self.options:
            self.out += value
        else:
            self.out += f"{value}\n" if {"n", "N"} & self.options.keys() else f"{key} = {value}\n"


def sysctl(ctx: Context, args: list[str]) -> Result:
    options, words = getopt("sysctl", args, "aAXbeNnp:fr:qwoxdhV", _LONG)
    given = dict(options)
    if "?" in given:
        return Result(0, _USAGE, given["?"])
    if {"h", "d"} & given.keys():
        return Result(0, _USAGE)
    if "V" in given:
        return Result(0, "sysctl from procps-ng 4.0.2\n")
    if {"p", "f"} & given.keys():
        return Result(1, "", f'sysctl: cannot open "{given.get("p") or "/etc/sysctl.conf"}": {strerror(errno.ENOENT)}\n')
    run = _Run(ctx, given)
    if {"a", "A", "X"} & given.keys():
        words = ["net"]
    elif not words:
        return _nothing_asked(args)
    for word in words:
        run.write(word) if "w" in given or "=" in word else run.read(word)
    return Result(run.status % 256, run.out, run.err)


def _nothing_asked(args: list[str]) -> Result:
    if not args:
        return Result(1, "", _USAGE)
    return Result(1, "", "sysctl: no variables specified\nTry `sysctl --help' for more information.\n")


def _path(word: str) -> str:
    """The path under /proc/sys: with dots as separators, a slash stands for a dot in a name."""
    first = next((c for c in word if c in "./"), "/")
    return _swap(word) if first == "." else word


def _swap(word: str) -> str:
    return word.translate(str.maketrans("./", "/."))
