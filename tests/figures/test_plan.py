""" "Scaling out"'s figure: how long a sweep takes on how many workers."""

import re

import numpy as np
import pytest
import traitlets

from helpers.widgets.plan import Plan
from support import assert_usable, show

STARTUP, OVERHEAD, SECONDS = 8.0, 0.004, 6.0


@pytest.fixture
def figure():
    return Plan(STARTUP, OVERHEAD, SECONDS)


def law(tasks, seconds, workers, startup=STARTUP, overhead=OVERHEAD):
    return startup + tasks * max(seconds / workers, overhead)


def workers(page):
    return page.evaluate("model.get('workers')")


def words(page):
    return page.inner_text("[role=status]")


def point(page):
    """Return where the reader's point is on the screen."""
    box = page.locator(".picked circle").last.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def assert_on_the_curve(page):
    """Check that the point lies on the line of the law."""
    path = page.locator(".chart path.line[stroke='#0072B2']").first
    places = path.evaluate(
        """p => Array.from({length: 2001}, (_, i) => {
          const at = p.getPointAtLength(p.getTotalLength() * i / 2000);
          const {x, y} = at.matrixTransform(p.getScreenCTM());
          return [x, y];
        })"""
    )
    assert np.hypot(*(np.array(places) - point(page)).T).min() < 1


@pytest.mark.parametrize(
    "tasks, seconds, p",
    [(10_000, 6.0, 100), (10, 0.01, 1), (1000, 60.0, 7), (1_000_000, 6.0, 10_000), (100, 0.1, 25)],
)
def test_the_total_is_that_of_the_law(page, figure, tasks, seconds, p):
    show(page, figure, tasks=tasks, seconds=seconds, workers=p)
    told = page.evaluate("told.at(-1)")
    total = law(tasks, seconds, p)
    assert told["total"] == pytest.approx(total)
    assert told["useful"] == pytest.approx(seconds / OVERHEAD)
    assert told["hours"] == pytest.approx(p * total / 3600)
    assert_on_the_curve(page)


def test_python_can_set_what_the_reader_sets(page, figure):
    show(page, figure)
    for name, value in [("workers", 3), ("tasks", 100_000), ("seconds", 3600.0), ("workers", 9000)]:
        page.evaluate("([name, value]) => model.set(name, value)", [name, value])
        told = page.evaluate("told.at(-1)")
        assert told[name] == value
        assert told["total"] == pytest.approx(law(told["tasks"], told["seconds"], told["workers"]))
        assert_on_the_curve(page)
    assert page.get_by_role("slider", name="Tasks").get_attribute("aria-valuetext") == "100,000"
    assert page.get_by_role("slider", name="One takes").get_attribute("aria-valuetext") == "1 hour"


def test_the_text_says_the_total_the_hours_and_the_limit(page, figure):
    show(page, figure)
    # 8 s + 10,000 * 6 s / 100 = 608 s; on 100 workers, 16.9 hours of work.
    assert words(page) == (
        "10,000 tasks on 100 workers: 10 minutes; on one: 17 hours. Worker-hours: 17. "
        "More than 1,500 workers do not help."
    )
    page.evaluate("model.set('workers', 1)")
    assert words(page).startswith("10,000 tasks on 1 worker: 17 hours; on one: 17 hours.")
    legend = page.locator(".legend li").all_inner_texts()
    assert legend == ["shared evenly", "with the scheduler", "more workers do not help"]


@pytest.mark.parametrize("overhead, most", [(0.4, 3), (0.5, 2), (0.7, 2), (1 / 3, 3)])
def test_the_limit_is_the_last_worker_that_helps(page, overhead, most):
    show(page, Plan(0, overhead, 1.0), tasks=10)
    assert f"More than {most} workers do not help." in words(page)
    totals = []
    for p in range(1, 6):
        page.evaluate("p => model.set('workers', p)", p)
        totals.append(page.evaluate("told.at(-1).total"))
    assert totals[most - 2] - totals[most - 1] > 1e-6
    assert totals[most:] == pytest.approx([totals[most - 1]] * len(totals[most:]))


