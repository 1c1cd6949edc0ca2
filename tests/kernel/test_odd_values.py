"""Whatever is handed to a probe or a line, the lab and the real lab refuse it in a sentence, before anything is sent."""

import pytest

from labkit import LabError, scenarios

ODD = [
    None, True, -1, 0, 2.5, 65536, 10**400, 10**5000, float("inf"), float("nan"), 1e300, 1j, "3", "x", "", "\0", "\ud800", "²", "9" * 5000,
    b"x", [], ["a"], {}, (1,), object(), len,
]  # fmt: skip
#: What is right after all; and of that, what is too much for a kernel that keeps real time.
TAKEN = {
    "proto": (), "port": (None,), "ttl": (None,), "size": (0,), "df": (None, True), "src": (None,), "dev": (None,), "tos": (0,),
    "count": (65536,), "interval": (0, 2.5, 65536), "wait": (0, 2.5, 65536), "deadline": (None, 0, 2.5, 65536),
}  # fmt: skip
NEVER_REAL = {"count": (65536,), "interval": (65536,), "wait": (65536,)}


@pytest.fixture(scope="module")
def lab():
    return scenarios.veth_pair()


@pytest.fixture(scope="module")
def real(lab):
    with lab.realize() as real:
        yield real


def is_taken(key: str, value, taken=TAKEN) -> bool:
    return any(type(value) is type(right) and value == right for right in taken.get(key, ()))


def refused(ask) -> None:
    with pytest.raises(LabError) as error:
        ask()
    assert len(str(error.value)) < 300 and "\n" not in str(error.value)


@pytest.mark.parametrize("key", TAKEN)
def test_an_odd_argument_of_a_prediction_is_a_sentence(lab, key):
    for value in ODD:
        if key == "count" and value == 65536:
            continue  # taken, and takes its time
        if is_taken(key, value):
            lab.trace("ns1", "192.168.50.2", **{key: value})
        else:
            refused(lambda value=value: lab.trace("ns1", "192.168.50.2", **{key: value}))


@pytest.mark.needs("namespaces")
@pytest.mark.parametrize("key", [key for key in TAKEN if key != "deadline"])
def test_an_odd_argument_of_a_real_probe_is_a_sentence(real, key):
    for value in ODD:
        if not is_taken(key, value) or is_taken(key, value, NEVER_REAL):
            refused(lambda value=value: real.trace("ns1", "192.168.50.2", **{key: value}))
    assert real.trace("ns1", "192.168.50.2").answered


@pytest.mark.needs("namespaces")
@pytest.mark.parametrize("times", [{"count": 65536, "interval": 0}, {"count": 5000}, {"interval": 3600, "count": 2}, {"wait": 1e9}])
def test_a_real_probe_ends_within_the_hour(real, times):
    refused(lambda: real.trace("ns1", "192.168.50.2", **times))


@pytest.mark.needs("namespaces")
@pytest.mark.parametrize("value", ODD, ids=range(len(ODD)))
def test_an_odd_line_place_or_time_is_a_sentence(lab, real, value):
    for ask in (lab.trace, real.trace):
        refused(lambda ask=ask: ask(value, "192.168.50.2"))
        refused(lambda ask=ask: ask("ns1", value))
    if not is_taken("on", value, {"on": (None,)}):
        refused(lambda: lab.sh("true", on=value))
        refused(lambda: real.sh("true", on=value))
    if not isinstance(value, str) or "\0" in value or "\ud800" in value:
        refused(lambda: real.sh(value))
    if value not in (True, 2.5) or value is True:
        refused(lambda: real.sh("true", timeout=value))
    assert real.sh("echo still here").stdout == "still here\n"


@pytest.mark.needs("namespaces")
def test_a_line_may_be_as_long_as_the_kernel_takes_one(real):
    assert real.sh("echo still here #" + "x" * 131_000).stdout == "still here\n"
    for line in ("x" * 300_000, "é" * 70_000):
        refused(lambda line=line: real.sh(line))
