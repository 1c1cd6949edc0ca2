"""The executed course as pages: opened from a folder with no network, searched, and without what is the instructor's."""

import io
import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

import labkit
from labkit.__main__ import main
from labkit.view import show
from tests.browser.test_notebooks import NOTEBOOKS

pytestmark = pytest.mark.needs("browser", "hosting")

ROOT = Path(__file__).parent.parent.parent


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("pages") / "a b 实验"
    done = subprocess.run([sys.executable, "-m", "hosting.pages", folder], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def page(context):
    """A page on which nothing is asked of another machine."""
    requests = []
    with context.new_page() as page:
        page.on("request", lambda request: requests.append(request.url))
        yield page
    assert [url for url in requests if not url.startswith(("file:", "data:", "blob:"))] == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_chapter_opens_from_a_folder_with_its_pictures_and_outputs(site, page, path):
    page.goto((site / f"{path.stem}.html").as_uri())
    pictures = page.locator("picture img")
    assert pictures.count() > 0
    for picture in pictures.all():
        picture.scroll_into_view_if_needed()
        assert picture.get_attribute("alt") and picture.evaluate("picture => picture.decode().then(() => picture.naturalWidth)") > 100
        assert picture.evaluate("picture => picture.currentSrc").endswith(".svg")
    assert page.get_by_text("[root@").count() > 0 or page.get_by_text("%%lab").count() > 0


def test_a_picture_is_a_bitmap_where_svg_is_taken_out(site):
    for page in site.glob("0*.html"):
        text = page.read_text(encoding="utf-8")
        assert "<svg class=\"labkit" not in text and "data:image" not in text
        for source in re.findall(r'<img src="(pictures/[^"]+)"', text):
            assert (site / source).read_bytes().startswith(b"\x89PNG") and source.endswith(".png")


def test_a_bitmap_shows_the_ways_of_the_packets():
    """What resvg does not know of CSS it leaves out without a word."""
    from hosting.pages import bitmap

    trace = labkit.scenarios.veth_pair().trace("ns1", "192.168.50.2")
    svg = show(labkit.scenarios.veth_pair(), trace)._repr_mimebundle_()["image/svg+xml"]
    image = Image.open(io.BytesIO(bitmap(svg))).convert("RGB")
    colours = {colour for _, colour in image.getcolors(1 << 24)}
    assert {(0x00, 0x5A, 0x9C), (0xA8, 0x3F, 0x00)} <= colours, "the request's and the answer's"


def test_a_word_is_found_and_leads_to_its_chapter(site, page):
    page.goto((site / "index.html").as_uri())
    page.get_by_placeholder("Search").fill("flannel0")
    page.keyboard.press("Enter")
    page.locator("#search-results").get_by_role("link", name="04 · Two pods on two nodes: flannel").click()
    expect(page.get_by_role("heading", name="04 · Two pods on two nodes: flannel")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_follow_the_systems_colours(site, browser, scheme, keep_screenshot):
    with browser.new_page(color_scheme=scheme, viewport={"width": 1280, "height": 1100}) as page:
        page.goto((site / "00-start-here.html").as_uri())
        page.locator("picture img").first.evaluate("picture => picture.scrollIntoView()")
        light = page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert light == (scheme == "light")
        keep_screenshot(page, f"pages-{scheme}")


def test_the_instructors_key_is_not_in_it(site, capsys):
    """Of what the key prints, only what a stored notebook shows anyway, where a wrong answer was typed to be explained."""
    main(["answers"])
    key = {line.strip() for line in re.split(r"\n|(?<=\.) ", capsys.readouterr().out) if len(line.split()) > 7}
    words = " ".join(path.read_text(encoding="utf-8") for path in [*NOTEBOOKS, *ROOT.glob("docs/*.md")])
    text = unescape(" ".join(re.sub(r"<[^>]+>", "", path.read_text(encoding="utf-8")) for path in site.glob("*.html")))
    leaked = [line for line in key if line in text and line not in words]
    assert len(key) > 50 and leaked == []