def test_a_task_shorter_than_the_overhead_is_told_so(page):
    show(page, Plan(STARTUP, 0.02, SECONDS), seconds=0.01)
    assert words(page).endswith(
        "The scheduler takes longer for a task than the task itself: put many into one."
    )
    assert "more workers do not help" not in page.locator(".legend").inner_text()
    page.evaluate("model.set('seconds', 0.1)")
    assert words(page).endswith("More than 5 workers do not help.")


def test_sliders_by_keyboard(page, figure):
    show(page, figure)
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("model.get('tasks')") == 100_000
    assert words(page).startswith("100,000 tasks on 100 workers: 1.7 hours;")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")  # the length that was given stands in its place
    assert page.evaluate("model.get('seconds')") == 10
    page.keyboard.press("Home")
    assert page.evaluate("model.get('seconds')") == 0.01
    slider = page.get_by_role("slider", name="One takes")
    assert slider.get_attribute("aria-valuetext") == "0.01 seconds"
    assert page.evaluate("told.at(-1).total") == pytest.approx(law(100_000, 0.01, 100))
    assert slider.evaluate("e => e === document.activeElement")  # though the chart is a new one


def test_arrow_keys_change_the_workers_by_a_quarter(page, figure):
    show(page, figure)
    for _ in range(3):
        page.keyboard.press("Tab")
    assert page.locator(".pick").evaluate("e => e === document.activeElement")
    seen = []
    for key in ["Right", "Right", "Up", "Left", "Down"]:
        page.keyboard.press(f"Arrow{key}")
        seen.append(workers(page))
    assert seen == [125, 156, 195, 156, 125]
    assert_on_the_curve(page)
    page.evaluate("model.set('workers', 3)")
    seen = []
    for key in ["Left", "Left", "Left", "Right", "Right", "Right"]:  # at least one, never 0
        page.keyboard.press(f"Arrow{key}")
        seen.append(workers(page))
        assert_on_the_curve(page)
    assert seen == [2, 1, 1, 2, 3, 4]
    page.evaluate("model.set('workers', 7000)")
    seen = []
    for _ in range(3):
        page.keyboard.press("ArrowUp")
        seen.append(workers(page))
        assert_on_the_curve(page)
    assert seen == [8750, 10_000, 10_000]
    assert page.evaluate("told.at(-1).workers") == 10_000


def test_a_drag_moves_the_point_along_the_curve(page, figure):
    show(page, figure)
    field = page.locator(".pick")
    field.scroll_into_view_if_needed()
    box = field.bounding_box()
    x, y = point(page)
    page.mouse.move(x, y)
    page.mouse.down()
    assert workers(page) == pytest.approx(100, rel=0.1)
    page.mouse.move(x + 60, y - 40, steps=4)
    more = workers(page)
    assert more > 200
    assert point(page)[0] == pytest.approx(x + 60, abs=1.5)
    assert_on_the_curve(page)
    page.mouse.move(x + 60, y + 30, steps=4)  # up and down changes nothing
    assert workers(page) == more
    assert_on_the_curve(page)
    page.mouse.move(box["x"] + box["width"] - 1, y, steps=4)  # beyond 10,000
    assert workers(page) == 10_000
    assert_on_the_curve(page)
    page.mouse.move(box["x"] - 20, y, steps=4)
    assert workers(page) == 1
    assert_on_the_curve(page)
    page.mouse.up()
    page.mouse.move(x, y)
    assert workers(page) == 1
    told = page.evaluate("told.at(-1)")
    assert told["workers"] == 1 and told["total"] == pytest.approx(law(10_000, SECONDS, 1))


