"""sysctl(8) of procps 4.0.2, over the settings the lab obeys (labkit/lab/sysctls.py).

A name may be written with dots or with slashes; the first separator says which. `sysctl -a` lists
the lab's settings only: a real machine has about a thousand.
"""

import errno
import re

from ..errors import BadInput, KernelError, strerror
from ..lab import files
from ..lab.kernel_files import FLUSH, set_value
from .getopt import getopt
from .regex import Pattern
from .result import Context, Result
from .usage import usage

_LONG = {
    "all": "a", "binary": "b", "ignore": "e", "names": "N", "values": "n", "pattern": "r:",
    "quiet": "q", "write": "w", "help": "h", "version": "V", "dry-run": "D", "deprecated": "x", "system": "S",
}  # fmt: skip


#: What `sysctl -p` reads.
CONF = "/etc/sysctl.conf"
#: What a real machine has besides `net`.
_ELSEWHERE = ("abi", "debug", "dev", "fs", "kernel", "user", "vm")


class _Run:
    """One call of sysctl: its options, and what it has printed so far."""

    def __init__(self, ctx: Context, options: dict[str, str]):
        self.ns, self.settings = ctx.ns, ctx.ns.sysctls
        self.options = options
        self.status, self.printed, self.err = 0, [], ""

    def complain(self, words: str) -> None:
        self.err += f"sysctl: {words}\n"

    def show(self, key: str, value: str) -> None:
        if "N" in self.options:
            self.printed.append(f"{key}\n")
        elif "b" in self.options:
            self.printed.append(value)
        else:
            self.printed.append(f"{value}\n" if "n" in self.options else f"{key} = {value}\n")

    def missing(self, path: str) -> int:
        """Complain of a name nothing has, unless told not to; 1 is what it costs in exit status."""
        if "e" in self.options:
            return 0
        if path.partition("/")[0] in _ELSEWHERE:
            self.err += f"The lab has only settings below net, not {_swap(path)}.\n"
        elif self.settings.is_known(_swap(path)):
            self.err += f"The lab does not model {_swap(path)}.\n"
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
        if key == FLUSH:
            return
        below = {k: self.settings[k] for k in self.settings if k == key or k.startswith(f"{key}.")}
        if not below and self.settings.is_known(key):
            below = {key: self.settings.unmodelled(key)}
        if not below or None in below.values():
            self.status += self.missing(path)
            return
        for k in filter(self.wants, below):
            self.show(k, below[k])

    def wants(self, key: str) -> bool:
        """Whether -r lets it through; a pattern that is none lets nothing."""
        try:
            return "r" not in self.options or Pattern(self.options["r"]).search(key)
        except BadInput:
            return False

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
        elif not self.settings.is_known(_swap(path)):
            self.status |= self.missing(path)
        else:
            self._store(_swap(path), value)

    def load(self, name: str, text: str) -> list[str]:
        """The settings of a file such as /etc/sysctl.conf, one a line; `#` and `;` begin a comment."""
        found = []
        for number, line in enumerate(text.split("\n"), 1):
            setting = line.strip().removeprefix("-")
            if setting[:1] in ("", "#", ";"):
                continue
            if "=" in setting:
                found.append(setting)
            else:
                self.complain(f"{name}({number}): invalid syntax, continuing...")
                self.status |= 1
        return found

    def _store(self, key: str, value: str) -> None:
        try:
            if not value and key != FLUSH:
                raise KernelError(errno.EINVAL)
            if "D" not in self.options:
                set_value(self.ns, key, value)
        except KernelError as refusal:
            if refusal.extack:
                self.err += f"{refusal}\n"
            else:
                self.complain(f'setting key "{key}": {refusal}')
            self.status |= 1
            return
        if "q" in self.options:
            return
        if "b" in self.options:
            self.printed.append(value)
        else:
            self.printed.append(f"{value}\n" if {"n", "N"} & self.options.keys() else f"{key} = {value}\n")


def sysctl(ctx: Context, args: list[str]) -> Result:
    args = [word for arg in args for word in _load_words(arg)]
    options, words = getopt("sysctl", args, "aAXbeNnpr:qwoxdhV", _LONG)
    given = dict(options)
    if "?" in given:
        return Result(0, usage("sysctl"), given["?"])
    if {"h", "d"} & given.keys():
        return Result(0, usage("sysctl"))
    if "V" in given:
        return Result(0, "sysctl from procps-ng 4.0.2\n")
    run = _Run(ctx, given)
    if {"p", "S"} & given.keys():
        return _load(ctx, run, words)
    if {"a", "A", "X"} & given.keys():
        words = ["net"]
    elif not words:
        return _nothing_asked(args)
    for word in words:
        run.write(word) if "w" in given or "=" in word else run.read(word)
    return Result(run.status % 256, "".join(run.printed), run.err)


def _load(ctx: Context, run: _Run, names: list[str]) -> Result:
    """-p and --system: all files are read first, then what they say is written."""
    if "S" in run.options:
        names = [f"/etc/sysctl.d/{name}" for name in files.listing(ctx.lab, ctx.ns, "/etc/sysctl.d") if name.endswith(".conf")]
        names.append(CONF)
        run.printed.append("".join(f"* Applying {name} ...\n" for name in names))
    settings = []
    for name in names or [CONF]:
        try:
            settings += run.load(name, files.read(ctx.lab, ctx.ns, name))
        except KernelError as error:
            run.complain(f'cannot open "{name}": {error}')
            run.status |= 1
    for setting in settings:
        run.write(setting)
    return Result(run.status % 256, "".join(run.printed), run.err)


def _nothing_asked(args: list[str]) -> Result:
    if not args:
        return Result(1, "", usage("sysctl"))
    return Result(1, "", "sysctl: no variables specified\nTry `sysctl --help' for more information.\n")


def _load_words(arg: str) -> list[str]:
    """-p takes a file only when it hangs on it: `-pFILE` and `--load=FILE` are `-p FILE`; -f is the same."""
    if arg.startswith("--load"):
        return ["-p", *filter(None, [arg.removeprefix("--load").removeprefix("=")])]
    if arg[:2] in ("-p", "-f"):
        return ["-p", *filter(None, [arg[2:]])]
    return [arg]


def _path(word: str) -> str:
    """The path under /proc/sys: with dots as separators, a slash stands for a dot in a name."""
    first = next((c for c in word if c in "./"), "/")
    return _swap(word) if first == "." else word


def _swap(word: str) -> str:
    return word.translate(str.maketrans("./", "/."))
