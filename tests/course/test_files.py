"""The course's own files are found from any working directory, from a checkout and from a wheel."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from labkit import LabError
from labkit.course import files

ROOT = Path(__file__).parent.parent.parent
READ = "from labkit.course.files import find, read; print(find('notebooks')); print(read('data/k8s-node2/ip-route.txt'))"

DEFAULT = "default via 192.168.128.1 dev eth0 proto static metric 100 "


def run(place: Path, folder: Path) -> list[str]:
    done = subprocess.run([sys.executable, "-c", READ], cwd=folder, env={"PYTHONPATH": str(place)}, capture_output=True, text=True)
    return done.stdout.splitlines()


def test_a_checkout_reads_its_files_from_anywhere(tmp_path):
    assert run(ROOT, tmp_path)[:2] == [str(ROOT / "notebooks"), DEFAULT]


def test_a_wheel_reads_the_files_it_carries(tmp_path):
    shutil.copytree(ROOT / "labkit", tmp_path / "labkit", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("notebooks", "data"):
        shutil.copytree(ROOT / name, tmp_path / "labkit" / "course" / name)
    assert run(tmp_path, Path("/"))[:2] == [str(tmp_path / "labkit" / "course" / "notebooks"), DEFAULT]


@pytest.mark.parametrize(("path", "words"), [
    ("k8s-node2/ip-route.txt", "the course has notebooks/… and data/…, and no 'k8s-node2/ip-route.txt'"),
    ("data/../README.md", "the course has notebooks/…"),
    ("", "and no ''"),
    ("data/k8s-node9", "find('data') is the folder"),
    ("data/k8s-node1", "is a folder; it has netstat-rn.txt"),
])
def test_what_is_not_there_is_a_sentence(path, words):
    with pytest.raises(LabError, match=words.replace("(", r"\(").replace(")", r"\)")):
        files.read(path)
