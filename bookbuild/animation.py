"""The README's moving picture and the social card: the front page's own figure, while it trains.

    make animation

Opens the built front page in Chromium, trains the network on it, and writes what is seen to
`book/_static/training.webp` and `book/_static/card.png`.
"""

import io
import sys

import PIL.Image
from playwright.sync_api import sync_playwright

from bookbuild import book

ANIMATION, CARD = (book.BOOK / "_static" / name for name in ("training.webp", "card.png"))
LIMIT = 1_000_000  # bytes, for who opens the README
_FRAMES, _LASTS, _LAST_LASTS = 50, 120, 2500  # how many, and for how many milliseconds
_WIDTH = 720
# The title and the figure alone.
_CARD = """.bd-sidebar, .bd-sidebar-secondary, .bd-header-article, .doors, h1 ~ p
  { display: none !important; } h1 { font-size: 1.9rem; margin-top: 1rem; text-align: center; }
  .bd-article-container { margin: auto; max-width: 45rem !important; }"""


def trained(page):
    """Train the page's network to its end; return PNGs of its figure on the way there."""
    figure = page.locator(".playground[data-alive]")
    seen = [figure.screenshot()]
    figure.get_by_role("button", name="Start training").click()
    while figure.get_by_role("button", name="Pause").count():
        seen.append(figure.screenshot())
    return seen


def main():
    browser, front = book.find_browser(), book.SITE / "book" / "index.html"
    if browser is None or not front.exists():
        sys.exit("make animation wants Chromium and the built pages: make book")
    with sync_playwright() as engine:
        chromium = engine.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        # A card has 1,200 x 630 pixels.
        size = {"width": 1000, "height": 525}
        page = chromium.new_page(viewport=size, device_scale_factor=1.2)
        page.goto(front.as_uri())
        seen = trained(page)
        page.add_style_tag(content=_CARD)
        page.evaluate("scrollTo(0, 0)")
        CARD.write_bytes(page.screenshot())
    frames = [PIL.Image.open(io.BytesIO(png)).convert("RGB") for png in seen]
    # Most happens at the start: the frames lie closer there.
    places = sorted({round((len(frames) - 1) * (i / _FRAMES) ** 1.5) for i in range(_FRAMES + 1)})
    first, *others = (
        frames[place].resize((_WIDTH, round(_WIDTH * frames[0].height / frames[0].width)))
        for place in places
    )
    durations = [_LASTS] * len(others) + [_LAST_LASTS]
    options = {"quality": 60, "method": 6, "loop": 0, "duration": durations}
    first.save(ANIMATION, save_all=True, append_images=others, **options)
    size = ANIMATION.stat().st_size
    if size > LIMIT:
        sys.exit(f"{ANIMATION.name} has {size:,} bytes, more than {LIMIT:,}: take fewer frames")
    print(f"{ANIMATION.name}: {len(places)} frames, {size:,} bytes; {CARD.name}")


if __name__ == "__main__":
    main()
