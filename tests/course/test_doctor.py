"""The doctor says what is missing and how to get it, in one sentence a line."""

import errno

import pytest

from labkit import kernel
from labkit.course import doctor as module
from labkit.course.doctor import doctor
from labkit.kernel.availability import Availability, Part
from labkit.kernel.limits import explain


@pytest.fixture
def found(monkeypatch):
    """Say what the kernel allows, part by part."""

    def allow(**missing):
        names = ("linux", "packages", "namespaces", "settings", "veth", "bridge", "taps", "vxlan", "tun")
        parts = {name: Part(name, name not in missing, *missing.get(name, ())) for name in names}
        monkeypatch.setattr(kernel, "available", lambda: Availability(parts))

    return allow


def test_a_machine_with_everything_has_nothing_but_ok_lines(found):
    found()
    assert doctor() and all(line.startswith("ok ") for line in str(doctor()).splitlines())


def test_where_no_lab_can_be_real_it_says_why_and_what_to_type_and_that_all_works_predicted(found):
    found(namespaces=("Operation not permitted", "sudo sysctl -w x=1"))
    last = str(doctor()).splitlines()[-1]
    assert not doctor() and last.startswith("miss") and "predicted only" in last
    assert "Operation not permitted" in last and last.endswith("To have it: sudo sysctl -w x=1")


def test_a_part_that_some_lessons_want_gets_a_line_of_its_own(found):
    found(tun=("Permission denied", "sudo chmod 0666 /dev/net/tun"))
    *_, judge, tun = str(doctor()).splitlines()
    assert judge.startswith("ok ") and tun.startswith("miss") and "tun (Permission denied)" in tun


def test_missing_packages_and_an_old_python_are_named(found, monkeypatch):
    found()
    monkeypatch.setattr(module, "find_spec", lambda name: None if name == "ipywidgets" else True)
    monkeypatch.setattr(module, "PYTHON", (4, 0))
    python, packages, _ = doctor()
    assert "older than 4.0" in python.text and packages.text.endswith("pip install ipywidgets")


def test_what_this_machine_says_is_one_sentence_a_line():
    assert all(line[:4] in ("ok  ", "miss") and line.count("\n") == 0 for line in str(doctor()).splitlines())


def test_it_asks_for_nothing_that_the_course_does_not_use(found, monkeypatch):
    found()
    monkeypatch.setattr(module, "find_spec", lambda name: None if name == "matplotlib" else True)
    assert doctor()


def test_on_a_hub_it_asks_for_no_password(found, monkeypatch):
    found(namespaces=limits_on_a_hub(monkeypatch))
    assert "sudo" not in str(doctor()) and "sysctl -w" not in str(doctor()) and "not on this host" in str(doctor())


def limits_on_a_hub(monkeypatch) -> tuple[str, str]:
    monkeypatch.setenv("BINDER_LAUNCH_HOST", "https://hub.example")
    return explain("namespaces", errno.EPERM)
