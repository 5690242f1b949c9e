"""Time the reactive figures on the built pages: until alive, and for each of 200 moves.

    make benchmark PART=figures

Alive is counted from the moment at which the reader is near, a move from an arrow key on the
chart in which the reader moves a point, or where there is none, from the change of the first
slider, until the figure has drawn itself anew.
"""

import statistics

from playwright.sync_api import sync_playwright

from bookbuild.book import SITE, find_browser

MOVES = """() => {
  const field = document.querySelector(".book-figure .pick");
  const slider = document.querySelector(".book-figure input[type=range]");
  const times = [];
  for (let i = 0; i < 220; i++) {
    const key = ["ArrowRight", "ArrowUp", "ArrowLeft", "ArrowDown"][Math.floor(i / 10) % 4];
    if (!field) slider.value = i % (Number(slider.max) + 1);
    const start = performance.now();
    if (field) field.dispatchEvent(new KeyboardEvent("keydown", { key }));
    else slider.dispatchEvent(new Event("input"));
    times.push(performance.now() - start);
  }
  return times.slice(20);
}"""


def measure(page, address):
    """Return milliseconds until the page's figure is alive, and of 200 moves."""
    page.goto(address, wait_until="load")
    alive = page.evaluate("""async () => {
      const start = performance.now();
      document.querySelector(".reactive").scrollIntoView();
      while (!document.querySelector(".book-figure[data-alive]")) {
        await new Promise((done) => setTimeout(done, 1));
      }
      return performance.now() - start;
    }""")
    return alive, page.evaluate(MOVES)


def main():
    pages = [p for p in sorted(SITE.glob("book/*/*.html")) if 'class="reactive' in p.read_text()]
    print(f"{'page':20} alive (ms)  a move: median, 95th percentile (ms)")
    with sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])
        for path in pages:
            alive, moves = measure(browser.new_page(), path.as_uri())
            median, high = statistics.median(moves), statistics.quantiles(moves, n=20)[-1]
            print(f"{path.stem:20} {alive:10.0f}  {median:16.2f} {high:16.2f}")


if __name__ == "__main__":
    main()
