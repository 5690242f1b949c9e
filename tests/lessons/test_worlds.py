"""The locked versions and Colab's: no warning of ours in either, and figures that live in both.

`make test` runs this with the one, `make test-colab` with the other.
"""

import base64
import inspect
import json
import pkgutil
import re
import subprocess
import sys
import types
import warnings

import anywidget
import nbformat
import numpy as np
import pytest
from ipywidgets._version import __jupyter_widgets_base_version__ as LAYOUTS
from nbclient import NotebookClient

from bookbuild import book, pytest_plugin
from bookbuild.book import ROOT
from bookbuild.chapters import read_text
from helpers import plots, widgets
from helpers.widgets.figure import ReactiveFigure

KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
KINDS = [DeprecationWarning, PendingDeprecationWarning, FutureWarning, RuntimeWarning]


def notebook_of(*cells):
    cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
    return nbformat.v4.new_notebook(cells=cells, metadata=KERNEL)


# ------------------------------------------------------------------ warnings


def as_helpers(code):
    """Run code as if it stood in a module of the helpers."""
    exec(compile(code, "profile.py", "exec"), {"__name__": "helpers.profile"})


@pytest.mark.parametrize("kind", KINDS)
def test_a_warning_of_a_helper_is_an_error(kind):
    with pytest.raises(kind, match="it is old"):
        as_helpers(f"import warnings; warnings.warn('it is old', {kind.__name__})")


def test_what_a_library_holds_against_a_helper_is_an_error():
    """A function that goes points at its caller, and NumPy at the line that divides."""
    library = {"__name__": "library"}
    exec(
        "import warnings\n"
        "def old(): warnings.warn('it is old', DeprecationWarning, stacklevel=2)\n"
        "def inside(): warnings.warn('my own business', DeprecationWarning)",
        library,
    )
    sys.modules["library"] = types.SimpleNamespace(**library)
    try:
        with pytest.raises(DeprecationWarning, match="it is old"):
            as_helpers("import library; library.old()")
        with pytest.warns(DeprecationWarning, match="my own business"):
            as_helpers("import library; library.inside()")
    finally:
        del sys.modules["library"]
    with pytest.raises(RuntimeWarning, match="divide by zero"):
        as_helpers("import numpy; numpy.log(numpy.zeros(1))")


def test_a_message_to_the_reader_stays_a_warning():
    with pytest.warns(UserWarning, match="a small stand-in"):
        as_helpers("import warnings; warnings.warn('a small stand-in')")


def test_all_our_modules_are_watched():
    watched = pytest_plugin.ours(book.ROOT)
    assert {"__main__", "helpers", "helpers.data", "helpers.widgets.figure"} <= set(watched)
    assert {"helpers.exercises", "helpers.exercises.simple", "bookbuild.chapters"} <= set(watched)


# Cells, and what each says if it has to fail.
CELLS = {
    "import warnings; import numpy as np; from helpers import profile": None,
    "np.log(np.ones(3))": None,
    "np.log(np.zeros(3))": "RuntimeWarning: divide by zero",
    "warnings.warn('this is old', DeprecationWarning)": "DeprecationWarning: this is old",
    "exec('import warnings; warnings.warn(\"as is this\", FutureWarning)', vars(profile))": (
        "FutureWarning: as is this"
    ),
    # Readers would see neither of these two.
    "warnings.warn_explicit('theirs', DeprecationWarning, 'library.py', 1, 'numpy')": None,
    "print('a small stand-in')": None,
    # And these two they would see in red.
    "warnings.warn_explicit('seen', FutureWarning, 'library.py', 1, 'numpy')": "FutureWarning: seen",
    "warnings.warn('a small stand-in')": "UserWarning: a small stand-in",
}


