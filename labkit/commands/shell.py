"""The lab's shell: lines in, what the real tools answer out.

A command is a function `(Context, args) -> Result`, found by name in `COMMANDS` (loaded when first
used) or among those a control plane added to the lab (`docker`, `kubectl`, `etcdctl`). What bash itself
does is here: variables, loops, pipes, and where outputs go.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from importlib import import_module

from ..errors import BadInput, KernelError
from ..lab.lab import Lab
from ..lab.namespace import Namespace
from . import expansion
from . import filesystem as files
from .hosts import reading
from .language import Loop, Pipeline, Redirect, Simple, parse
from .result import Budget, Context, Exhausted, Failure, Result, ShellError

#: command -> (module, function)
COMMANDS = {
    name: (module, name) for module, names in {
        "bridge": "bridge", "busybox": "nslookup wget", "connecting": "curl nc", "ip": "ip", "ping": "ping", "sysctl": "sysctl",
        "tcpdump": "tcpdump", "iptables": "iptables nft", "traceroute": "traceroute", "ifconfig": "ifconfig", "net_route": "route",
        "netstat": "netstat ss arp", "systemctl": "systemctl service journalctl", "grep_awk": "grep awk",
        "coreutils": "cat echo false head hostname ls mkdir rm seq sleep tail tee touch true wc",
    }.items() for name in names.split()
} | dict.fromkeys(("sh", "bash"), ("shell", "subshell")) | {
    "iptables-save": ("iptables_save", "iptables_save"), "iptables-restore": ("iptables_save", "iptables_restore"),
    "conntrack": ("conntrack_tool", "conntrack"), "nsenter": ("nsenter", "nsenter"),
}  # fmt: skip
#: How many words a command may have.
MOST_WORDS = 2_000
#: What bash does by itself and the lab's does not.
_UNKNOWN = {
    ".", "[", "alias", "break", "cd", "continue", "declare", "eval", "exec", "jobs", "kill", "let", "local", "printf", "pwd",
    "read", "readonly", "return", "set", "shift", "shopt", "source", "test", "trap", "type", "typeset", "ulimit", "wait",
}  # fmt: skip


def sh(lab: Lab, line: str, on: str | None = None, stdin: str = "", variables: "Variables | None" = None) -> Result:
    """Run a text in a namespace (by default the lab's first machine). `variables` are kept for the next call."""
    shell = Shell(lab, lab[on if on is not None else lab.home], Variables() if variables is None else variables)
    for text in (line, stdin):
        if not isinstance(text, str):
            raise BadInput(f"a line of shell is text, such as lab.sh('ip addr'), and this is a {type(text).__name__}")
    with lab.line():
        return shell.run(line, stdin)


class Variables(dict):
    """A shell's variables, and which of them its commands see."""

    __slots__ = ("exported",)

    def __init__(self, values: Mapping[str, str] = {}, exported: Iterable[str] = ()):  # noqa: B006
        super().__init__(values)
        self.exported = set(exported)


class Shell:
    """One shell: where it runs, and its variables (`?` is the last status)."""

    def __init__(self, lab: Lab, ns: Namespace, variables: Variables, budget: Budget | None = None):
        self.lab, self.ns, self.variables = lab, ns, variables
        self.budget, self.is_first = budget or Budget(), budget is None
        self.ended = False  # by `exit`
        self.complaints = ""  # what commands in `$(…)` print as errors goes straight to the screen

    def value(self, name: str) -> str:
        """A variable's value; what nobody set is empty, but for what every login has."""
        if name in self.variables:
            return self.variables[name]
        known = {"?": "0", "HOME": files.HOME, "PWD": files.HOME, "USER": "root", "UID": "0", "HOSTNAME": self.ns.machine}
        return known.get(name, "")

    def _below(self) -> "Shell":
        """A shell of its own that knows the same, as each command of a pipe is in one."""
        return Shell(self.lab, self.ns, Variables(self.variables, self.variables.exported), self.budget)

    def output(self, text: str) -> str:
        """What `$(text)` prints; like everything in a shell below it leaves the variables alone."""
        self.budget.enter()
        result = self._below().run(text)
        self.budget.depth -= 1
        self.variables["?"] = str(result.returncode)
        self.complaints += result.stderr
        return result.stdout

    def run(self, text: str, stdin: str = "") -> Result:
        """Run a script line by line. A mistake in its grammar is found before any of it runs."""
        origin = self.lab.origin
        done: list[Result] = []
        try:
            (text + stdin).encode()
            for line, pipelines in parse(text):
                with self.lab.writing(origin.who, origin.command or line):
                    self._list(pipelines, stdin, done)
        except UnicodeEncodeError:
            done.append(Result(2, "", "The lab's shell reads whole characters, and the line has half of one.\n"))
        except Exhausted as error:
            if not self.is_first:
                raise
            done.append(Result(1, "", f"{error}\n"))
        except ShellError as error:
            done.append(Result(2, "", f"{error}\n"))
        finally:
            self.lab.origin = origin
        return _joined(done)

    def _list(self, pipelines: tuple[Pipeline, ...], stdin: str, done: list[Result]) -> None:
        """Pipelines one after the other, as `&&` and `||` want it."""
        for pipeline in pipelines:
            failed = self.value("?") != "0"
            if self.ended:
                break
            if (pipeline.operator == "&&" and failed) or (pipeline.operator == "||" and not failed):
                continue
            result = self._pipeline(pipeline, stdin)
            if pipeline.negated:
                result = Result(int(not result.returncode), result.stdout, result.stderr)
            self.variables["?"] = str(result.returncode)
            done.append(result)

    def _pipeline(self, pipeline: Pipeline, stdin: str) -> Result:
        """Commands each reading what the one before printed. Of several, each is in a shell of its own."""
        if len(pipeline.commands) == 1:
            return self._command(pipeline.commands[0], stdin)
        result, err = Result(0, stdin), ""
        for command in pipeline.commands:
            result = self._below()._command(command, result.stdout)
            err += result.stderr
        return Result(result.returncode, result.stdout, err)

    def _command(self, command: Simple | Loop, stdin: str) -> Result:
        run = self._loop if isinstance(command, Loop) else self._simple
        try:
            if command.redirects:
                stdin, sinks = self._opened(command.redirects, stdin)
                result = self._sent(sinks, run(command, stdin))
            else:
                result = run(command, stdin)
        except Exhausted:
            raise
        except ShellError as error:
            result = Result(1, "", f"{error}\n")
        if self.complaints:
            result = Result(result.returncode, result.stdout, self.complaints + result.stderr)
            self.complaints = ""
        return result

    def _loop(self, loop: Loop, stdin: str) -> Result:
        done: list[Result] = []
        for word in loop.words:
            for value in expansion.fields(word, self):
                self.variables[loop.variable] = value
                self._list(loop.body, stdin, done)
        return _joined(done)

    def _simple(self, simple: Simple, stdin: str) -> Result:
        self.budget.spend()
        argv = [field for word in simple.words for field in expansion.fields(word, self)]
        if not argv:
            return self._assign(simple)
        if len(argv) > MOST_WORDS:
            raise ShellError(f"The lab's shell hands up to {MOST_WORDS:,} words to a command, and these are {len(argv):,}.")
        assigned = {name: expansion.text(word, self) for name, word in simple.assignments}
        if argv[0] in _BUILTINS:
            return _BUILTINS[argv[0]](self, argv[1:])
        if argv[0] in _UNKNOWN:
            raise expansion.unknown(f"`{argv[0]}`")
        seen = {name: self.variables[name] for name in self.variables.exported if name in self.variables} | assigned
        return run_argv(Context(self.lab, self.ns, stdin, seen, self.budget), argv)

    def _assign(self, simple: Simple) -> Result:
        """`X=1` alone; its status is that of the last `$(…)` in it."""
        for name, word in simple.assignments:
            self.variables[name] = expansion.text(word, self)
        words = (*simple.words, *(word for _, word in simple.assignments))
        return Result(int(self.value("?")) if any(part.kind == "command" for word in words for part in word) else 0)

    def _opened(self, redirects: tuple[Redirect, ...], stdin: str) -> tuple[str, dict[int, int | str]]:
        """What a command reads, and where each of its outputs goes: 1, 2, or the path of a file."""
        sinks: dict[int, int | str] = {1: 1, 2: 2}
        for redirect in redirects:
            if redirect.how == "<<":
                stdin = expansion.text(redirect.target, self)
                continue
            if redirect.how == ">&":
                sinks[redirect.fd] = sinks[int(redirect.target[0].text)]
                continue
            paths = expansion.fields(redirect.target, self)
            if len(paths) != 1:
                shown = "".join(f"${part.text}" if part.kind == "variable" else part.text for part in redirect.target)
                raise ShellError(f"bash: {shown}: ambiguous redirect")
            try:
                if redirect.how == "<":
                    stdin = files.read(self.lab, self.ns, paths[0])
                    continue
                files.check(self.lab, self.ns, paths[0])
                if redirect.how == ">":
                    files.write(self.lab, self.ns, paths[0], "")
            except KernelError as error:
                raise ShellError(str(error) if error.extack else f"bash: {paths[0]}: {error}") from None
            sinks[redirect.fd] = paths[0]
        return stdin, sinks

    def _sent(self, sinks: dict[int, int | str], result: Result) -> Result:
        """Send both outputs where they go."""
        shown, status = {1: "", 2: ""}, result.returncode
        for fd, text in ((1, result.stdout), (2, result.stderr)):
            try:
                if sinks[fd] in shown:
                    shown[sinks[fd]] += text
                else:
                    files.write(self.lab, self.ns, sinks[fd], text, append=True)
            except KernelError as error:
                shown[2] += f"{error}\n" if str(error).startswith("The lab") else f"bash: echo: write error: {error}\n"
                status = 1
        return Result(status, shown[1], shown[2])


def _joined(done: list[Result]) -> Result:
    """Several results as one: the last status, and all that was printed."""
    if len(done) == 1:
        return done[0]
    status = done[-1].returncode if done else 0
    return Result(status, "".join(result.stdout for result in done), "".join(result.stderr for result in done))


def _export(shell: Shell, args: list[str]) -> Result:
    """`export X=1 Y`: what commands see of the variables."""
    if not args or args[0].startswith("-"):
        return Result(1, "", "The lab's export knows names: export X=1.\n")
    for arg in args:
        name, given, value = arg.partition("=")
        if not name.isidentifier():
            return Result(1, "", f"bash: export: `{arg}': not a valid identifier\n")
        shell.variables.exported.add(name)
        if given:
            shell.variables[name] = value
    return Result()


def _unset(shell: Shell, args: list[str]) -> Result:
    for name in args:
        shell.variables.pop(name, None)
        shell.variables.exported.discard(name)
    return Result()


def _exit(shell: Shell, args: list[str]) -> Result:
    """`exit [STATUS]`: the shell runs nothing more."""
    status = args[0] if args else shell.value("?")
    if not status.isascii() or not status.removeprefix("-").isdigit():
        shell.ended = True
        return Result(2, "", f"bash: exit: {status}: numeric argument required\n")
    if len(args) > 1:
        return Result(1, "", "bash: exit: too many arguments\n")
    shell.ended = True
    return Result(int(status) % 256)


_BUILTINS = {"exit": _exit, "export": _export, "unset": _unset, ":": lambda shell, args: Result()}


def run_argv(ctx: Context, argv: list[str]) -> Result:
    """Run one command given as words, as `ip netns exec` and `docker exec` do."""
    if argv and argv[0] == "sudo":
        argv = argv[1:]
    if not argv:
        return Result()
    command = find(ctx.lab, argv[0].rpartition("/")[2])
    if command is None:
        return Result(127, stderr=f"bash: {argv[0]}: command not found\nThe lab understands: {', '.join(known(ctx.lab))}.\n")
    ctx.budget.enter()
    try:
        with reading(ctx):
            result = command(ctx, list(argv[1:]))
    except Failure as failure:
        result = failure.result
    finally:
        ctx.budget.depth -= 1
    ctx.budget.print(result)
    return result


def subshell(ctx: Context, args: list[str]) -> Result:
    """`sh -c LINE`, `sh FILE`, or what is handed to `sh`: run in the same namespace, as `docker exec` and `ip netns exec` need it."""
    text = ctx.stdin
    if args[:1] == ["-c"]:
        if len(args) == 1:
            raise Failure(2, "sh: 0: -c requires an argument\n")
        text = args[1]
    elif not (args or text) or args and args[0].startswith("-"):
        raise Failure(2, "The lab's sh runs a line, given as sh -c LINE, a file, or what it reads.\n")
    elif args:
        try:
            text = files.read(ctx.lab, ctx.ns, args[0])
        except KernelError as error:
            raise Failure(127, f"bash: {args[0]}: {error}\n") from None
    return Shell(ctx.lab, ctx.ns, Variables(ctx.environment, ctx.environment), ctx.budget).run(text, ctx.stdin if args else "")


def find(lab: Lab, name: str):
    """The function behind a command's name, or None."""
    return _loaded(*COMMANDS[name]) if name in COMMANDS else lab.commands.get(name)


@cache
def _loaded(module: str, function: str):
    return getattr(import_module(f".{module}", __package__), function)


def known(lab: Lab) -> list[str]:
    return sorted({*COMMANDS, *lab.commands})
