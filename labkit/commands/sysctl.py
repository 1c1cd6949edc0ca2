"""sysctl(8) of procps 4.0.2, over the settings the lab obeys (labkit/lab/sysctls.py).

A name may be written with dots or with slashes; the first separator says which. `sysctl -a` lists
the lab's settings only: a real machine has about a thousand.
"""

import errno
import re

from ..errors import BadInput, KernelError, strerror
from . import filesystem as files
from .kernel_files import FLUSH, is_known, set_value, swapped, unmodelled
from .regex import Pattern
from .result import Context, Result
from .usage import usage
from .words import getopt

_LONG = {"all": "a", "ignore": "e", "names": "N", "values": "n", "pattern": "r:", "quiet": "q", "write": "w", "help": "h", "system": "S",
         "binary": "b", "version": "V", "dry-run": "b", "deprecated": "x"}  # fmt: skip
#: What sysctl has and the lab has not.
_BEYOND = "bxodAXV"
#: What `sysctl -p` reads, and what a real machine has besides `net`.
CONF, _ELSEWHERE = "/etc/sysctl.conf", ("abi", "debug", "dev", "fs", "kernel", "user", "vm")


def sysctl(ctx: Context, args: list[str]) -> Result:
    args = [word for arg in args for word in _load_words(arg)]
    given, words = getopt("sysctl", args, "aeNnpr:qwh" + _BEYOND, _LONG)
    options = dict(given)
    if options.keys() & set(_BEYOND):
        return Result(1, "", "The lab's sysctl knows -a, -e, -N, -n, -p, -q, -r, -w and --system, and no other option.\n")
    if {"?", "h"} & options.keys():
        return Result(0, usage("sysctl"), options.get("?", ""))
    run = _Run(ctx, options)
    if {"p", "S"} & options.keys():
        run.load(words)
    elif not words and "a" not in options:
        nothing = "sysctl: no variables specified\nTry `sysctl --help' for more information.\n"
        return Result(1, "", nothing if args else usage("sysctl"))
    for word in ["net"] if "a" in options else words if not {"p", "S"} & options.keys() else []:
        run.write(word) if "w" in options or "=" in word else run.read(word)
    return Result(run.status % 256, "".join(run.printed), run.err)


class _Run:
    """One call of sysctl: its options, and what it has printed so far."""

    def __init__(self, ctx: Context, options: dict[str, str]):
        self.ctx, self.settings, self.options = ctx, ctx.ns.sysctls, options
        self.status, self.printed, self.err = 0, [], ""

    def complain(self, words: str, status: int = 1) -> None:
        self.err += f"sysctl: {words}\n"
        self.status |= status

    def show(self, key: str, value: str, written: bool = False) -> None:
        bare = key if "N" in self.options and not written else value
        self.printed.append(f"{bare}\n" if {"n", "N"} & self.options.keys() else f"{key} = {value}\n")

    def missing(self, path: str) -> int:
        """Complain of a name nothing has, unless told not to; 1 is what it costs in exit status."""
        if "e" in self.options:
            return 0
        if path.partition("/")[0] in _ELSEWHERE:
            self.err += f"The lab has only settings below net, not {swapped(path)}.\n"
        elif is_known(self.settings, swapped(path)):
            self.err += f"The lab does not model {swapped(path)}.\n"
        else:
            self.complain(f"cannot stat /proc/sys/{path}: {strerror(errno.ENOENT)}", 0)
        return 1

    def read(self, word: str) -> None:
        """One setting, or all below a directory such as `net.ipv4`. Failures add up in the exit status."""
        if found := re.search(r"[./]{2}.*", word):  # procps grumbles at a path twice
            for _ in range(1 if re.search(r"[./]", word)[0] == "." else 2):
                self.complain(f"separators should not be repeated: {found[0]}", 0)
        path = _path(word)
        if not path.strip("/"):
            self.complain(f"Path is not under /proc/sys/: /proc/sys/{path}" if word else '"" is an unknown key', 0)
            self.status -= 1
            return
        key = swapped(path)
        if key == FLUSH:
            return
        below = {k: self.settings[k] for k in self.settings if k == key or k.startswith(f"{key}.")}
        if not below and is_known(self.settings, key):
            below = {key: unmodelled(self.settings, key)}
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
        key = swapped(path)
        if len(word) < 2:  # passed over without a sound
            self.status |= 1
        elif not sign:
            self.complain("command line(0): invalid syntax, continuing...")
        elif not path:
            self.complain("Path is not under /proc/sys/: /proc/sys/")
        elif not is_known(self.settings, key):
            self.status |= self.missing(path)
        else:
            try:
                if not value and key != FLUSH:
                    raise KernelError(errno.EINVAL)
                set_value(self.ctx.ns, key, value)
            except KernelError as refusal:
                self.err += f"{refusal}\n" if refusal.extack else f'sysctl: setting key "{key}": {refusal}\n'
                self.status |= 1
                return
            if "q" not in self.options:
                self.show(key, value, written=True)

    def load(self, names: list[str]) -> None:
        """-p and --system: all files are read first, then what they say, one setting a line, is written."""
        if "S" in self.options:
            found = files.listing(self.ctx.lab, self.ctx.ns, "/etc/sysctl.d")
            names = [*(f"/etc/sysctl.d/{name}" for name in found if name.endswith(".conf")), CONF]
            self.printed += [f"* Applying {name} ...\n" for name in names]
        settings = []
        for name in names or [CONF]:
            try:
                text = files.read(self.ctx.lab, self.ctx.ns, name)
            except KernelError as error:
                self.complain(f'cannot open "{name}": {error}')
                continue
            for number, line in enumerate(text.split("\n"), 1):
                setting = line.strip().removeprefix("-")
                if "=" in setting and setting[0] not in "#;":
                    settings.append(setting)
                elif setting[:1] not in ("", "#", ";"):
                    self.complain(f"{name}({number}): invalid syntax, continuing...")
        for setting in settings:
            self.write(setting)


def _load_words(arg: str) -> list[str]:
    """-p takes a file only when it hangs on it: `-pFILE` and `--load=FILE` are `-p FILE`; -f is the same."""
    name = re.fullmatch(r"(?:--load=?|-[pf])(.*)", arg, re.S)
    return ["-p", *filter(None, [name[1]])] if name else [arg]


def _path(word: str) -> str:
    """The path under /proc/sys: with dots as separators, a slash stands for a dot in a name."""
    first = next((c for c in word if c in "./"), "/")
    return swapped(word) if first == "." else word
