"""Every test and every notebook, then in a few lines what ran and what did not: `python -m tests`, which is `make test`.

`python -m tests ARGUMENTS…` hands them to one run of pytest. Without any there are four. The tests that ask a kernel mostly wait
(for ARP to fail, for silence), so they run beside all others, in two parts; nbval has a run of its own, because its plug-in costs
every small unit test a second of imports. Nothing is written into the checkout, which may be somebody else's.
"""

import os
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from tests.parts import PARTS, why_absent

ROOT = Path(__file__).parent.parent
FAULTS = "tests/kernel/test_conformance.py"
PLAIN = ["-p", "no:nbval"]
BESIDE = [[*PLAIN, FAULTS], [*PLAIN, "tests/kernel", "tests/conform", f"--ignore={FAULTS}"]]
REST = [*PLAIN, "--ignore=tests/kernel", "--ignore=tests/conform"]
CELLS = ["--nbval", "--nbval-current-env", "--nbval-cell-timeout=60"]


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


def run(report: Path, arguments: list[str], **how) -> subprocess.Popen:
    """One pytest, started."""
    cache = Path(sys.prefix, "pytest-cache")
    command = [sys.executable, "-m", "pytest", "-o", f"cache_dir={cache}", f"--junitxml={report}", *arguments]
    return subprocess.Popen(command, **how)


def everything(folder: Path) -> tuple[list[Path], bool]:
    """The four runs: their reports, and whether all ended well. The output of those beside is shown when the others have ended."""
    reports, beside = [folder / f"{number}.xml" for number in range(4)], []
    for report, arguments in zip(reports, BESIDE, strict=False):
        output = report.with_suffix(".txt").open("w+", encoding="utf-8", errors="replace")
        beside.append((run(report, arguments, stdout=output, stderr=output), output))
    notebooks = sorted(map(str, Path("notebooks").glob("*.ipynb")))
    well = [run(reports[2], REST).wait() == 0, run(reports[3], [*CELLS, *notebooks]).wait() == 0]
    for process, output in beside:
        well.append(process.wait() == 0)
        output.seek(0)
        print(output.read(), flush=True)
        output.close()
    return reports, all(well)


def some(folder: Path, arguments: list[str]) -> tuple[list[Path], bool]:
    """One run with these arguments; where they name notebooks, by nbval."""
    how = CELLS if any(word.endswith(".ipynb") for word in arguments) else PLAIN
    return [folder / "some.xml"], run(folder / "some.xml", [*how, *arguments]).wait() == 0


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
