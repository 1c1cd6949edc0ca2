"""Whether constraints.txt can be installed on other machines than this one: `python -m tests.pins`.

uv resolves the pins for the oldest and the newest Python on every system, from wheels alone, and installs nothing. What it would
install must be pinned. Without a network there is nothing to ask, which is counted as skipped.
"""

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

ROOT = Path(__file__).parent.parent
PINS = {line for line in (ROOT / "constraints.txt").read_text().splitlines() if line and not line.startswith("#")}
PYTHONS = "3.11.0", "3.14"
SYSTEMS = ("x86_64-manylinux_2_28", "aarch64-manylinux_2_28", "x86_64-apple-darwin", "aarch64-apple-darwin",
           "x86_64-pc-windows-msvc", "aarch64-pc-windows-msvc")
#: No wheel there, and it builds without a compiler: its part in C is optional.
FROM_SOURCE = {("3.11.0", "aarch64-pc-windows-msvc"): ["pyyaml"]}
COMMAND = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--no-header", "--no-annotate", "--color", "never",
           "--constraints", "constraints.txt", "--extra", "notebooks", "--extra", "kernel", "--extra", "test", "pyproject.toml"]
OFFLINE = re.compile(r"dns error|failed to lookup|error sending request|[Cc]onnection refused|[Tt]imed out|[Uu]nreachable")


def name(line: str) -> str:
    """pip and uv spell a name in different ways."""
    return re.sub(r"[-_.]+", "-", line.partition("==")[0].strip()).lower()


def wrong(python: str, system: str) -> str | None:
    """"" when the pins hold there, else why not; None when there is no network."""
    built = FROM_SOURCE.get((python, system), [])
    wheels = [word for pin in PINS if name(pin) not in built for word in ("--only-binary", name(pin))]
    done = subprocess.run([*COMMAND, *wheels, "--python-version", python, "--python-platform", system],
                          cwd=ROOT, capture_output=True, text=True, timeout=300)
    if done.returncode:
        return None if OFFLINE.search(done.stderr) else done.stderr.strip()
    pinned = {name(pin): pin.partition("==")[2] for pin in PINS}
    wanted = dict(line.partition(" ;")[0].split("==") for line in done.stdout.splitlines() if "==" in line)
    loose = [one for one, version in wanted.items() if pinned.get(name(one)) != version]
    return f"not pinned: {', '.join(loose)}" if loose else ""


def main() -> int:
    cases = list(product(PYTHONS, SYSTEMS))
    with ThreadPoolExecutor(3) as pool:
        found = dict(zip(cases, pool.map(lambda case: wrong(*case), cases), strict=True))
    for (python, system), why in found.items():
        print(f"Python {python:<7} {system:<24} {'resolves' if why == '' else why or 'not asked: no network'}")
    passed, skipped = list(found.values()).count(""), list(found.values()).count(None)
    print(f"Pins: {passed} passed, {len(cases) - passed - skipped} failed, {skipped} skipped")
    return 0 if passed + skipped == len(cases) else 1


if __name__ == "__main__":
    sys.exit(main())
