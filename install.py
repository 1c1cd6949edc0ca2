"""Makes the virtual environment that `make lab` and `make test` run in: `python3 install.py --venv .venv notebooks kernel`.

The words are extras of pyproject.toml, at the exact versions of constraints.txt. What was installed is written down in the
environment, so a second run costs a few milliseconds; whatever is in the way is said in a sentence, and nothing that was there
before is removed. Also for machines without make (Windows). Written for any Python 3.6 or later, to tell an old one so.
"""

import argparse
import glob
import hashlib
import os
import shutil
import subprocess
import sys

ROOT = os.path.dirname(os.path.abspath(__file__))
OLDEST = (3, 11)
NEEDED = "labkit needs Python {}.{} or later".format(*OLDEST)
NOTE = "labkit-installed.txt"  # in the environment: from which checkout, from which pins, which extras
ANOTHER = "name another folder: make lab VENV=FOLDER"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--venv", default=os.path.join(ROOT, ".venv"), help="the folder of the environment (default .venv)")
    parser.add_argument("extras", nargs="*", help="default: notebooks kernel")
    words = parser.parse_args()
    venv = os.path.abspath(words.venv)
    python = os.path.join(venv, *(("Scripts", "python.exe") if os.name == "nt" else ("bin", "python")))
    if not os.path.exists(os.path.join(venv, "pyvenv.cfg")):
        make(venv)
    check(venv, python)
    install(venv, python, set(words.extras or ["notebooks", "kernel"]))


def make(venv):
    """A new environment, made by the Python that runs this file; half of one is not left behind."""
    if sys.version_info < OLDEST:
        here = "{}.{}".format(*sys.version_info)
        sys.exit(f"{NEEDED}; {sys.executable} is {here}. Try: make lab PYTHON=python3.12")
    if os.path.lexists(venv) and not (os.path.isdir(venv) and not os.listdir(venv)):
        sys.exit(f"{venv} is there already and is no virtual environment; {ANOTHER}")
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        name = os.path.basename(sys.executable)
        package = name if name.startswith("python3.") else "python3"
        sys.exit("This Python cannot make a virtual environment: Debian and Ubuntu keep that part in a package of its own.\n"
                 f"To have it: sudo apt install {package}-venv")
    try:
        os.makedirs(venv, exist_ok=True)
    except OSError as error:
        sys.exit(f"The virtual environment {venv} cannot be made ({error.strerror}); {ANOTHER}")
    if subprocess.call([sys.executable, "-m", "venv", venv]) != 0:
        shutil.rmtree(venv)
        sys.exit(f"The virtual environment {venv} could not be made; why is said above.")


def check(venv, python):
    """The environment still starts the Python it was made by, and that one is new enough."""
    with open(os.path.join(venv, "pyvenv.cfg"), encoding="utf-8", errors="surrogateescape") as file:
        settings = dict(line.split(" = ", 1) for line in file.read().splitlines() if " = " in line)
    made = ".".join(settings.get("version", "?").split(".")[:2])
    ask = [python, "-c", "import sys; print('{}.{}'.format(*sys.version_info))"]
    try:
        now = subprocess.run(ask, stdout=subprocess.PIPE, check=True).stdout.decode().strip()
    except (OSError, subprocess.CalledProcessError):
        now = ""
    if not now:
        wrong = f"and that Python ({settings.get('home', '?')}) is gone"
    elif now != made:
        wrong = f"and in that one's place there is Python {now} now"
    elif tuple(map(int, now.split("."))) < OLDEST:
        wrong = f"and {NEEDED}"
    else:
        return
    sys.exit(f"The virtual environment {venv} was made by Python {made}, {wrong}.\n"
             f"Remove it (rm -r '{venv}') and type the same again, or keep it and {ANOTHER}")


def install(venv, python, extras):
    """What the extras ask for, and this checkout itself; nothing where that has been done."""
    digest = hashlib.sha256()
    for name in ("pyproject.toml", "constraints.txt"):
        with open(os.path.join(ROOT, name), "rb") as file:
            digest.update(file.read())
    state, note = f"{ROOT}\n{digest.hexdigest()}\n", os.path.join(venv, NOTE)
    before = ""
    if os.path.exists(note):
        with open(note, encoding="utf-8", errors="surrogateescape") as file:
            before = file.read()
    there = set(before[len(state):].split()) if before.startswith(state) else set()
    if extras <= there:
        return
    wanted = ",".join(sorted(extras | there))
    print(f"Installing what the course needs ({wanted}) into {venv}: once, from the network.", flush=True)
    pip = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--compile", "-c", "constraints.txt"]
    if subprocess.call([*pip, "-e", f".[{wanted}]"], cwd=ROOT) != 0:
        sys.exit("The packages could not be installed; why is said above. Once that is mended, type the same again.")
    name_in_ascii(venv)
    with open(note, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(state + wanted.replace(",", " ") + "\n")


def name_in_ascii(venv):
    """Says in plain ASCII where labkit is, in the file by which this environment finds it.

    pip writes it in UTF-8, and Python before 3.13 reads it in the locale's encoding (site.py, addpackage): with LC_ALL=C, or on a
    Chinese Windows, a folder called 实验 would stop every Python of this environment, or labkit would not be found.
    """
    for path in glob.glob(os.path.join(glob.escape(venv), "[Ll]ib", "**", "site-packages", "*.pth"), recursive=True):
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            ours = file.read().strip() == ROOT
        if ours:
            with open(path, "w", encoding="ascii") as file:
                file.write(f"import sys; sys.path.append({ascii(ROOT)})\n")


if __name__ == "__main__":
    main()
