"""The chart that several reactive figures are made of."""

import base64

import numpy as np
import pytest

from helpers.widgets.figure import joined_module

CHART = """async ([code, options, marks]) => {
  const { chart } = await import("data:text/javascript;base64," + code);
  window.picked = [];
  if (options.pick) options.pick.input = (...at) => window.picked.push(at);
  if (options.backdrop) {
    options.backdrop = (context, toX, toY) => context.fillRect(toX(0), toY(1), 10, 10);
  }
  const made = chart(options);
  made.show(marks);
  window.made = made;
  const root = document.body.appendChild(document.createElement("div"));
  root.className = "book-figure";
  root.append(made.element);
}"""
AXES = {"x": {"label": "z", "range": [-2, 2]}, "y": {"label": "error", "range": [0, 10]}}


def draw(page, marks=(), **options):
    code = base64.b64encode(joined_module("chart.js").encode()).decode()
    page.evaluate(CHART, [code, {"name": "a chart", **AXES, **options}, list(marks)])


def field(page):
    return page.locator(".field").bounding_box()


def test_marks_stand_where_their_values_are(page):
    draw(page, [{"points": [[-2, 0], [0, 5], [2, 10]]}, {"rule": 0}], width=340, height=220)
    places = page.locator("svg[role=img] g[clip-path] circle").evaluate_all(
        "all => all.map(c => [c.cx.baseVal.value, c.cy.baseVal.value])"
    )
    axes = page.locator("path.axes").evaluate(
        "p => [p.getBBox().x, p.getBBox().y, "
        "p.getBBox().x + p.getBBox().width, p.getBBox().y + p.getBBox().height]"
    )
    left, top, right, bottom = axes
    middle = [(left + right) / 2, (top + bottom) / 2]
    np.testing.assert_allclose(places, [[left, bottom], middle, [right, top]])
    rule = page.locator("path.line").evaluate("p => p.getBBox().x")
    assert rule == pytest.approx(middle[0])


def test_a_logarithmic_axis_puts_a_factor_at_equal_distances(page):
    x = {"label": "labels", "range": [10, 1000], "log": True}
    draw(page, [{"points": [[10, 1], [100, 1], [1000, 1]]}], x=x)
    a, b, c = page.locator("g[clip-path] circle").evaluate_all(
        "all => all.map(c => c.cx.baseVal.value)"
    )
    assert b - a == pytest.approx(c - b)


def test_a_line_stops_where_there_is_no_value(page):
    draw(page, [{"line": [[-1, 1], [0, None], [1, 1], [2, 3]]}])
    assert page.locator("path.line").get_attribute("d").count("M") == 2


def test_the_legend_names_what_has_a_name(page):
    draw(page, [{"line": [[0, 0], [1, 1]], "name": "pretrained"}, {"level": 3}])
    assert page.locator(".legend li").all_inner_texts() == ["pretrained"]


def test_a_mark_of_no_kind_is_named(page):
    with pytest.raises(Exception, match="a mark has circle; known are line, points"):
        draw(page, [{"circle": [0, 0]}])


PICK = {"label": "the code", "value": [0, 5], "step": [0.5, 1]}


def test_keys_and_finger_move_the_point(page):
    draw(page, pick=PICK)
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    assert page.evaluate("picked") == [[0.5, 5], [0.5, 4]]
    for _ in range(9):
        page.keyboard.press("ArrowLeft")
    assert page.evaluate("picked.at(-1)") == [-2, 4]  # not beyond the axis
    box = field(page)
    page.touchscreen.tap(box["x"] + box["width"] - 2, box["y"] + 1)
    page.wait_for_function("picked.at(-1).join() === '2,10'")


@pytest.mark.parametrize("hover, moves", [(False, 0), (True, 3)])
def test_a_drag_moves_the_point_and_a_hover_only_where_wanted(page, hover, moves):
    draw(page, pick=PICK | {"hover": hover})
    box = field(page)
    page.mouse.move(box["x"] - 5, box["y"] - 5)  # outside
    page.mouse.move(box["x"] + 100, box["y"] + 50, steps=1)
    page.mouse.move(box["x"] + 120, box["y"] + 60, steps=2)
    assert page.evaluate("picked.length") == moves
    page.mouse.down()
    page.mouse.move(box["x"] + 150, box["y"] + 70, steps=2)
    page.mouse.up()
    assert page.evaluate("picked.length") == moves + 3


def test_the_backdrop_lies_under_the_axes(page):
    draw(page, backdrop=True, width=340)
    # (0, 1) in pixels of the canvas, which has two to one of the chart.
    painted = page.locator("canvas.coloured").evaluate(
        "c => c.getContext('2d').getImageData(2 * 189 + 6, 2 * 166 , 1, 1).data[3]"
    )
    assert painted == 255
