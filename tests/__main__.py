"""Every test and every notebook, then in a few lines what ran and what did not: `python -m tests`, which is `make test`.

`python -m tests ARGUMENTS…` hands them to one run of pytest. Without any there are seven, most side by side: the tests that ask a
kernel mostly wait (for ARP to fail, for silence), and so do those in a browser; what runs notebooks is one side, the others are halved.
nbval has a run of its own, because its plug-in costs every small unit test a second of imports. Benchmarks are left out: beside all that
their figures mean little (`make bench`). Nothing is written into the checkout, which may be somebody else's.
"""

import os
import subprocess
import sys
import tempfile
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from xml.etree import ElementTree

from tests.parts import PARTS, why_absent

ROOT = Path(__file__).parent.parent
FAULTS = "tests/kernel/test_conformance.py"
KERNEL, BROWSER, HALF = ["tests/kernel", "tests/conform"], ["tests/browser"], ["tests/fuzz", "tests/trace", "tests/planes", "tests/view"]
SITES = ["tests/browser/test_lite.py", "tests/browser/test_pages.py"]
#: Tests that run notebooks in kernels of their own.
RUNNING = ["tests/test_notebooks.py", "tests/test_visitor.py"]
#: Measured alone: `make bench`, and CI after all else.
ALONE = ["tests/benchmarks"]
PLAIN = ["-p", "no:nbval"]
CELLS = ["--nbval", "--nbval-current-env", "--nbval-cell-timeout=60"]
NOTEBOOKS = sorted(f"notebooks/{path.name}" for path in Path(ROOT, "notebooks").glob("*.ipynb"))
#: What runs side by side; the runs of one of these follow each other.
SIDES = [
    [[*PLAIN, *(f"--ignore={folder}" for folder in KERNEL + BROWSER + HALF + RUNNING + ALONE)]],
    [[*PLAIN, *HALF]],
    [[*PLAIN, *BROWSER, *(f"--ignore={file}" for file in SITES)]],
    [[*PLAIN, *RUNNING, *SITES], [*CELLS, *NOTEBOOKS]],
    [[*PLAIN, FAULTS]],
    [[*PLAIN, *KERNEL, f"--ignore={FAULTS}"]],
]


@dataclass
class Sum:
    """What several runs of pytest found together, read from their JUnit files."""

    outcomes: Counter[str] = field(default_factory=Counter)
    failed: list[str] = field(default_factory=list)          # which, for what pytest says of them may stand far above
    used: Counter[str] = field(default_factory=Counter)      # part -> tests that used it
    wanting: Counter[str] = field(default_factory=Counter)   # part -> tests skipped for want of it
    others: Counter[str] = field(default_factory=Counter)    # any other reason -> tests skipped

    def add(self, report: Path) -> None:
        """Count one run in; one that wrote no report has died, which counts as a failure."""
        if not report.exists():
            self.outcomes["failed"] += 1
            self.failed.append(f"a run of pytest ended without its report {report.name}")
            return
        for case in ElementTree.parse(report).iter("testcase"):
            skip = case.find("skipped[@type='pytest.skip']")
            bad = [*case.iter("failure"), *case.iter("error")]
            self.outcomes["failed" if bad else "passed" if skip is None else "skipped"] += 1
            self.failed += [f"{case.get('classname')} {case.get('name')}: {(one.get('message') or '?').splitlines()[0]}" for one in bad[:1]]
            self.used.update(one.get("value") for one in case.iter("property") if one.get("name") == "part")
            if skip is not None:
                reasons = skip.get("message", "").splitlines()
                absent = [reason.split(": ")[0] for reason in reasons]
                if set(absent) <= PARTS.keys():
                    self.wanting.update(absent)
                else:
                    self.others.update(reasons[:1])

    def part(self, name: str) -> str:
        """What became of the tests that use a part."""
        if not why_absent(name):
            return f"{name:<12} here, {self.used[name]} tests used it"
        return f"{name:<12} absent, {self.wanting[name]} tests skipped: {why_absent(name)}"

    def __str__(self) -> str:
        rows = [*map(self.part, PARTS), *(f"{count} tests skipped: {reason}" for reason, count in sorted(self.others.items()))]
        counts = ", ".join(f"{self.outcomes[word]} {word}" for word in ("passed", "failed", "skipped"))
        failed = ["", "What failed:", *self.failed] if self.failed else []
        return "\n".join(["", "What this machine has, and what was skipped for want of it:", *rows, *failed, counts])


def run(report: Path, arguments: list[str], output: IO[str] | None = None) -> bool:
    """One pytest; whether it ended well."""
    cache = Path(sys.prefix, "pytest-cache")
    command = [sys.executable, "-m", "pytest", "-o", f"cache_dir={cache}", f"--junitxml={report}", *arguments]
    return subprocess.run(command, stdout=output, stderr=output).returncode == 0


def everything(folder: Path) -> tuple[list[Path], bool]:
    """All runs: their reports, and whether all ended well. The first side is heard as it goes, the others when they have ended."""
    reports = [[folder / f"{side}-{number}.xml" for number, _ in enumerate(runs)] for side, runs in enumerate(SIDES)]

    def follow(side: int) -> bool:
        runs = zip(reports[side], SIDES[side], strict=True)
        with (folder / f"{side}.txt").open("w", encoding="utf-8") as output:
            return all([run(report, arguments, output if side else None) for report, arguments in runs])

    with ThreadPoolExecutor(len(SIDES)) as sides:
        well = list(sides.map(follow, range(len(SIDES))))
    for side in range(1, len(SIDES)):
        print((folder / f"{side}.txt").read_text(encoding="utf-8", errors="replace"), flush=True)
    return sum(reports, []), all(well)


def some(folder: Path, arguments: list[str]) -> tuple[list[Path], bool]:
    """One run with these arguments; where they name notebooks, by nbval."""
    how = CELLS if any(word.endswith(".ipynb") for word in arguments) else PLAIN
    return [folder / "some.xml"], run(folder / "some.xml", [*how, *arguments])


def main(arguments: list[str]) -> int:
    os.chdir(ROOT)
    os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = str(Path(sys.prefix, "hypothesis"))
    found = Sum()
    with tempfile.TemporaryDirectory() as name:
        reports, well = some(Path(name), arguments) if arguments else everything(Path(name))
        for report in reports:
            found.add(report)
    print(found)
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
