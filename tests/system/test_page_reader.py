"""The page as it is read otherwise than by a pair of good eyes and a mouse: what a screen reader is told, by the
browser's own accessibility tree; contrast, from the computed styles of both themes; the keyboard."""
import pytest

import network
from browser import CHROMIUM, DRIVER, Browser
from daemon import Daemon
from emulator import free_port

pytestmark = pytest.mark.skipif(not (CHROMIUM and DRIVER),
                                reason="no chromium here: apt-get install chromium chromium-driver")

LEAST_CONTRAST = 4.5  # WCAG 2.2, 1.4.3, asked of large text too
STATES = ["failed", "held", "paused", "missing", "drifted", "orphaned", "busy", "noted", "unknown", "well"]

# Every text with the colours that it has on the screen: its own, over all grounds below it. A gradient counts by
# each of its colours. Colours are read from a canvas, which knows every way to write one.
CONTRAST = """
const canvas = Object.assign(document.createElement('canvas'), {width: 1, height: 1}).getContext('2d', {willReadFrequently: true});
function rgba(text) {
  canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = text; canvas.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data; return [r, g, b, a / 255];
}
const over = (top, below) => [0, 1, 2].map(i => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
function light([r, g, b]) {
  const [x, y, z] = [r, g, b].map(v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
  return .2126 * x + .7152 * y + .0722 * z;
}
function colours(image) {
  return [...image.matchAll(/(?:rgba?|color|oklab|oklch|lab|lch|hsla?)\\((?:[^()]|\\([^()]*\\))*\\)/g)].map(m => rgba(m[0]));
}
function grounds(node) {  // every ground that the node's text may stand on
  if (!node || node === document) return [[255, 255, 255, 1]];
  const style = getComputedStyle(node), below = grounds(node.parentElement);
  let own = [rgba(style.backgroundColor)];
  if (style.backgroundImage.includes('gradient')) own = own.concat(colours(style.backgroundImage));
  if (node.matches('a.node, g.place')) {
    const box = node.querySelector('.box, rect'), fill = box && getComputedStyle(box).fill;
    if (fill && fill !== 'none') own = [rgba(fill)];
  }
  return below.flatMap(b => own.map(o => over(o, b)));
}
const found = [], walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walk.nextNode()) {
  const text = walk.currentNode.textContent.trim(), node = walk.currentNode.parentElement;
  if (!text || !node.checkVisibility() || node.closest('script, style, .sr, title')) continue;
  const style = getComputedStyle(node), isDrawn = node instanceof SVGElement;
  let under = grounds(node);
  if (node.matches('.glyph')) under = under.map(g => over(rgba(getComputedStyle(node.parentElement.querySelector('.seal')).fill), g));
  for (const ground of under) {
    const ink = over(rgba(isDrawn ? style.fill : style.color), ground);
    const [a, b] = [light(ink), light(ground)].sort((x, y) => y - x);
    found.push([(a + .05) / (b + .05), text.slice(0, 40), node.tagName + '.' + (node.getAttribute('class') || ''),
                (node.closest('[class]') || node).getAttribute('class')]);
  }
}
return found;
"""

# One of everything that has a tone, in each of them.
EVERY_TONE = """
const all = arguments[0];
for (const kind of ['.item', '.chip', '.facts > div', '.flow.lying a.node', '.verdict', '#resources .mark']) {
  const one = document.querySelector(kind);
  if (!one) throw new Error('nothing to copy: ' + kind);
  for (const state of all) {
    const copy = one.cloneNode(true);
    copy.setAttribute('class', [...one.classList].filter(c => !all.includes(c)).concat(state).join(' '));
    one.parentElement.append(copy);
  }
}
for (const details of document.querySelectorAll('details')) details.open = true;
"""


@pytest.fixture(scope="module")
def troubled(emulator_process):
    """Something to draw, and something that wants attention."""
    emulator_process.reset()
    stack = network.small()
    stack["compute"] = {"load_balancer": {"web": {
        "scheme": "internet-facing", "subnets": ["public-a", "public-b"], "security_groups": ["web"]}}}
    port = free_port()
    daemon = Daemon(emulator_process.url, network.dump(stack), arguments=["--listen", f"127.0.0.1:{port}"])
    daemon.port = port
    try:
        daemon.start()
        daemon.wait_synced()
        daemon.post("/v1/pause", {"target": "network", "reason": "to be read"})
        yield daemon
        daemon.check_alive()
    finally:
        daemon.close()


