"""The SVG: well-formed, escaped, told in words, the same every time."""

from base64 import b64decode
from xml.etree import ElementTree

import pytest

import labkit
from labkit import LabError
from labkit.front import Lab
from labkit.view.contents import shortened
from labkit.view.picture import show
from labkit.view.scene import scene
from labkit.view.svg import _n, legend, svg

SVG = "{http://www.w3.org/2000/svg}"


def tree(lab, *args, **kwargs):
    return ElementTree.fromstring(svg(scene(lab, *args, **kwargs)))


def words(root) -> list[str]:
    return [element.text for element in root.iter(f"{SVG}text")]


def test_it_is_well_formed_and_has_a_role_a_title_and_a_description(pair):
    root = tree(pair, pair.trace("ns1", "192.168.50.2"))
    assert root.get("role") == "img"
    assert root.find(f"{SVG}title").text == root.get("aria-label") == "ping from ns1 to 192.168.50.2"
    assert "ns2 tap2" in root.find(f"{SVG}desc").text


@pytest.mark.parametrize("name", ["<img src=x onerror=alert(1)>", '"><script>', "a&b", "]]>", "'"])
def test_a_name_stays_text(name):
    lab = Lab()
    lab.add_namespace("host", name)
    root = tree(lab)
    assert shortened(name) in words(root)
    assert {element.tag.removeprefix(SVG) for element in root.iter()} <= {
        "svg", "title", "desc", "style", "rect", "text", "polyline", "path", "circle"
    }


def test_the_same_lab_gives_the_same_bytes(chain):
    first = svg(scene(chain, chain.trace("a", "10.0.2.2")))
    assert first == svg(scene(chain, chain.trace("a", "10.0.2.2")))


def test_the_verdict_stands_below_with_a_sign(chain):
    assert any(word.startswith("✓ answered at b") for word in words(tree(chain, chain.trace("a", "10.0.2.2"))))
    assert any(word.startswith("✗ ttl exceeded at r") for word in words(tree(chain, chain.trace("a", "10.0.2.2", ttl=1))))


def test_the_legs_differ_in_more_than_colour(chain):
    rules = tree(chain).find(f"{SVG}style").text.replace("}", "}\n").splitlines()
    dashes = {leg: [rule.split("stroke-dasharray:")[1] for rule in rules if f".{leg}" in rule and "stroke-dasharray" in rule]
              for leg in ("request", "answer", "error")}
    assert dashes == {"request": [], "answer": ["7 4}"], "error": ["2 3}"]}


def test_both_themes_are_there_by_the_system_and_by_jupyterlab(pair):
    style = tree(pair).find(f"{SVG}style").text
    assert "prefers-color-scheme:dark" in style
    assert "[data-jp-theme-light=false] .labkit" in style


def test_show_gives_a_picture_and_a_text(pair):
    bundle = show(pair, pair.trace("ns1", "192.168.50.2"))._repr_mimebundle_()
    assert bundle["image/svg+xml"].startswith("<svg")
    assert bundle["text/plain"].splitlines() == [
        "host", "  ns1", "    tap1 192.168.50.1/24 <-> ns2 tap2", "  ns2", "    tap2 192.168.50.2/24 <-> ns1 tap1",
        "ping from ns1 to 192.168.50.2", "  by ns1 tap1, ns2 tap2, ns1 tap1",
        "  => answered at ns2: the answer came back to ns1 with TTL 64",
    ]


def test_the_picture_has_a_name_and_is_seen_before_the_notebook_is_run(pair):
    shown = show(pair)._repr_mimebundle_()
    img = ElementTree.fromstring(shown["text/html"]).find("img")
    assert img.get("alt") == "the lab: host. 1 machine with 2 further namespaces."
    head, _, data = img.get("src").partition(",")
    assert (head, b64decode(data).decode()) == ("data:image/svg+xml;base64", shown["image/svg+xml"])


@pytest.mark.parametrize("wrong", ["lab", None, 3])
def test_show_says_what_it_draws(wrong):
    with pytest.raises(LabError, match="show\\(\\) draws a lab"):
        show(wrong)


def test_show_says_which_steps_there_are(pair):
    with pytest.raises(LabError, match="there is no step 99"):
        show(pair, pair.trace("ns1", "192.168.50.2"), step=99)


def test_a_coordinate_is_written_alike_however_a_sum_was_rounded():
    assert _n(456.85 - 1e-13) == _n(456.85 + 1e-13) and _n(7.0) == "7"


def test_the_legend_explains_every_kind_of_line_box_and_sign_that_is_drawn_and_no_other():
    lab = labkit.scenarios.seed_cluster()
    plain = dict(map(reversed, legend(scene(lab))))
    assert not any(css.startswith(("line request", "sign")) for css in plain.values()), "nothing was sent yet"
    before = lab.trace("wp-mysql-t5w0m", "10.20.92.11")
    lab.sh("ip route replace unreachable 10.20.92.0/24; ip link set virbr0 down", on="k8s-node2")
    words = [words for _, words in legend(scene(lab, lab.trace("wp-mysql-t5w0m", "10.20.92.11"), 3, before))]
    assert words == [
        "the way before", "request", "ICMP error", "order of the request", "lost", "TTL lowered", "passed by", "this step",
        "on one of the two ways only", "down or no carrier", "machine", "network namespace", "interface", "bridge", "tunnel (TUN or vxlan)",
        "program", "routing, by the kernel", "cable (veth pair) or bridge port", "inside the machine", "cable that is down",
    ]


def test_the_legend_stays_within_the_picture(pair):
    for picture in scene(pair), scene(pair, pair.trace("ns1", "192.168.50.2")):
        root = ElementTree.fromstring(svg(picture))
        keys = [text for text in root.iter("{http://www.w3.org/2000/svg}text") if text.get("class") == "key"]
        assert len(keys) == len(legend(picture)) > 3
        assert all(float(key.get("x")) + len(key.text) * 6.1 < float(root.get("width")) for key in keys)


def test_where_the_verdict_is_said_elsewhere_it_is_not_drawn(pair):
    picture = scene(pair, pair.trace("ns1", "192.168.50.2"))
    assert picture.caption in "".join(ElementTree.fromstring(svg(picture)).itertext())
    drawn = ElementTree.fromstring(svg(picture, verdict=False))
    assert not [text for text in drawn.iter("{http://www.w3.org/2000/svg}text") if "✓ answered" in (text.text or "")]
