"""A figure in a real JupyterLab: moved with the hand, read from Python, and the other way."""

import contextlib
import os
import re
import subprocess
import sys
import time
from urllib.error import URLError
from urllib.request import urlopen

import nbformat
import pytest

from support import PATIENCE, eventually, new_page

pytestmark = pytest.mark.heavy

MOVED = [
    """
import keras, numpy as np
from helpers.widgets.bottleneck import Bottleneck

def autoencoder(size):
    dense = keras.layers.Dense
    return keras.Sequential([keras.Input((784,)), dense(size, "relu"), dense(784, "sigmoid")])

figure = Bottleneck({size: autoencoder(size) for size in (2, 8, 32)}, np.eye(10, 784))
figure
""",
    'print("from the hand:", figure.size, len(figure.code), round(figure.error, 2))',
    "figure.size = 2",
]
TRAINED = [
    """
import numpy as np
from helpers.widgets.playground import Playground

digits = np.random.default_rng(0).random((300, 28, 28, 1))
playground = Playground(digits[:200], digits[200:], np.arange(100) % 10, steps=10_000)
playground
""",
    "playground",
    'print("from the page:", playground.state, playground.step)',
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The address of a JupyterLab with two notebooks."""
    folder = tmp_path_factory.mktemp("lab")
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    for name, cells in {"moved": MOVED, "trained": TRAINED}.items():
        cells = [nbformat.v4.new_code_cell(cell.strip()) for cell in cells]
        notebook = nbformat.v4.new_notebook(cells=cells, metadata=kernel)
        nbformat.write(notebook, folder / f"{name}.ipynb")
    python = os.path.dirname(sys.executable)
    environment = os.environ | {
        "JUPYTER_CONFIG_DIR": str(folder / ".config"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / ".workspaces"),
        "PATH": f"{python}{os.pathsep}{os.environ['PATH']}",
    }
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--port=0"]
    command += [f"--ServerApp.root_dir={folder}", "--IdentityProvider.token=", "--LabApp.news_url="]
    command += ["--expose-app-in-browser", "--LabApp.check_for_updates_class="]
    command[-1] += "jupyterlab.NeverCheckForUpdate"
    with open(folder / "log", "w+") as log:
        server = subprocess.Popen(command, env=environment, stderr=log, stdout=log, cwd=folder)
        try:
            yield wait_for_address(server, folder / "log")
        finally:
            server.terminate()
            server.wait(PATIENCE)


def wait_for_address(server, log):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and server.poll() is None:
        if found := re.search(r"http://(?:localhost|127\.0\.0\.1):\d+/", log.read_text()):
            # The address is in the log a moment before somebody listens there.
            with contextlib.suppress(URLError), urlopen(found[0] + "api"):
                return found[0]
        time.sleep(0.2)
    raise AssertionError(f"JupyterLab did not start:\n{log.read_text()}")


def opened(browser, lab, name):
    page = new_page(browser, viewport={"width": 1280, "height": 1600})
    page.goto(f"{lab}lab/workspaces/{name}/tree/{name}.ipynb")  # or both are restored
    page.locator('.jp-Notebook-ExecutionIndicator[data-status="idle"]').wait_for()
    return page


def run_cell(page, number):
    """Run a cell until it has a number; again, if nothing happens: JupyterLab drops what comes too
    soon."""
    cell = page.locator(".jp-CodeCell").nth(number)
    prompt = cell.locator(".jp-InputPrompt")

    def run():
        if prompt.inner_text().strip() != "[*]:":  # not under way since the last time
            cell.locator(".cm-content").click()
            page.evaluate("window.jupyterapp.commands.execute('notebook:run-cell')")
        assert re.fullmatch(r"\[\d+\]:", prompt.inner_text().strip()), f"cell {number} never ran"

    eventually(run)


def test_the_hand_and_python_move_the_same_figure(lab, browser):
    page = opened(browser, lab, "moved")
    run_cell(page, 0)
    figure = page.locator(".book-figure[data-alive]")
    figure.wait_for()

    slider = figure.get_by_role("slider", name="Numbers in the code")
    assert slider.input_value() == "1"
    slider.press("ArrowRight")
    assert "Through 32 numbers" in figure.locator(".status").inner_text()

    def told():  # what the hand did is on its way to Python
        run_cell(page, 1)
        words = page.locator(".jp-OutputArea-output", has_text="from the hand:").inner_text()
        size, numbers, error = words.split()[3:]
        assert (size, numbers) == ("32", "32")
        assert 0 < float(error) < 1

    eventually(told)

    run_cell(page, 2)
    figure.get_by_text("Through 2 numbers").wait_for()
    page.close()


def test_of_two_views_of_a_playground_one_trains_and_python_follows_it(lab, browser):
    page = opened(browser, lab, "trained")
    for number in (0, 1):
        run_cell(page, number)
    views = page.locator(".playground[data-alive]")
    for view in (0, 1):
        views.nth(view).get_by_role("button", name="Start training").click()
        views.nth(view).get_by_role("button", name="Pause").wait_for()
    views.nth(0).get_by_role("button", name="Continue").wait_for()
    views.nth(1).get_by_role("button", name="Pause").click()

    def told():
        run_cell(page, 2)
        words = page.locator(".jp-OutputArea-output", has_text="from the page:").inner_text()
        state, step = words.split()[3:]
        shown = views.nth(1).locator(".counter").inner_text().replace(",", "")
        assert (state, f"Step {step} ") == ("paused", shown[: len(step) + 6])

    eventually(told)
    page.close()
