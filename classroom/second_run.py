"""Judge an answer once more, where nothing of the hand-in runs.

A check shares its process with the hand-in, which may have changed it. So its arguments are kept
as data just before it runs (`keep`, within the hand-in's process), and a fresh process runs the
check on them (`judge`). Data are numbers, words, arrays and Keras' own layers: nothing that is
run when it is read. An answer that is a function or a layer of the student's own cannot be kept;
what the first run says of it stands.
"""

import ast
import contextlib
import importlib
import importlib.util
import io
import json
import os
import sys
import tempfile
import types
from pathlib import Path

KEPT = Path(tempfile.gettempdir(), "kept")


class NotKept(Exception):
    """An argument is no data; the message names its type."""


def code_that_keeps(check):
    """Return the code that keeps the arguments of a check's cell, and the check's names.

    Parameters
    ----------
    check : str
        The published cell: an import, perhaps statements, and the call at the end.

    Returns
    -------
    tuple of str
        The code; the module; the function.
    """
    tree = ast.parse(check)
    call = tree.body[-1].value
    function = call.func.id
    (module,) = (
        one.module
        for one in tree.body
        if isinstance(one, ast.ImportFrom) and function in {name.name for name in one.names}
    )
    ours = "__import__('classroom.second_run', fromlist=['keep']).keep"
    number = int(function.removeprefix("check_"))
    call.args[:0] = [ast.Constant(number), ast.Name(function)]
    call.func = ast.parse(ours, mode="eval").body
    return ast.unparse(ast.fix_missing_locations(tree)), module, function


# Within the hand-in's process, which may do with it what it likes


def keep(number, check, *args, **kwargs):
    """Write what a check is called with, and whether the check is the shipped one."""
    folder = KEPT / str(number)
    folder.mkdir(parents=True, exist_ok=True)
    about = {"meddled": meddled(check)}
    try:
        about["call"] = _as_data([list(args), kwargs], folder)
    except NotKept as error:
        about["lacks"] = str(error)
    (folder / "about.json").write_text(json.dumps(about))


def meddled(check):
    """Return what of the checks is not as it was shipped, as words, or an empty string.

    Compares the functions with those that their files hold. Whoever knows of this can deceive it;
    the second run does not depend on it.
    """
    if not isinstance(check, types.FunctionType) or not check.__module__.startswith(
        "helpers.exercises."
    ):
        return "the check"
    for name in {"helpers.exercises", "helpers.measures", check.__module__}:
        module = sys.modules.get(name)
        path = importlib.util.find_spec("helpers").submodule_search_locations[0]
        path = Path(path).parent.joinpath(*name.split("."))
        path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
        if not path.is_file() or module is None:
            return f"the module {name}"
        for shipped in compile(path.read_text("utf-8"), str(path), "exec").co_consts:
            if isinstance(shipped, types.CodeType):
                now = vars(module).get(shipped.co_name)
                code = getattr(getattr(now, "__wrapped__", now), "__code__", None)
                if isinstance(now, types.FunctionType) and code != shipped:
                    return f"{name}.{shipped.co_name}"
    if check is not vars(sys.modules[check.__module__]).get(check.__name__):
        return check.__name__
    return ""


def _as_data(value, folder):
    import numpy as np

    if value is None or type(value) in (bool, int, float, str):
        return {"is": "value", "of": value}
    if type(value) in (list, tuple):
        return {"is": type(value).__name__, "of": [_as_data(one, folder) for one in value]}
    if type(value) is dict:
        pairs = [[_as_data(key, folder), _as_data(one, folder)] for key, one in value.items()]
        return {"is": "dict", "of": pairs}
    if type(value) is np.ndarray or isinstance(value, np.generic):
        if value.dtype.hasobject:
            raise NotKept("an array of objects")
        name = f"{len(list(folder.iterdir()))}.npy"
        np.save(folder / name, value, allow_pickle=False)
        return {"is": "array" if type(value) is np.ndarray else "scalar", "of": name}
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    if kind.startswith("tensorflow.python.") and hasattr(value, "numpy"):
        return {"is": "tensor", "of": _as_data(np.asarray(value), folder)}
    if type(value).__module__.startswith("keras.") and hasattr(value, "layers"):
        _own_layers(value)
        name = f"{len(list(folder.iterdir()))}.keras"
        value.save(folder / name)
        return {"is": "model", "of": name}
    raise NotKept(kind)


def _own_layers(model):
    for layer in model._flatten_layers():
        kind = f"{type(layer).__module__}.{type(layer).__qualname__}"
        if not kind.startswith("keras.") or kind.endswith(".Lambda"):
            raise NotKept(kind)


# In a fresh process, in a sandbox of its own


def judge():
    """Run checks on kept arguments; tell of each whether it passed, and its words.

    Standard input is JSON: ``module``, ``folder`` and ``checks`` (functions, by number).
    """
    out = os.fdopen(os.dup(1), "w")
    task = json.load(sys.stdin)
    module = importlib.import_module(task["module"])
    for number, function in task["checks"].items():
        folder, words = Path(task["folder"]) / number, io.StringIO()
        told = {"check": number, "passed": True}
        with contextlib.redirect_stdout(words), contextlib.redirect_stderr(io.StringIO()):
            try:
                args, kwargs = _from_data(
                    json.loads((folder / "about.json").read_text())["call"], folder
                )
            except Exception as error:  # whatever a hand-in made of its data
                told = {"check": number, "unread": f"{type(error).__name__}: {error}"[:200]}
            else:
                try:
                    getattr(module, function)(*args, **kwargs)
                except Exception as error:
                    told["passed"] = False
                    words.write(f"{type(error).__name__}: {error}")
        told["words"] = words.getvalue()[:4000]
        out.write(json.dumps(told | {"bytes": 0}) + "\n")
        out.flush()


def _from_data(data, folder):
    import numpy as np

    kind, of = data["is"], data["of"]
    if kind == "value":
        return of
    if kind in ("list", "tuple"):
        return {"list": list, "tuple": tuple}[kind](_from_data(one, folder) for one in of)
    if kind == "dict":
        return {_from_data(key, folder): _from_data(one, folder) for key, one in of}
    if kind == "tensor":
        import tensorflow as tf

        return tf.constant(_from_data(of, folder))
    path = folder / Path(of).name
    if kind == "model":
        import keras

        return keras.models.load_model(path, compile=False, safe_mode=True)
    array = np.load(path, allow_pickle=False)
    return array[()] if kind == "scalar" else array


if __name__ == "__main__":
    judge()
