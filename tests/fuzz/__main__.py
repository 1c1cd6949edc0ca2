"""`python -m tests.fuzz --lines 300000 --seed 1`: bent lines, by hand."""

import argparse
import sys

from tests.fuzz.run import run

parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
parser.add_argument("--lines", type=int, default=20000)
parser.add_argument("--seed", type=int, default=1, help="of the first sequence")
parser.add_argument("--stop-after", type=int, default=20, help="faults after which to stop")
words = parser.parse_args()
summary = run(words.lines, words.seed, words.stop_after, lambda text: print(text, end="\n\n", flush=True))
print(summary)
sys.exit(1 if summary.faults else 0)
