"""The two commands on fresh machines, as root: `python3 -m tests.fresh_machine [--roots FOLDER] MACHINE…` (`--list`, `all`, `quick`).

A machine is a Debian made of its own packages (mmdebstrap), entered in mount and process namespaces of its own, with a fresh clone
of this checkout in it. Nothing of this machine changes; of its settings the fresh one is given what finds the packages: pip's
configuration and certificates, name servers, and proxies. Needs the standard library, git, mmdebstrap, and overlayfs.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import asdict, replace
from pathlib import Path

from .machines import MACHINES, QUICK, Machine

CHECKOUT = Path(__file__).resolve().parent.parent.parent
INSIDE = Path(__file__).with_name("inside.py")
PACKAGES = ["python3", "python3-venv", "make", "ca-certificates"]
#: What tells pip, and every other program, the way to the packages.
SETTINGS = ["/etc/pip.conf", "/etc/resolv.conf", "/etc/hosts", "/etc/ssl/certs/ca-certificates.crt",
            str(Path.home() / ".config/pip/pip.conf")]
PASSED = ("PIP_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
#: The overlay's options, the root, "sys" or "", the clone, and what to run there. A root that was changed into by
#: chroot alone may make no user namespaces, hence pivot_root.
ENTER = """set -e; mount -t overlay -o "$1" overlay "$2"; cd "$2"; shift 2
mount -t proc proc proc
mount -t tmpfs -o mode=755 tmpfs dev
for name in null zero full random urandom tty; do touch dev/$name; mount --bind /dev/$name dev/$name; done
mkdir dev/shm dev/pts; mount -t tmpfs -o mode=1777 tmpfs dev/shm; mount -t devpts -o newinstance,ptmxmode=0666 devpts dev/pts
ln -s pts/ptmx dev/ptmx; ln -s /proc/self/fd dev/fd; ln -s fd/0 dev/stdin; ln -s fd/1 dev/stdout; ln -s fd/2 dev/stderr
if [ "$1" ]; then
  mount -t sysfs sysfs sys
  if [ -e /dev/net/tun ]; then mkdir dev/net; mknod -m 666 dev/net/tun c 10 200; fi
fi
pivot_root . mnt; cd "$2"; umount -l /mnt; shift 2; exec "$@" """


def root(machine: Machine, roots: Path) -> Path:
    """The folder with this machine's Debian, made when it is first wanted."""
    digest = hashlib.sha256(" ".join(machine.packages).encode()).hexdigest()[:8] if machine.packages else "bare"
    folder = roots / f"{machine.suite}-{digest}"
    if not folder.exists():
        words = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={','.join([*PACKAGES, *machine.packages])}"]
        half = folder.with_suffix(".half")
        shutil.rmtree(half, ignore_errors=True)
        subprocess.run([*words, machine.suite, half], check=True)
        half.rename(folder)
    return folder


def prepare(machine: Machine, upper: Path) -> None:
    """The clone, and what finds the packages."""
    if not machine.after:
        clone = upper / machine.folder[1:]
        clone.parent.mkdir(parents=True)
        subprocess.run(["git", "clone", "-q", CHECKOUT, clone], check=True)
    home = upper / "home/learner"
    home.mkdir(parents=True, exist_ok=True)
    shutil.chown(home, machine.user, machine.user)
    for name in filter(os.path.exists, SETTINGS):
        for place in {name, name.replace(str(Path.home()), "/root"), name.replace(str(Path.home()), "/home/learner")}:
            file = upper / place[1:]
            file.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(name, file)


def run(machine: Machine, roots: Path, work: Path) -> bool:
    """One machine, from its making to a line of the table for each thing that was done on it."""
    layers = [root(machine, roots)]
    if machine.after:
        layers.insert(0, work / machine.after / "upper")
    places = {name: work / machine.name / name for name in ("upper", "work", "root")}
    for place in places.values():
        place.mkdir(parents=True)
    prepare(machine, places["upper"])
    shutil.copyfile(INSIDE, places["upper"] / "inside.py")
    mounted = f"lowerdir={':'.join(map(str, layers))},upperdir={places['upper']},workdir={places['work']}"
    env = {name: value for name, value in os.environ.items() if name.upper().startswith(PASSED)}
    env |= {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/home/learner" if machine.user else "/root", "LANG": "C.UTF-8"}
    command = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", ENTER, "sh", mounted, places["root"],
               "sys" if machine.sys else "", machine.folder, "python3", "/inside.py", json.dumps(asdict(machine))]
    well, things = True, 0
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True, encoding="utf-8") as process:
        for line in process.stdout:
            found = json.loads(line)
            well, things = well and found["well"], things + 1
            print(f"{machine.name:<22} {found['what']:<20} {found['seconds']:4.0f} s  "
                  f"{'' if found['well'] else 'FAILED: '}{found['said']}", flush=True)
    return well and things > 0 and process.returncode == 0


def chosen(names: list[str], tests: str | None) -> list[Machine]:
    """The machines of these names, and those that they are copies of, before them."""
    groups = {"all": MACHINES, "quick": QUICK}
    wanted = [one for name in names for one in groups.get(name, [name])]
    wanted = dict.fromkeys(one for name in wanted for one in (MACHINES[name].after, name) if one)
    return [MACHINES[name] if tests is None else replace(MACHINES[name], tests=tests) for name in wanted]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m tests.fresh_machine", description=__doc__.splitlines()[0])
    parser.add_argument("machines", nargs="*", metavar="MACHINE", help="default: quick")
    parser.add_argument("--list", action="store_true", help="the names of the machines")
    parser.add_argument("--roots", type=Path, help="keep the Debians in this folder for the next time")
    parser.add_argument("--tests", help="TEST_ARGS instead of each machine's own")
    words = parser.parse_args()
    if words.list:
        print("\n".join(MACHINES))
        return 0
    if unknown := set(words.machines) - {*MACHINES, "all", "quick"}:
        parser.error(f"no machine is called {', '.join(sorted(unknown))}; --list tells their names")
    for tool in ("git", "mmdebstrap"):
        if shutil.which(tool) is None:
            sys.exit(f"A fresh machine wants {tool}: sudo apt install {tool}")
    if os.geteuid() != 0:
        sys.exit("A fresh machine is made of mounts, which are root's: sudo python3 -m tests.fresh_machine")
    with tempfile.TemporaryDirectory(prefix="fresh-machine-", dir="/var/tmp") as work:
        roots = words.roots.absolute() if words.roots else Path(work, "roots")
        roots.mkdir(parents=True, exist_ok=True)
        machines, well = chosen(words.machines or ["quick"], words.tests), []
        for number, machine in enumerate(machines, 1):
            well.append(run(machine, roots, Path(work)))
            for name in {machine.name, machine.after} - {later.after for later in machines[number:]} - {""}:
                shutil.rmtree(Path(work, name), ignore_errors=True)
    print(f"{len(well)} machines: {well.count(True)} passed, {well.count(False)} failed")
    return 0 if all(well) else 1


if __name__ == "__main__":
    sys.exit(main())
