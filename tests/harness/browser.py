"""Pages in a real browser, Debian's Chromium: how wide they come out, what axe-core finds in them,
and what they ask of the network.

The browser is started once for all of them. Whatever it asks for goes to a proxy of ours, which
serves the pages and writes down the rest. A page of ours around them measures each in a frame of
its own, at a width and in a colour scheme, and sends back what it found.
"""

import json
import shutil
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal

CHROMIUM = shutil.which("chromium")
AXE = Path(__file__).with_name("axe") / "axe.min.js"
HOST = "pages.test"
SECONDS = 60
FLAGS = (
    "--headless=new",
    "--no-sandbox",  # there is none for root, nor in most containers; the pages are our own
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--no-first-run",
    "--proxy-bypass-list=<-loopback>",
)

Scheme = Literal["light", "dark"]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A page, by its name among the pages, as somebody looks at it; width in pixels."""

    page: str
    width: int
    scheme: Scheme = "light"
    axe: bool = False
    """Whether axe-core looks at it: at a copy without the policy, which lets no script in."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What the browser found, a result for each view in their order, and asked of the network:
    `host/path` of each request but those for the pages themselves.
    """

    results: list[dict[str, Any]]
    requests: list[str]


AROUND = """<!doctype html><meta charset="utf-8"><title>around</title><script>
const views = %s;
const loaded = frame => new Promise(resolve => { frame.onload = resolve; });
async function look(view) {
  const frame = document.createElement("iframe");
  frame.style = `width: ${view.width}px; height: 900px; border: 0; color-scheme: ${view.scheme}`;
  frame.src = `/${view.axe ? "axe" : "page"}/${view.page}`;
  const ready = loaded(frame);
  document.body.append(frame);
  await ready;
  const page = frame.contentDocument, inside = frame.contentWindow;
  const folded = [...page.querySelectorAll("details:not([open])")];
  folded.forEach(details => { details.open = true; });
  const result = {
    width: inside.innerWidth,
    dark: inside.matchMedia("(prefers-color-scheme: dark)").matches,
    scrolls: page.documentElement.scrollWidth,
    outside: [...page.querySelectorAll("body *")].filter(element =>
      !element.closest(".wide > *") && !element.closest("svg > *")
      && element.getBoundingClientRect().right > view.width + 0.5
    ).map(element => element.outerHTML.slice(0, 120)),
    elements: Object.fromEntries(["script", "img", "iframe", "form", "a"].map(name =>
      [name, page.body.getElementsByTagName(name).length])),
    text: page.body.innerText,
    ran: inside.ran === true,
    folded: folded.length,
    styled: inside.getComputedStyle(page.body).maxWidth !== "none",
  };
  if (view.axe) {
    const found = await inside.axe.run(page, {resultTypes: ["violations"]});
    result.axe = found.violations.map(rule =>
      [rule.id, rule.nodes.length, rule.nodes.slice(0, 4).map(node =>
        [node.html.slice(0, 200), node.failureSummary])]);
    result.rules = found.passes.length;
  }
  frame.remove();
  return result;
}
window.onload = async () => {
  const results = [];
  for (const view of views) {
    try { results.push(await look(view)); } catch (error) { results.push({error: `${error}`}); }
  }
  await fetch("/results", {method: "POST", body: JSON.stringify(results)});
};
</script><body></body>"""


class _Proxy(ThreadingHTTPServer):
    """Serves the pages to the browser, and keeps what else it asks for."""

    daemon_threads = True

    def __init__(self, pages: Mapping[str, str], views: Sequence[View]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.pages = pages
        self.around = AROUND % json.dumps([asdict(view) for view in views])
        self.requests: list[str] = []
        self.results: list[dict[str, Any]] = []
        self.done = threading.Event()

    def answer(self, path: str) -> str | None:
        """Return what stands at a path of the pages' host."""
        kind, _slash, name = path.removeprefix("/").partition("/")
        if kind == "around":
            return self.around
        if name not in self.pages:
            return None
        return self.pages[name] if kind == "page" else with_axe(self.pages[name])


class _Handler(BaseHTTPRequestHandler):
    server: _Proxy

    def do_GET(self) -> None:
        host, _slash, path = self.path.removeprefix("http://").partition("/")
        page = self.server.answer(f"/{path}") if host == HOST else None
        if page is None:
            self.server.requests.append(f"{host}/{path}")
        self._answer(200 if page else 404, page or "")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == f"http://{HOST}/results":
            self.server.results = json.loads(body)
            self._answer(200, "")
            self.server.done.set()

    def do_CONNECT(self) -> None:
        """Refuse what is to be encrypted: the pages are not, so it is not for them."""
        self.server.requests.append(self.path)
        self._answer(403, "")

    def _answer(self, status: int, page: str) -> None:
        body = page.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def with_axe(page: str) -> str:
    """Return a copy of a page without its policy, and with axe-core in it."""
    lines = [line for line in page.splitlines() if "Content-Security-Policy" not in line]
    script = f"<script>{AXE.read_text(encoding='utf-8')}</script></head>"
    return "\n".join(lines).replace("</head>", script, 1)


def look_at(pages: Mapping[str, str], views: Sequence[View], folder: Path) -> Seen:
    """Open pages in the browser, which keeps its own things in `folder`.

    TimeoutError when it sends no results.
    """
    assert CHROMIUM is not None
    server = _Proxy(pages, views)
    threading.Thread(target=partial(server.serve_forever, poll_interval=0.05), daemon=True).start()

    flags = [
        *FLAGS,
        f"--user-data-dir={folder / 'browser'}",
        f"--proxy-server=127.0.0.1:{server.server_port}",
    ]
    browser = subprocess.Popen(
        [CHROMIUM, *flags, f"http://{HOST}/around"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        if not server.done.wait(SECONDS):
            raise TimeoutError(f"no results from {CHROMIUM}; it asked for {server.requests}")
    finally:
        browser.terminate()
        browser.wait(timeout=SECONDS)
        server.shutdown()
        server.server_close()
    return Seen(server.results, server.requests)
