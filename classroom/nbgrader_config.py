"""nbgrader's settings for a course. Change what you like: `make assignment` keeps this file."""

import os

from nbclient.exceptions import DeadKernelError
from nbconvert.preprocessors import ClearMetadataPreprocessor
from nbformat.v4 import new_output
from nbgrader.preprocessors import (
    AssignLatePenalties,
    CheckCellMetadata,
    Execute,
    IgnorePattern,
    LimitOutput,
    SaveAutoGrades,
)

c = get_config()  # noqa: F821 - nbgrader provides it
c.CourseDirectory.course_id = "autoencoders"

# Students keep the words of the exercise's cell; nothing stands in place of the solution.
c.ClearSolutions.code_stub = {"python": ""}


class ExecuteToTheEnd(Execute):
    """Mark what ran before a hand-in killed its kernel; nbgrader alone would mark nothing."""

    def preprocess(self, nb, resources, km=None):
        try:
            return super().preprocess(nb, resources, km)
        except DeadKernelError:
            words = "The kernel died before this cell, or in it."
            for cell in nb.cells:
                if cell.cell_type == "code" and not cell.get("execution_count"):
                    cell.outputs.append(
                        new_output("error", ename="KernelDied", evalue=words, traceback=[words])
                    )
            return nb, resources


# Seconds for one cell of a hand-in. A loop without end is stopped then, and loses its points.
c.ExecuteToTheEnd.timeout = int(os.environ.get("BOOK_GRADE_TIMEOUT", "600"))
c.ExecuteToTheEnd.iopub_timeout = 60  # nbgrader's 4 are too few on a busy machine
# nbgrader's own list, with the first step replaced.
c.Autograde.autograde_preprocessors = [
    ExecuteToTheEnd,
    IgnorePattern,
    ClearMetadataPreprocessor,
    LimitOutput,
    SaveAutoGrades,
    AssignLatePenalties,
    CheckCellMetadata,
]