def test_the_workers_by_finger(page, figure):
    show(page, figure)
    field = page.locator(".pick")
    field.scroll_into_view_if_needed()
    box = field.bounding_box()
    page.touchscreen.tap(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    page.wait_for_function("50 < model.get('workers') && model.get('workers') < 100")
    assert field.evaluate("e => getComputedStyle(e).touchAction") == "none"  # the page stays


def test_jupyterlab_leaves_the_keys_to_every_chart(page, figure):
    show(page, figure)
    page.get_by_role("slider", name="Tasks").press("ArrowLeft")  # draws another chart
    assert page.locator(".pick").evaluate("e => !!e.closest('[data-lm-suppress-shortcuts]')")


@pytest.mark.parametrize("startup", [0, 15, 5e4])
@pytest.mark.parametrize("tasks, seconds", [(10, 0.01), (1_000_000, 3600.0)])
def test_both_axes_have_numbers(page, startup, tasks, seconds):
    show(page, Plan(startup, OVERHEAD, SECONDS), tasks=tasks, seconds=seconds)
    numbers = page.locator(".chart text[text-anchor=end]").all_text_contents()
    assert numbers and all(number[0].isdigit() for number in numbers)
    across = page.locator(".chart text[text-anchor=middle]").all_text_contents()
    assert across[:5] == ["1", "10", "100", "1,000", "10,000"]


def test_the_plan_is_accessible_and_fits_a_phone(page, figure):
    show(page, figure)
    assert_usable(page)


def test_a_plan_that_cannot_start_says_so(page, figure):
    show(page, figure, tasks=7)
    assert "Tasks is 7; there are 10, 100," in page.get_by_role("alert").inner_text()


@pytest.mark.parametrize(
    "name, value, said",
    [
        ("tasks", 7, r"tasks is 7; there are \[10, 100, 1000"),
        ("seconds", 7.0, r"seconds is 7.0; there are \[0.01, 0.1, 1.0, 6.0, 10.0"),
        ("workers", 0, "workers is 0; wanted: 1 to 10,000"),
        ("workers", 10_001, "workers is 10001; wanted: 1 to 10,000"),
    ],
)
def test_the_plan_refuses_what_it_does_not_offer(figure, name, value, said):
    before = getattr(figure, name)
    with pytest.raises(traitlets.TraitError, match=said):
        setattr(figure, name, value)
    assert getattr(figure, name) == before


def test_the_plan_takes_what_it_offers(figure):
    assert (figure.tasks, figure.seconds, figure.workers) == (10_000, SECONDS, 100)
    figure.tasks, figure.seconds, figure.workers = 10, 3600.0, 10_000
    assert (figure.tasks, figure.seconds, figure.workers) == (10, 3600.0, 10_000)


@pytest.mark.parametrize(
    "change, said",
    [
        ({"startup": -1}, "startup is -1; wanted: seconds"),
        ({"overhead": 0}, "overhead is 0; wanted: seconds, above 0"),
        ({"seconds": 0}, "seconds is 0; wanted: seconds, above 0"),
        ({"seconds": float("nan")}, "seconds is nan; wanted"),
        ({"overhead": float("inf")}, "overhead is inf; wanted"),
    ],
)
def test_times_that_make_no_sense_are_refused(change, said):
    with pytest.raises(ValueError, match=said):
        Plan(**{"startup": STARTUP, "overhead": OVERHEAD, "seconds": SECONDS} | change)


@pytest.mark.parametrize(
    "seconds, overhead, said",
    [
        (6.0, 0.004, "6 seconds against.* falls in proportion, and is level from 1,500 workers on"),
        (600, 0.01, "600 seconds against.* The time falls in proportion\\.$"),
        (0.01, 0.02, "0.01 seconds against.* The time is level: the scheduler takes longer"),
    ],
)
def test_the_still_picture_says_what_it_shows(seconds, overhead, said):
    figure = Plan(0, overhead, seconds)
    bundle, metadata = figure._repr_mimebundle_()
    assert bundle["image/png"]
    alt = metadata["image/png"]["alt"]
    assert alt == bundle["text/plain"]
    assert re.search(said, alt)
