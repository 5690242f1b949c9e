"""The estimator of "Your own table", as a reader takes it away, and the study's last cell.

The code runs in a process of its own, with trainings of two steps (the quick profile): what is
judged here does not depend on how well it is trained.
"""

import os
import re
import subprocess
import sys

import numpy as np
import pytest

from bookbuild import book
from bookbuild.book import ROOT

pytestmark = pytest.mark.heavy  # processes of their own, each with its TensorFlow


def cells(*words):
    text = book.text("tables").read_text()
    code = re.findall(r"^```\{code-cell\} ipython3\n(.*?)^```", text, re.S | re.M)
    found = [c for c in code if any(w in c for w in words)]
    assert len(found) == len(words)
    return "\n".join(re.sub(r"^:tags:.*$", "", c, flags=re.M) for c in found)


def run(folder, code):
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
        timeout=900,
        env=os.environ | {"BOOK_PROFILE": "quick", "PYTHONPATH": str(ROOT), "MPLBACKEND": "Agg"},
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the two cells stand in a file, as the study says."""
    folder = tmp_path_factory.mktemp("estimator")
    (folder / "table_autoencoder.py").write_text(cells("def build(", "class TableAutoencoder"))
    return folder


def test_scikit_learn_accepts_it(folder):
    said = run(
        folder,
        "import helpers\n"
        "from sklearn.utils.estimator_checks import check_estimator\n"
        "from table_autoencoder import TableAutoencoder\n"
        "check_estimator(TableAutoencoder())\n"
        "print('accepted')",
    )
    assert "accepted" in said


def test_missing_cells_pipelines_and_a_search(folder):
    said = run(
        folder,
        "import helpers, numpy as np\n"
        "from sklearn.base import clone\n"
        "from sklearn.linear_model import LogisticRegression\n"
        "from sklearn.pipeline import make_pipeline\n"
        "from table_autoencoder import TableAutoencoder\n"
        "x = np.random.default_rng(0).normal(100, 20, (60, 4))\n"
        "x[::7, 1] = np.nan\n"
        "model = clone(TableAutoencoder(code=2)).fit(x)\n"
        "filled = model.fill(x)\n"
        "assert np.isfinite(filled).all()\n"
        "known = ~np.isnan(x)\n"
        "assert np.array_equal(filled[known], x[known])\n"
        "assert model.transform(x).shape == (60, 2)\n"
        "assert model.inverse_transform(model.transform(x)).shape == (60, 4)\n"
        "assert 50 < model.inverse_transform(model.transform(x)).mean() < 150\n"
        "assert np.isnan(model.errors(x)[0, 1]) and np.isfinite(model.score_samples(x)).all()\n"
        "x[0] += 1e4\n"
        "assert model.score_samples(x).argmin() == 0\n"
        "y = np.arange(60) % 2\n"
        "make_pipeline(TableAutoencoder(), LogisticRegression()).fit(x, y).predict(x)\n"
        "x[:, 2] = np.nan\n"
        "try: model.fit(x)\n"
        "except ValueError as why: print(why)\n",
    )
    assert "A column has no known cell" in said


RNG = np.random.default_rng(0)


def a_file(path, extra):
    rows = RNG.normal(size=(60, 3))
    lines = ["a,b,c,d"] + [
        f"{a:.2f},{b:.2f},{c:.2f},{extra(i)}" for i, (a, b, c) in enumerate(rows)
    ]
    path.write_text("\n".join(lines) + "\n")


def test_the_last_cell_takes_files_of_readers(tmp_path):
    """Whatever `tables.read` lets through, the cell works with; of the rest it prints why."""
    good = {
        "categories": lambda i: "red green blue".split()[i % 3],
        "half_missing": lambda i: i % 5 if i % 2 else "NA",
        "few_known": lambda i: i if i < 12 else "",
        "nearly_constant": lambda i: int(i == 7),
        "rare_kind": lambda i: "odd" if i == 7 else "usual",
        "large": lambda i: f"{i % 9}e90",
        "tiny": lambda i: f"{i % 9}e-90",
    }
    for name, extra in good.items():
        a_file(tmp_path / f"{name}.csv", extra)
    (tmp_path / "bad.csv").write_text("a,b\n")
    code = "import helpers, numpy as np, keras\nfrom helpers.data import tables\n" + cells(
        "def hide(", "def build(", "import IterativeImputer", "class TableAutoencoder",
        "def examine(", "file = tables.example()",
    )  # fmt: skip
    # What else stands in these cells works on the study's own tables.
    code = re.sub(r"^(\(train_rows, |print\(len\(train_rows).*$", "", code, flags=re.M)
    code = re.sub(r"^sets = .*?(?=^import keras)", "", code, flags=re.M | re.S)
    said = run(
        tmp_path,
        code
        + "\nimport warnings; warnings.simplefilter('error', RuntimeWarning)"
        + "".join(f"\nprint('{name}'); examine('{name}.csv')" for name in good)
        + "\nfile = 'bad.csv'\ntry:\n    examine(file)\n"
        + "except DataError as why:\n    print(why)\n",
    )
    assert "line 20" in said and said.count("The oddest rows:") == 1 + len(good)
    assert "bad.csv: there is a header and no row under it." in said
