"""Read a hand-in as nbgrader needs it, and say what is unusual about it.

nbgrader ends the marking of a whole class at one cell whose data it does not understand, for
example at the empty data that it leaves itself on the copy of a cell.
"""

import copy
import json
import warnings

import nbformat
from nbformat.validator import iter_validate, normalize

from classroom.archives import UnreadableError


def parse(data):
    """Make a notebook of a file's bytes.

    Parameters
    ----------
    data : bytes
        In UTF-8, UTF-16 or UTF-32, with or without a byte order mark.

    Returns
    -------
    tuple of nbformat.NotebookNode and list of str
        The notebook in nbformat's version 4.5, and remarks.

    Raises
    ------
    UnreadableError
        If it is no notebook.
    """
    if not data.strip(b" \r\n\t\0"):
        raise UnreadableError("is empty")
    try:
        found = json.loads(data)
    except (ValueError, RecursionError):
        page = data.lstrip(b"\xef\xbb\xbf \r\n\t")[:1] == b"<"
        raise UnreadableError(
            "is a web page, not a notebook" if page else "is cut off, or no notebook at all"
        ) from None
    if not isinstance(found, dict) or not {"nbformat", "metadata"} <= set(found):
        raise UnreadableError("is no notebook")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of cells' ids that are missing or occur twice
            notebook = nbformat.reader.reads(data.decode(json.detect_encoding(data)))
            return _valid(nbformat.convert(notebook, 4))
    except UnreadableError:
        raise
    # Converting takes the structure for granted; a stranger's file may break it anywhere.
    except Exception:
        raise UnreadableError("is no valid notebook") from None


def mend(notebook, release):
    """Make nbgrader's data of all cells those of the assignment that was given out.

    What students wrote stays. A cell that nbgrader cannot mark becomes an ordinary cell.

    Parameters
    ----------
    notebook : nbformat.NotebookNode
        Changed in place.
    release : nbformat.NotebookNode
        What the students were given.

    Returns
    -------
    list of str
        Remarks on each change, and on what the hand-in lacks.
    """
    released = {name: cell for cell in release.cells if (name := _grade_id(cell))}
    remarks, found, strange = [], {}, 0
    for cell in notebook.cells:
        if "nbgrader" not in cell.metadata:
            continue
        if (name := _grade_id(cell)) in released:
            found.setdefault(name, []).append(cell)
        else:
            strange += 1
            del cell.metadata["nbgrader"]
    for name, cells in found.items():
        original = released[name]
        # A check is as it was given out, a copy may be an attempt at something.
        kept = next((cell for cell in cells if cell.source == original.source), cells[0])
        for cell in cells:
            if cell is not kept:
                del cell.metadata["nbgrader"]
        if len(cells) > 1:
            remarks.append(f"{name} is there {len(cells)} times: one of them counts")
        if kept.cell_type != original.cell_type:
            source, kind = kept.source, kept.cell_type
            kept.clear()
            kept.update(copy.deepcopy(original))
            kept.source = source
            remarks.append(f"{name} had become a {kind} cell")
        elif kept.metadata.nbgrader != original.metadata.nbgrader:
            kept.metadata.nbgrader = copy.deepcopy(original.metadata.nbgrader)
            remarks.append(f"nbgrader's data of {name} were changed")
    if strange:
        remarks.append(f"{strange} cells with data of another assignment count as ordinary ones")
    lacking = [name for name in released if name not in found]
    if lacking and not found:
        remarks.append("holds no cell of the assignment: it was made from another notebook")
    elif lacking:
        remarks.append(f"lacks {', '.join(lacking)}")
    return remarks


def _grade_id(cell):
    about = cell.metadata.get("nbgrader")
    name = about.get("grade_id") if isinstance(about, dict) else None
    return name if isinstance(name, str) else None


def _valid(notebook):
    """Bring a notebook of any 4.x to 4.5; drop broken outputs, which marking makes anew."""
    notebook.nbformat_minor = 5
    _, notebook = normalize(notebook, strip_invalid_metadata=True)
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"  # those that were missing or there twice became random ones
    remarks = []
    if next(iter_validate(notebook), None):
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        if next(iter_validate(notebook), None):
            raise UnreadableError("is no valid notebook")
        remarks.append("its broken outputs are left out")
    return notebook, remarks
