"""How long a learner waits for the first picture: CPU time of a fresh Python, which has to load what draws it."""

from tests.benchmarks.test_speed import python

LOAD = "from labkit.view import show; from labkit.scenarios import seed_cluster; lab = seed_cluster()"


def test_the_first_picture(measure):
    libraries = "import sys; assert not {'matplotlib', 'networkx', 'numpy'} & sys.modules.keys()"
    took = python(f"{LOAD}; str(show(lab)._repr_mimebundle_()); {libraries}")
    measure(f"the first picture, with import labkit and the seed cluster: {took:.0f} ms of CPU")
    assert took < 2000


def test_the_first_explorer(measure):
    took = python(f"{LOAD}; from labkit.view import TraceExplorer; TraceExplorer(lab, 'wp-mysql-t5w0m', '10.20.92.11')", rounds=3)
    measure(f"the first explorer, with ipywidgets and all that: {took:.0f} ms of CPU")
    assert took < 5000
