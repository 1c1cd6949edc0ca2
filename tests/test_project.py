"""The files around the package agree with each other, and say nothing about the machine they were written on."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
ENVIRONMENT = yaml.safe_load((ROOT / "environment.yml").read_text())
PINS = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
PYPI_NAME = {"matplotlib-base": "matplotlib"}  # conda's matplotlib drags in Qt; -base is the library alone


def requirements(extra: str) -> dict[str, SpecifierSet]:
    wanted = map(Requirement, PROJECT["optional-dependencies"][extra])
    return {canonicalize_name(one.name): one.specifier for one in wanted}


def conda_requirements() -> dict[str, str]:
    lines = [line for line in ENVIRONMENT["dependencies"] if isinstance(line, str)]
    pairs = (re.fullmatch(r"([\w.-]+?)((?:[<>=!~].*)?)", line).groups() for line in lines)
    return {PYPI_NAME.get(name, name): spec for name, spec in pairs}


def least(spec: SpecifierSet) -> str:
    """`~=4.4` -> `>=4.4,<5`: conda has no ~=."""
    (one,) = spec
    assert one.operator == "~=" and one.version.count(".") == 1
    return f">={one.version},<{int(one.version.split('.')[0]) + 1}"


def test_the_conda_environment_asks_for_what_the_notebooks_extra_asks_for():
    conda = conda_requirements()
    assert conda.pop("python") and conda.pop("pip") == ""
    assert conda == {name: least(spec) for name, spec in requirements("notebooks").items()}


def test_the_conda_environment_names_one_python_minor_that_the_package_supports():
    exact = re.fullmatch(r"=(3\.\d+)", conda_requirements()["python"])
    assert exact and exact[1] in SpecifierSet(PROJECT["requires-python"])


def test_the_conda_environment_installs_the_package_itself_with_pip():
    (pip,) = (entry["pip"] for entry in ENVIRONMENT["dependencies"] if isinstance(entry, dict))
    assert pip == ["-e .[notebooks,kernel]"]


def test_the_package_itself_needs_only_the_standard_library():
    assert PROJECT["dependencies"] == []


def test_constraints_are_exact_versions_and_name_no_host():
    assert [line for line in PINS if not re.fullmatch(r"[\w.-]+==[\w.+!-]+", line)] == []


def test_constraints_pin_everything_the_package_asks_for():
    pinned = {canonicalize_name(one.name): str(one.specifier)[2:] for one in map(Requirement, PINS)}
    for extra in PROJECT["optional-dependencies"]:
        for name, spec in requirements(extra).items():
            assert pinned.get(name) in spec, f"{name} {spec} of [{extra}] is pinned as {pinned.get(name)}"


ENTRIES = ["labkit", "notebooks", "data", "tests", ".ci", *(path.name for path in ROOT.iterdir() if path.is_file())]
NOT_OURS = {"__pycache__", ".ipynb_checkpoints", ".git"}  # in a work tree of git, .git is a file
FILES = sorted(path for entry in ENTRIES for path in [ROOT / entry, *(ROOT / entry).rglob("*")]
               if path.is_file() and not NOT_OURS & set(path.parts))
# A home folder, a workplace, a package index: true for one machine, or one day, only. Base64 pictures hold no such run.
MACHINE = re.compile(r"(?<![\w.-])/(?:work|root|home/\w+|opt/wheels|tmp/\w+)/|\bpypi\.org|pythonhosted|--index-url", re.I)


@pytest.mark.parametrize("path", [path for path in FILES if path != Path(__file__).resolve()],
                         ids=lambda path: str(path.relative_to(ROOT)))
def test_a_file_says_nothing_about_one_machine(path):
    text = path.read_bytes().decode(errors="ignore")
    assert MACHINE.findall(text) == []


def test_importing_labkit_pulls_in_only_the_standard_library():
    script = "import sys; before = set(sys.modules); import labkit; print(*(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    pulled = {name.split(".")[0] for name in done.stdout.split()}
    assert "labkit" in pulled
    assert pulled - {"labkit"} <= sys.stdlib_module_names
