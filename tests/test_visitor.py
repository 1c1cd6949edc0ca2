"""A visitor of a Binder link: no user namespaces, no TUN, no capability, no sudo, and nobody to ask for a password.

Every notebook runs whole and gives the stored outputs; where it would ask the kernel it says in a short true line that it predicts only.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from labkit.course.doctor import UNUSED
from tests.stored import advice, cells, may_differ, outputs

pytestmark = pytest.mark.needs("namespaces")

ROOT = Path(__file__).parent.parent
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
#: User 1000 in namespaces of his own, with a network of loopback alone; then no more namespaces, and no right to anything.
CAGE = ["unshare", "--user", "--map-user=1000", "--map-group=1000", "--keep-caps", "--net", "--mount", "--pid", "--fork", "--kill-child",
        "--mount-proc", "sh", "-c", """set -e
ip link set lo up
echo 0 > /proc/sys/user/max_user_namespaces
if [ -e /dev/net ]; then mount -t tmpfs none /dev/net; fi
exec setpriv --inh-caps=-all --ambient-caps=-all --bounding-set=-all --no-new-privs "$@" """, "sh"]
RUN = "import sys; from pathlib import Path; from tests.regenerate import execute; sys.stdout.write(execute(Path(sys.argv[1])))"
DOCTOR = "from labkit.course.doctor import doctor; print(doctor())"
ON_BINDER = {"BINDER_LAUNCH_HOST": "https://hub.example/", "BINDER_REQUEST": "v2/gh/somebody/something/HEAD"}


def visited(home: Path, *words: str | Path, env: dict[str, str]) -> str:
    """What a Python prints that a visitor starts."""
    alone = {name: value for name, value in os.environ.items() if not name.startswith(("BINDER", "JUPYTER"))}
    env = alone | {"HOME": str(home), "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"} | env
    done = subprocess.run([*CAGE, sys.executable, *words], cwd=ROOT, env=env, capture_output=True, text=True, encoding="utf-8", timeout=180)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_visitor_runs_a_notebook_whole_and_is_told_nothing_he_cannot_do(path, tmp_path):
    run = json.loads(visited(tmp_path, "-c", RUN, path, env=ON_BINDER))
    asked = 0
    for before, now in zip(cells(json.loads(path.read_text(encoding="utf-8"))), cells(run), strict=True):
        if not may_differ(before):
            assert outputs(now) == outputs(before)
            continue
        said = outputs(now)
        assert not said.keys() & {"error", "stderr"} and advice(now) == []
        lines = said.get("text/plain", said.get("stdout", "")).splitlines()
        if any(line.startswith("Predicted only, because") for line in lines):
            assert lines[-1].endswith("user.max_user_namespaces is 0 here. To have it: a Linux machine of your own, not on this host")
            assert len(lines[-1]) < 200
        asked += 1
    assert asked, "no cell of it asks the kernel"


@pytest.mark.parametrize(("env", "fixes"), [
    (ON_BINDER, {"a Linux machine of your own, not on this host"}),
    ({}, {f"{whoever}: sysctl -w user.max_user_namespaces=15000"
          for whoever in ("ask who runs this machine to type", "on the host of this container")}),
], ids=["on Binder", "on somebody else's machine"])  # fmt: skip
def test_the_doctor_tells_a_visitor_what_is_so(env, fixes, tmp_path):
    python, packages, kernel = visited(tmp_path, "-c", DOCTOR, env=env).splitlines()
    assert python.startswith("ok ") and packages.startswith("ok ") and UNUSED[0] not in kernel
    why = "namespaces: the kernel makes no more namespaces: user.max_user_namespaces is 0 here"
    said, _, fix = kernel.partition(" To have it: ")
    assert said == f"miss  The kernel cannot judge here ({why}); every notebook works, predicted only." and fix in fixes
