"""The usage texts of the tools, each as the real tool prints it: NAME.txt beside this file, recorded by tests/usage.py."""

from functools import cache


@cache
def usage(name: str) -> str:
    """The usage text of that name, such as "ip-link"."""
    from importlib.resources import files  # takes as long as a third of the tools' own modules, and few lines ask for it

    return files(__name__).joinpath(f"{name}.txt").read_text(encoding="utf-8")


def usage_in_two(name: str) -> tuple[str, str]:
    """What net-tools' --help puts on stdout and on stderr: the lists of families and hardware types go to stderr."""
    lines = usage(name).splitlines(keepends=True)
    lists = [line for line in lines if line.startswith("    ") and line[4] != " "]
    return "".join(line for line in lines if line not in lists), "".join(lists)
