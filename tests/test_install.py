"""What `make lab` does first, install.py: it says what is in the way and how to go on, and removes nothing it did not make."""

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture
def venv(tmp_path):
    return tmp_path / "实验 of 'ours'" / "venv"


def install(venv: Path, *extras: str, **env: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, ROOT / "install.py", "--venv", venv, *extras], env=env, capture_output=True,
                          encoding="utf-8", timeout=60)


def made_by(venv: Path, version: str, starts: str | None) -> None:
    """An environment as Python `version` leaves it, whose interpreter now is Python `starts`; pip writes its arguments down."""
    (venv / "bin").mkdir(parents=True)
    (venv / "pyvenv.cfg").write_text(f"home = /usr/local/bin\nversion = {version}\n")
    if starts:
        python = venv / "bin" / "python"
        python.write_text(f'#!/bin/sh\ncase "$*" in *pip*) echo "$@" >> {shlex.quote(str(venv / "pip"))};; *) echo {starts};; esac\n')
        python.chmod(0o755)


@pytest.mark.parametrize(("version", "starts", "words"), [
    ("3.10.4", "3.10", "made by Python 3.10, and labkit needs Python 3.11 or later"),
    ("3.11.2", "3.13", "made by Python 3.11, and in that one's place there is Python 3.13 now"),
    ("3.12.1", None, "made by Python 3.12, and that Python (/usr/local/bin) is gone"),
])
def test_an_environment_of_another_python_is_told_and_kept(venv, version, starts, words):
    made_by(venv, version, starts)
    done = install(venv)
    assert done.returncode == 1 and words in done.stderr and "make lab VENV=" in done.stderr
    assert (venv / "pyvenv.cfg").exists() and not (venv / "pip").exists()


def test_what_is_no_environment_is_left_alone(venv):
    (venv / "mine").mkdir(parents=True)
    done = install(venv)
    assert done.returncode == 1 and "is no virtual environment; name another folder" in done.stderr
    assert list(venv.iterdir()) == [venv / "mine"]


def test_a_place_that_cannot_be_written_to_is_told(venv):
    venv.parent.mkdir()
    venv.with_name("file").touch()
    done = install(venv.with_name("file") / "venv")
    assert done.returncode == 1 and "cannot be made (Not a directory); name another folder: make lab VENV=" in done.stderr


def test_a_python_without_venv_names_debians_package(venv):
    venv.parent.mkdir()
    venv.with_name("ensurepip.py").write_text("raise ImportError")
    done = install(venv, PYTHONPATH=str(venv.parent))
    assert done.returncode == 1 and "sudo apt install python3" in done.stderr and "-venv" in done.stderr
    assert not venv.exists()


def test_what_was_installed_is_not_installed_again(venv):
    made_by(venv, "3.11.2", "3.11")
    for extras in ((), (), ("notebooks", "kernel", "test"), ("kernel",)):
        assert install(venv, *extras).returncode == 0
    lines = (venv / "pip").read_text().splitlines()
    assert [line.split()[-2:] for line in lines] == [["-e", ".[kernel,notebooks]"], ["-e", ".[kernel,notebooks,test]"]]
    assert all("-c constraints.txt" in line for line in lines)


def test_where_labkit_is_is_written_in_ascii_for_pythons_that_read_it_in_another_encoding(venv):
    made_by(venv, "3.11.2", "3.11")
    checkout, packages = venv.parent / "课程", venv / "lib" / "python3.11" / "site-packages"
    checkout.mkdir()
    packages.mkdir(parents=True)
    for name in ("install.py", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, checkout)
    (packages / "labkit.pth").write_text(f"{checkout}\n", encoding="utf-8")
    (packages / "other.pth").write_text("/somewhere/else\n")
    subprocess.run([sys.executable, checkout / "install.py", "--venv", venv], check=True, stdout=subprocess.DEVNULL)
    (line,) = (packages / "labkit.pth").read_text(encoding="ascii").splitlines()
    assert (packages / "other.pth").read_text() == "/somewhere/else\n"
    path = list(sys.path)
    exec(line, {})
    added, sys.path[:] = sys.path[len(path):], path
    assert added == [str(checkout)]