@pytest.fixture(scope="module")
def browser():
    with Browser() as one:
        yield one


def url(daemon, path="/"):
    return f"http://127.0.0.1:{daemon.port}{path}"


@pytest.mark.parametrize("path", ["/", "/resource/network.vpc.main", "/resources"])
def test_a_screen_reader_is_told_what_there_is(troubled, browser, path):
    browser.open(url(troubled, path))
    browser.run("for (const d of document.querySelectorAll('details')) d.open = true")
    told = browser.accessible()
    roles = [row["role"] for row in told]
    assert [roles.count(role) for role in ("banner", "main", "contentinfo")] == [1, 1, 1]
    levels = [row["level"] for row in told if row["role"] == "heading"]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(b <= a + 1 for a, b in zip(levels, levels[1:])), levels
    nameless = [row for row in told if not row["name"] and row["role"] in (
        "heading", "link", "button", "region", "image", "img", "navigation", "searchbox", "progressbar",
        "columnheader", "rowheader", "DisclosureTriangle")]
    assert not nameless, nameless
    spoken = [row for row in told if row["role"] == "status"]
    assert len(spoken) == 1 and spoken[0]["live"] == "polite"
    assert "assertive" not in [row.get("live") for row in told]


def test_states_are_told_in_words_and_the_picture_has_a_name(troubled, browser):
    browser.open(url(troubled))
    browser.run("for (const d of document.querySelectorAll('details')) d.open = true")
    told = browser.accessible()
    names = [row["name"] for row in told]
    assert "in sync: main" in [" ".join(name.split()) for name in names]
    headers = {row["name"] for row in told if row["role"] == "columnheader"}
    assert {"Resource", "Sync", "Health", "Why", "Id", "Looked at"} <= headers
    assert any(row["role"] == "rowheader" and row["name"].endswith("network.vpc.main") for row in told)
    regions = {row["name"] for row in told if row["role"] == "region"}
    assert {"Who talks to whom", "The architecture, layer by layer", "Drifts and corrections"} <= regions
    assert any(row["role"] in ("group", "SvgRoot") and row["name"] == "Who talks to whom" for row in told)
    assert any("reaches" in row["name"] for row in told), "the picture in words"
    assert any("The layer network is paused" == row["name"] for row in told if row["role"] == "heading")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", ["/", "/resource/network.vpc.main"])
def test_every_text_stands_out_from_its_ground(troubled, browser, path, theme):
    browser.theme(theme)
    browser.open(url(troubled, path))
    if path == "/":
        browser.run(EVERY_TONE, STATES)
    found = browser.run(CONTRAST)
    assert len(found) > 40
    assert len({name for _, _, _, name in found}) > 8
    pale = sorted(row for row in found if row[0] < LEAST_CONTRAST)
    assert not pale, "\n".join(f"{ratio:.2f} {text!r} in {node} of {name}" for ratio, text, node, name in pale[:20])


def test_the_keyboard_reaches_everything_and_shows_where_it_is(troubled, browser):
    browser.theme("light")
    browser.open(url(troubled))
    links = browser.run("return [...document.querySelectorAll('main a')].filter(a => a.checkVisibility()).length")
    seen = set()
    for turn in range(links + 20):
        browser.press("Tab", 9)
        at = browser.run("""
            const node = document.activeElement, box = node.matches('.node') ? node.querySelector('.box') : node;
            const style = getComputedStyle(box);
            const shown = node.matches('.node') ? parseFloat(style.strokeWidth) >= 3
                : style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
            const place = node.getBoundingClientRect();
            return [node.tagName, node.getAttribute('href'), shown && place.width > 1 && place.height > 1,
                    [...document.querySelectorAll('a, summary, [tabindex]')].indexOf(node)]""")
        if at[0] == "BODY":
            break
        assert at[2], f"the focus does not show on {at[:2]}"
        seen.add(at[3])
        if turn == 0:
            assert at[1] == "#main", "the first stop leads past the head"
    assert len(seen) > links
