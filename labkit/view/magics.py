"""`%%lab`: a cell of shell lines, run in the lab and shown with their prompts.

    %load_ext labkit
    %%lab ns1
    ip addr
    ping -c 1 192.168.50.2

The lab is the notebook's variable `lab`. `%%lab` alone runs in its first machine; `--lab NAME` takes
another variable. A prompt is the one a machine has, `[root@ns1 ~]# `, as in the course's own captures,
and a command that fails shows its exit status and lets the next one run. The lines of a cell are typed into
one shell: a variable set in one is there in the next, and a loop or a here-document may take several.
"""

import sys

from IPython.core.magic import Magics, cell_magic, magics_class

from ..commands.language import is_complete
from ..commands.shell import Variables
from ..errors import BadInput, LabError
from ..lab.lab import Lab


@magics_class
class LabMagics(Magics):
    """The cell magic; `load` registers it."""

    @cell_magic
    def lab(self, line: str, cell: str) -> None:
        """%%lab [NAMESPACE] [--lab VARIABLE]: run the cell's lines in the lab."""
        try:
            name, namespace = arguments(line)
            lab = find_lab(self.shell.user_ns, name)
            for text in transcript(lab, cell, namespace):
                print(text, end="")
        except LabError as error:
            print(error, file=sys.stderr)


def load(ipython) -> None:
    """What `%load_ext labkit` does."""
    from .diff_table import install

    ipython.register_magics(LabMagics)
    install(ipython.display_formatter.formatters)


def arguments(line: str) -> tuple[str, str | None]:
    """The lab's variable and the namespace from what stands behind %%lab."""
    words, name = line.split(), "lab"
    if "--lab" in words:
        at = words.index("--lab")
        if at + 1 == len(words):
            raise BadInput("%%lab --lab needs the name of a variable behind it: %%lab --lab mylab")
        name = words[at + 1]
        del words[at : at + 2]
    if len(words) > 1:
        raise BadInput(f"%%lab takes one namespace: %%lab {words[0]}; commands go on the lines below")
    return name, words[0] if words else None


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
        yield f"{prompt(namespace)}{line}\n"
        if line.lstrip().startswith("#"):
            continue
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
