"""The machines on which the two commands are tried: what each has beyond a bare Debian, and what is odd about it.

Bare is what a person has who read only the README's first line: Python with its venv package, make, and nothing else.
"""

from dataclasses import dataclass

#: Everything the tests can use, the browser apart, which is half a gigabyte.
TOOLS = ("iproute2 nftables iptables iputils-ping traceroute net-tools procps netcat-openbsd curl tcpdump "
         "conntrack").split()
BROWSER = ["chromium", "libatomic1", "fonts-dejavu-core"]
#: What asks the kernel or the tools: enough to see whether the want of one tool breaks anything.
ASKING = ("tests/kernel tests/conform tests/test_notebooks.py tests/course/test_doctor.py tests/view/test_on_the_kernel.py "
          "tests/trace/test_experiments.py tests/commands/test_usage.py tests/benchmarks/test_realize.py "
          "tests/test_project.py tests/test_install.py")


@dataclass(frozen=True, slots=True)
class Machine:
    """One machine; the defaults are a bare Debian 12 of which root has a clone in /srv/course."""

    name: str
    suite: str = "bookworm"
    packages: tuple[str, ...] = ()
    folder: str = "/srv/course"
    before: str = ""            # typed by root in the clone, before anything else
    after: str = ""             # the machine it is a copy of, with what was installed there
    make: tuple[str, ...] = ()  # words for make
    wrap: tuple[str, ...] = ()  # a command that runs the commands
    env: tuple[tuple[str, str], ...] = ()
    user: int = 0
    read_only: bool = False     # the clone
    sys: bool = True            # whether /sys and /dev/net/tun are there
    says: str = ""              # where `make lab` cannot do it, the words it says
    tests: str = ASKING         # TEST_ARGS; "" for everything


def _debian(suite: str) -> list[Machine]:
    """Bare, with all tools, and with all tools but one."""
    tools = Machine(f"{suite}-tools", suite, tuple(TOOLS), tests="")
    wanting = {"iproute2": "ip bridge", "nftables": "nft", "iptables": "iptables", "ping": "ping",
               "traceroute": "traceroute", "net-tools": "netstat ifconfig route arp", "procps": "sysctl", "nc": "nc", "curl": "curl",
               "tcpdump": "tcpdump"}
    return [Machine(f"{suite}-bare", suite, tests=""), tools,
            *(Machine(f"{suite}-no-{name}", suite, tuple(TOOLS), after=tools.name,
                      before=f'for tool in {commands}; do while path=$(command -v $tool); do rm "$path"; done; done')
              for name, commands in wanting.items())]


_LIMITED = "unshare --user --map-root-user sh -c".split()
_NO_USERNS = 'echo 0 > /proc/sys/user/max_user_namespaces; exec "$@"'
_OLD = "mkdir -p .venv/bin; printf 'home = /usr/bin\\nversion = 3.10.2\\n' > .venv/pyvenv.cfg; "

MACHINES = {machine.name: machine for machine in [
    *_debian("bookworm"), *_debian("trixie"),
    Machine("bookworm-browser", packages=(*TOOLS, *BROWSER), tests=""),
    Machine("blanks", folder="/srv/a b/实验 'x'", env=(("LANG", "C"), ("LC_ALL", "C")), tests=""),
    Machine("iproute2-alone", packages=("iproute2",), folder="/srv/a b/实验", tests=""),
    Machine("blank-venv", folder="/srv/a b/实验", make=("VENV=/opt/the course/环境",)),
    Machine("read-only", read_only=True, make=("VENV=/opt/labkit",), packages=tuple(TOOLS)),
    Machine("user", "trixie", packages=tuple(TOOLS), folder="/srv/a b/实验", user=1000, tests=""),
    Machine("nobody-without-home", user=65534, env=(("HOME", ""),), make=("VENV=/var/tmp/labkit",)),
    Machine("no-user-namespaces", packages=tuple(TOOLS), wrap=(*_LIMITED, _NO_USERNS, "-")),
    Machine("no-sys", packages=tuple(TOOLS), sys=False),
    Machine("no-venv-package", before="rm -r /usr/lib/python3.11/ensurepip", says="sudo apt install python3-venv"),
    Machine("old-venv", before=_OLD + "ln -s /usr/bin/python3 .venv/bin/python", says="made by Python 3.10, and in that one's place"),
    Machine("gone-venv", before=_OLD + "ln -s /usr/bin/python3.10 .venv/bin/python", says="and that Python (/usr/bin) is gone"),
    Machine("read-only-no-venv", read_only=True, says="cannot be made (Read-only file system); name another folder: make lab VENV="),
]}
#: What CI tries, with a part of the tests.
QUICK = ("blanks", "trixie-tools", "no-venv-package")
