"""Time the reactive figures on the built pages: until alive, and for each of 200 moves.

The playground of the front page is timed from the click that starts it: until its number of steps
and its curve move, how far it is after 10 s, and the milliseconds that each frame takes; then the
same with the processor slowed down four times, as a phone would be.

    make benchmark PART=figures

Alive is counted from the moment at which the reader is near, a move from an arrow key on the
chart in which the reader moves a point, or where there is none, from the change of the first
slider or list, or the click on the first button, until the figure has drawn itself anew.
"""

import statistics

from playwright.sync_api import sync_playwright

from bookbuild.book import SITE, find_browser

MOVES = """() => {
  const figure = document.querySelector(".book-figure");
  const field = figure.querySelector(".pick");
  const slider = figure.querySelector("input[type=range]");
  const list = figure.querySelector("select"), button = figure.querySelector("button");
  const times = [];
  for (let i = 0; i < 220; i++) {
    const key = ["ArrowRight", "ArrowUp", "ArrowLeft", "ArrowDown"][Math.floor(i / 10) % 4];
    if (slider) slider.value = i % (Number(slider.max) + 1);
    else if (list) list.selectedIndex = i % list.options.length;
    const start = performance.now();
    if (field) field.dispatchEvent(new KeyboardEvent("keydown", { key }));
    else if (slider) slider.dispatchEvent(new Event("input"));
    else if (list) list.dispatchEvent(new Event("change"));
    else button.click();
    times.push(performance.now() - start);
  }
  return times.slice(20);
}"""

TRAIN = """async () => {
  const root = document.querySelector(".book-figure"), frames = [];
  root.addEventListener("book-frame", () => frames.push(-performance.now()), { capture: true });
  root.addEventListener("book-frame", () => frames.push(frames.pop() + performance.now()));
  const words = () => root.querySelector(".counter").textContent;
  const before = words(), clicked = performance.now();
  root.querySelector(".start").click();
  const started = performance.now() - clicked;
  while (words() === before) await new Promise(requestAnimationFrame);
  const moved = performance.now() - clicked;
  await new Promise((done) => setTimeout(done, 10000 - moved));
  return { started, moved, words: words(), frames };
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


def train(page, slower):
    """Print how the front page's playground trains where the processor is so many times slower."""
    page.goto((SITE / "book" / "index.html").as_uri(), wait_until="load")
    page.locator(".book-figure[data-alive] .start").wait_for()
    protocol = page.context.new_cdp_session(page)
    protocol.send("Emulation.setCPUThrottlingRate", {"rate": slower})
    seen = page.evaluate(TRAIN)
    frames = seen["frames"]
    median, high = statistics.median(frames), statistics.quantiles(frames, n=20)[-1]
    long = sum(frame > 16 for frame in frames)
    print(
        f"{slower} x slower: started after {seen['started']:.0f} ms, moved after "
        f"{seen['moved']:.0f} ms; {len(frames)} frames in 10 s, "
        f"of {median:.1f} ms (95th percentile {high:.1f}, {long} above 16, longest {max(frames):.1f})\n"
        f"  after 10 s: {seen['words']}"
    )


def main():
    pages = [p for p in sorted(SITE.glob("book/*/*.html")) if 'class="reactive' in p.read_text()]
    print(f"{'page':20} alive (ms)  a move: median, 95th percentile (ms)")
    with sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=find_browser(), args=["--no-sandbox"])
        for path in pages:
            alive, moves = measure(browser.new_page(), path.as_uri())
            median, high = statistics.median(moves), statistics.quantiles(moves, n=20)[-1]
            print(f"{path.stem:20} {alive:10.0f}  {median:16.2f} {high:16.2f}")
        for slower in (1, 4):
            train(browser.new_page(), slower)


if __name__ == "__main__":
    main()
