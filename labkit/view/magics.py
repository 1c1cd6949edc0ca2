"""`%%lab`: a cell of shell lines, run in the lab and shown with their prompts; `%lab`: one line.

A prompt is the one a machine has, `[root@ns1 ~]# `, as in the course's own captures, and a command that fails shows its exit
status and lets the next one run. The lines of a cell are typed into one shell: a variable set in one is there in the next, and
a loop or a here-document may take several. Tab completes commands, namespaces and interfaces.
"""

import re
import sys

from IPython.core.completer import SimpleCompletion, context_matcher
from IPython.core.magic import Magics, line_cell_magic, magics_class, no_var_expand
from IPython.display import display

from ..commands.language import is_complete
from ..commands.shell import Variables, known
from ..errors import BadInput, LabError
from ..lab.lab import Lab
from .output import install, whole_lines

#: What is asked for in a cell that answers a question; what is said of one that Python cannot read.
_CHECKED = re.compile(r"\.check\(")
_QUOTE = 'Put words and addresses in quotes, as in check("docker0") or check("10.20.92.0/24"); numbers, True and False go without.'


@magics_class
class LabMagics(Magics):
    """The magics; `load` registers them."""

    @no_var_expand
    @line_cell_magic
    def lab(self, line: str, cell: str | None = None) -> None:
        """Type commands into the lab.

        %%lab [NAMESPACE] [--lab VARIABLE], and the commands on the lines below; or one command: %lab [NAMESPACE] COMMAND.
        Without a namespace they run in the lab's first machine; the lab is the variable `lab`, unless --lab names another.

            %%lab ns1
            ip addr
            ping -c 1 192.168.50.2

            %%lab k8s-node1 --lab broken
            ip route

            %lab ns1 ip route get 192.168.50.2
        """
        try:
            name, rest = variable(line)
            lab = find_lab(self.shell.user_ns, name)
            namespace, cell = one_line(lab, rest) if cell is None else (only_namespace(rest), cell)
            text = "".join(transcript(lab, cell, namespace))
            if not text:
                return
            shown = text if name == "lab" else f"(in the lab `{name}`)\n{text}"
            display({"text/plain": shown.rstrip("\n"), "text/html": whole_lines(shown)}, raw=True)
        except LabError as error:
            print(error, file=sys.stderr)


def load(ipython) -> None:
    """What `%load_ext labkit` does."""
    ipython.register_magics(LabMagics)
    install(ipython.display_formatter.formatters)
    ipython.set_custom_exc((NameError, SyntaxError), explain)
    ipython.Completer.custom_matchers.append(completer(ipython.user_ns))


def explain(shell, kind, error, traceback, tb_offset=None) -> None:
    """One sentence where a question was answered without quotes, or %%lab does not stand first; else Python's own words."""
    cell = (shell.history_manager.input_hist_raw or [""])[-1]
    name = getattr(error, "name", None)
    if kind is NameError and name in ("q", "lab", "labkit"):
        print(f"There is no {name} yet: run the first cell of this notebook, then this one. (NameError)", file=sys.stderr)
    elif _CHECKED.search(cell):
        what = f"{name} is no word of Python's." if kind is NameError else "Python cannot read this answer."
        print(f"{what} {_QUOTE} ({kind.__name__})", file=sys.stderr)
    elif re.search(r"^%%lab\b", cell, re.MULTILINE) and kind is SyntaxError:
        print("%%lab must be the first line of its cell; put comments and blank lines below it. (SyntaxError)", file=sys.stderr)
    elif kind is SyntaxError or issubclass(kind, SyntaxError):
        shell.showsyntaxerror()
    else:
        shell.showtraceback((kind, error, traceback), tb_offset=tb_offset)