def test_a_cell_that_causes_a_warning_fails(tmp_path):
    nbformat.write(notebook_of(*CELLS), tmp_path / "cells.ipynb")
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "--nbval-current-env", "-rA"]
    command += ["--color=no", "-c", ROOT / "pyproject.toml", "--rootdir", tmp_path, tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    said = re.sub(r"\x1b\[[\d;]*m", "", done.stdout)
    for number, (cell, words) in enumerate(CELLS.items()):
        verdict = "FAILED" if words else "PASSED"
        assert f"{verdict} cells.ipynb::Cell {number}" in said, said
        assert words is None or words in said, cell


def test_a_program_that_a_cell_starts_is_watched_too():
    code = "import warnings; warnings.warn('it is old', FutureWarning)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "FutureWarning: it is old" in done.stderr


def compiled(source, name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compile(source, name, "exec")


def test_a_syntax_warning_is_found():
    for source in ("x = 1\nx is 1", "'\\d'"):
        with pytest.raises((SyntaxError, SyntaxWarning, DeprecationWarning)):
            compiled(source, "cell")


@pytest.mark.parametrize("chapter", book.chapters())
def test_the_code_of_a_chapter_has_no_syntax_warning(chapter):
    """The compiler names a file, not a module, so the filters above do not meet it."""
    notebook = read_text(chapter)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            compiled(cell.source, f"{chapter} {cell.id}")


def test_our_programs_have_no_syntax_warning():
    folders = ("helpers", "bookbuild", "benchmarks", "tests")
    paths = [path for folder in folders for path in ROOT.glob(f"{folder}/**/*.py")]
    assert len(paths) > 80
    for path in paths:
        compiled(path.read_text(encoding="utf-8"), path.name)


# ------------------------------------------------------------------ figures


def make_figures():
    """Return one figure of each kind, with small networks: this runs in a notebook."""
    import keras
    import numpy as np

    from helpers.widgets.beats import Beats
    from helpers.widgets.bottleneck import Bottleneck
    from helpers.widgets.concepts import Concepts
    from helpers.widgets.denoise import Denoise
    from helpers.widgets.diffusion import Diffusion
    from helpers.widgets.explorer import LatentExplorer
    from helpers.widgets.features import Features
    from helpers.widgets.interpolation import Interpolation
    from helpers.widgets.labels import Labels
    from helpers.widgets.latent_map import LatentMap
    from helpers.widgets.letters import Letters
    from helpers.widgets.plan import Plan
    from helpers.widgets.playground import Playground
    from helpers.widgets.restore import Restore
    from helpers.widgets.scoreboard import Scoreboard
    from helpers.widgets.units import Units
    from helpers.widgets.windows import ReceptiveField
    from helpers.widgets.wipe import Wipe

    rng = np.random.default_rng(0)
    x, z = rng.random((10, 784), dtype="float32"), rng.normal(size=(60, 2))
    dense, conv = keras.layers.Dense, keras.layers.Conv2D

    def network(shape, *layers):
        return keras.Sequential([keras.Input(shape), *layers])

    pixels, image = dense(784, "sigmoid"), (28, 28, 1)
    vaes = {f"encoder {beta}": network((784,), dense(4)) for beta in (1, 4)}
    vaes |= {f"decoder {beta}": network((2,), dense(784, "sigmoid")) for beta in (1, 4)}
    encoder, decoder = network((784,), dense(8, "relu")), network((8,), pixels)
    sparse = network((784,), dense(8), keras.layers.ReLU())
    maps, back = conv(2, 3, padding="same"), conv(1, 3, padding="same", activation="sigmoid")
    page = {"scan": x[0].reshape(28, 28), "clean page": x[1].reshape(28, 28)}
    row = {"name": "simple", "code": 32, "parameters": 1000}
    row |= {name: [2.0, 1.0, 3.0] for name in ("bce", "mse", "psnr", "ssim", "seconds")}
    return [
        Beats(
            network((8, 1), keras.layers.LSTM(4), dense(8), keras.layers.Reshape((8, 1))),
            beats=rng.normal(size=(4, 8)),
            kinds=["normal"] * 4,
            milliseconds=np.arange(8.0),
            scale=(0.1, 0.4),
            errors=rng.random(20) + 0.1,
            threshold=0.5,
        ),
        Bottleneck({8: network((784,), dense(8, "relu"), dense(784))}, x),
        Concepts(
            {
                "body": network((784,), dense(8, "relu")),
                "head": network((8,), dense(10, "softmax")),
                "encoder": network((8,), dense(20, "relu")),
                "decoder": network((20,), dense(8)),
            },
            rng.integers(0, 16, (20, 3, 14, 14)),
            np.ones(20),
            x,
            k=5,
        ),
        Denoise(network(image, maps, conv(1, 3, padding="same")), x),
        Diffusion({"denoiser": network((34,), dense(8)), "decoder": decoder}, z[:8, 0], np.ones(8)),
        LatentExplorer(vaes, x, np.arange(10)),
        Features(network(image, maps), network((28, 28, 2), back), x),
        Interpolation(encoder, decoder, x),
        Labels({"plain": {10: [0.5, 0.6], 100: [0.7]}}, {"plain": "from scratch"}),
        Letters(
            {
                "encoder": network((784,), dense(32), keras.layers.Reshape((16, 2))),
                "decoder": network((16, 2), keras.layers.Flatten(), dense(784, "sigmoid")),
            },
            rng.random((9, 2)),
            x,
        ),
        LatentMap({"plane": z}, z, rng.random((60, 784)), np.arange(60) % 10),
        Plan(8.0, 0.004, 6.0),
        Playground(np.resize(x, (64, 784)), x, np.arange(10)),
        Restore(network((784,), dense(784, "sigmoid")), x, 1 - x[:5], rng.random(20)),
        Scoreboard([row], [{name: 2.0 for name in ("code", "bce", "mse", "psnr", "ssim")}]),
        Units({"encoder": sparse, "decoder": decoder}, x, k=5),
        ReceptiveField({"plain": [conv(1, 3)]}),
        Wipe({"stained": page}),
    ]


@pytest.fixture(scope="module")
def session():
    """A notebook with all figures, one of them moved from either side, and its stored state."""
    notebook = notebook_of(
        f"{inspect.getsource(make_figures)}\nfigures = make_figures()\nbottleneck = figures[1]",
        "for figure in figures:\n    display(figure)",
        "bottleneck.digit = 3",
        "print(bottleneck.digit)",
    )
    client = NotebookClient(notebook, timeout=None)
    with client.setup_kernel():
        for place, cell in enumerate(notebook.cells[:3]):
            client.execute_cell(cell, place)
        (key,) = [
            key
            for key, state in client.widget_state.items()
            if state.get("_anywidget_id", "").endswith(".Bottleneck")
        ]
        from_python = client.widget_state[key]["digit"]
        # What a front end sends when the reader chooses a digit.
        data = {"method": "update", "state": {"digit": 7}, "buffer_paths": []}
        message = client.kc.session.msg("comm_msg", {"comm_id": key, "data": data})
        client.kc.shell_channel.send(message)
        client.execute_cell(notebook.cells[3], 3)
        client.set_widgets_metadata()
    return types.SimpleNamespace(notebook=notebook, from_python=from_python)


@pytest.mark.heavy
def test_python_and_the_hand_move_a_figure(session):
    assert session.from_python == 3
    assert session.notebook.cells[3].outputs[0].text == "7\n"


def every_kind():
    """Return the classes of all figures in the helpers, by where they stand."""
    found = {}
    for module in pkgutil.iter_modules(widgets.__path__, "helpers.widgets."):
        if module.name != "helpers.widgets.figure":
            for name, kind in vars(__import__(module.name, fromlist=["_"])).items():
                if isinstance(kind, type) and issubclass(kind, ReactiveFigure):
                    if kind.__module__ == module.name:
                        found[f"{module.name}.{name}"] = kind
    return found


@pytest.mark.heavy
@pytest.mark.parametrize("name", every_kind())
def test_a_notebook_stores_what_a_front_end_needs(session, name):
    """A front end of these versions: it names what it wants by module and range of versions."""
    kind = every_kind()[name]
    widgets = session.notebook.metadata["widgets"]["application/vnd.jupyter.widget-state+json"]
    models = json.loads(json.dumps(widgets["state"]))
    ((key, model),) = [
        (key, model) for key, model in models.items() if model["state"].get("_anywidget_id") == name
    ]
    state = model["state"]
    major, minor = anywidget.__version__.split(".")[:2]
    assert (model["model_module"], model["model_name"]) == ("anywidget", "AnyModel")
    assert (state["_view_module"], state["_view_name"]) == ("anywidget", "AnyView")
    for version in (model["model_module_version"], state["_view_module_version"]):
        assert version == f"~{major}.{minor}.*"
    assert (state["_esm"], state["_css"]) == (kind._esm, kind._css)

    buffers = {part["path"][0]: base64.b64decode(part["data"]) for part in model.get("buffers", [])}
    own = set(kind.class_trait_names(sync=True)) - set(anywidget.AnyWidget.class_trait_names())
    assert own <= set(state) | set(buffers)
    asked = set(re.findall(r'model\.get\("(\w+)"\)', kind._esm))
    assert asked and asked <= set(state) | set(buffers)
    total = max((network["stop"] for network in state["_networks"]), default=0)
    assert len(buffers.get("_weights", b"")) == total

    layout = models[state["layout"].removeprefix("IPY_MODEL_")]
    assert (layout["model_module"], layout["model_name"]) == (
        "@jupyter-widgets/base",
        "LayoutModel",
    )
    assert layout["model_module_version"] == LAYOUTS

    (shown,) = [
        output
        for output in session.notebook.cells[1].outputs
        if output.data["application/vnd.jupyter.widget-view+json"]["model_id"] == key
    ]
    assert base64.b64decode(shown.data["image/png"]).startswith(b"\x89PNG")
    assert shown.metadata["image/png"]["alt"] == shown.data["text/plain"]


def test_on_colab_a_figure_names_its_widget_manager(monkeypatch):
    """Without it Colab's page does not know what an anywidget is."""
    asked = []
    colab = types.SimpleNamespace(
        enable_custom_widget_manager=lambda: asked.append(True),
        _widgets=types.SimpleNamespace(_installed_url="https://example.org/manager.js"),
    )
    monkeypatch.setitem(sys.modules, "google.colab.output", colab)
    figure = ReactiveFigure({}, plots.grid(np.zeros((2, 784)), alt="Two empty pictures."))
    data, about = figure._repr_mimebundle_()
    view = "application/vnd.jupyter.widget-view+json"
    manager = about[view]["colab"]["custom_widget_manager"]
    assert asked and manager["url"] == "https://example.org/manager.js"
    assert view in data and about["image/png"]["alt"] == "Two empty pictures."
