"""`python -m tests.conform --lines 20000 --seed 1 --family abc`: the lab against the kernel, by hand."""
from __future__ import annotations

import argparse
import sys

from tests.conform.generate import FAMILIES
from tests.conform.kernel_shell import KernelShell, why_not
from tests.conform.run import WORKERS, Run, model
from tests.tool_versions import told

SIDES = {"model": model, "kernel": KernelShell}


def main() -> int:
    """Parse the words, run, print; 1 when something differs, 2 when there are no namespaces here."""
    parser = argparse.ArgumentParser(prog="python -m tests.conform", description=__doc__)
    parser.add_argument("--lines", type=int, default=20000, help="how many lines to compare (default 20000)")
    parser.add_argument("--seed", type=int, default=1, help="the first script's seed (default 1)")
    parser.add_argument("--family", default="".join(FAMILIES), help="letters of " + "".join(FAMILIES))
    parser.add_argument("--workers", type=int, default=WORKERS, help="scripts run at the same time")
    parser.add_argument("--side", choices=SIDES, default="model",
                        help="what is compared with the kernel; `kernel` tests the test")
    parser.add_argument("--whole", action="store_true", help="do not cut scripts down")
    parser.add_argument("--stop-after", type=int, default=20, help="scripts with a difference after which to stop")
    words = parser.parse_args()
    why = why_not()
    if why:
        print(f"no namespaces here: {why}")
        return 2
    compared = Run(right=SIDES[words.side], cut=not words.whole)
    summary = compared.many(words.lines, words.seed, words.family, words.workers, words.stop_after)
    if summary.wrong:
        print(summary.wrong, end="\n\n")
    print(f"{summary}\n{told()}".rstrip())
    return 1 if summary.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