def completer(variables: dict):
    """What Tab offers behind %%lab and %lab: namespaces there, commands at the start of a line, names of all kinds behind."""

    @context_matcher(identifier="labkit")
    def matcher(context) -> dict:
        found = re.match(r"%%?lab\b(.*)", context.full_text)
        if not found or not context.full_text.startswith("%"):
            return {"completions": []}
        lab_named = re.search(r"--lab\s+(\S+)", found[1])
        lab = variables.get(lab_named[1] if lab_named else "lab")
        start = context.line_with_cursor[: context.cursor_position]
        typed = re.search(r"\S*$", start)[0]
        cell = context.full_text.startswith("%%")
        offered = candidates(lab, start, found[1].split(), context.cursor_line == 0, cell) if isinstance(lab, Lab) else []
        some = [SimpleCompletion(text, type="lab") for text in offered if text.startswith(typed)]
        return {"completions": some, "matched_fragment": typed, "suppress": True}

    return matcher


def candidates(lab: Lab, start: str, words: list[str], first_line: bool, cell: bool) -> list[str]:
    """The words that may stand next on a line that begins with `start`."""
    behind = start.split() if start.endswith((" ", "\t")) else start.split()[:-1]
    if first_line:
        behind = behind[1:]
        if not behind:
            return sorted(lab.namespaces) + ([] if cell else known(lab))
        if cell:
            return ["--lab"]
        behind = behind[1:] if behind[0] in lab.namespaces else behind
    if not behind or behind[-1] in ("|", "&&", ";", "||"):
        return known(lab)
    on = words[0] if words and words[0] in lab.namespaces else lab.home
    named = next((one for one in reversed(behind) if one in lab.namespaces), on)
    interfaces = [i.name for i in lab[named].by_index()]
    return interfaces if behind[-1] in ("dev", "-i", "master", "br") else sorted({*lab.namespaces, *interfaces})


def variable(line: str) -> tuple[str, str]:
    """The lab's variable, and the rest of what stands behind the magic's name."""
    found = re.search(r"(?:^|(?<=\s))--lab(?:\s+(\S+))?", line)
    if not found:
        return "lab", line.strip()
    if not found[1]:
        raise BadInput("%%lab --lab needs the name of a variable behind it: %%lab --lab mylab")
    return found[1], f"{line[: found.start()]}{line[found.end() :]}".strip()


def only_namespace(rest: str) -> str | None:
    """The namespace of a whole cell."""
    first, _, more = rest.partition(" ")
    if more:
        raise BadInput(f"%%lab takes one namespace: %%lab {first}; commands go on the lines below")
    return first or None


def one_line(lab: Lab, rest: str) -> tuple[str | None, str]:
    """The namespace and the command of a %lab."""
    first, _, more = rest.partition(" ")
    namespace, command = (first, more.strip()) if first in lab.namespaces else (None, rest)
    if not command:
        raise BadInput("%lab takes a command: %lab ip addr, or in a namespace %lab ns1 ip addr")
    return namespace, command


def find_lab(variables: dict, name: str) -> Lab:
    """The notebook's lab of that name; BadInput says how to make one."""
    found = variables.get(name)
    if isinstance(found, Lab):
        return found
    if found is None:
        raise BadInput(f"there is no variable {name!r} yet: make a lab first, such as {name} = labkit.scenarios.veth_pair()")
    raise BadInput(f"{name!r} is a {type(found).__name__}, not a lab: {name} = labkit.scenarios.veth_pair() makes one")


def transcript(lab: Lab, cell: str, namespace: str | None = None):
    """Piece by piece, each command with its prompt, and what it printed."""
    namespace = namespace or lab.home
    lab[namespace]  # says which there are, when there is no such namespace
    variables = Variables()
    for line in lines(cell):
        if line.lstrip().startswith("#"):  # it stands above in the cell
            continue
        yield f"{prompt(namespace)}{line}\n"
        result = lab.sh(line, on=namespace, variables=variables)
        yield str(result)
        if result.returncode:
            yield f"(exit status {result.returncode})\n"


def prompt(namespace: str) -> str:
    return f"[root@{namespace} ~]# "


def lines(cell: str) -> list[str]:
    """The commands of a cell: what bash would wait for more of goes on in the next line, empty lines say nothing."""
    commands, started = [], ""
    for line in cell.splitlines():
        started += line.rstrip()
        if started.strip() and is_complete(started):
            commands.append(started)
            started = ""
        elif started.strip():
            started += "\n"
    return commands + ([started.rstrip("\\\n")] if started.strip() else [])
