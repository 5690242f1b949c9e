"""Run a hand-in's cells; this side of the sandbox's wall may be in the hand-in's hands.

    python classroom/inside.py < task.json > what-happened

The task: ``cells``, each with ``source`` and perhaps ``before`` (code that keeps a check's
arguments) and ``check`` (its number); ``seconds`` for a cell; ``out`` and ``kept``, bytes at most.
What happened is told at once, so that it stands when the rest is lost: lines of JSON, each
followed by as many bytes as its ``bytes`` says.
"""

import json
import os
import sys
import tempfile
from pathlib import Path

from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError
from nbformat.v4 import new_code_cell, new_notebook, new_output

KEPT = Path(tempfile.gettempdir(), "kept")  # where classroom/second_run.py puts the arguments


class Client(NotebookClient):
    """Runs cells to the end as nbgrader does, and counts what comes back."""

    def __init__(self, *args, most, flooded, **options):
        super().__init__(*args, **options)
        self.left, self.flooded = most, flooded
        self.on_cell_executed = self.note_timeout

    def process_message(self, msg, cell, cell_index):
        self.left -= len(str(msg["content"])) + sum(len(part) for part in msg["buffers"])
        if self.left < 0:
            self.flooded()
        return super().process_message(msg, cell, cell_index)

    def handle_comm_msg(self, outs, msg, cell_index):
        """Keep no widgets: feedback shows none."""

    def note_timeout(self, cell, cell_index, execute_reply):
        content = execute_reply["content"]
        names = [output.ename for output in cell.outputs if output.output_type == "error"]
        if content["status"] == "error" and content["ename"] not in names:
            about = {name: content[name] for name in ("ename", "evalue", "traceback")}
            cell.outputs.append(new_output("error", **about))


def main():
    out = os.fdopen(os.dup(1), "wb")
    task = json.load(sys.stdin)
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in (0, 1, 2):  # a kernel's own prints go nowhere
        os.dup2(nothing, number)

    def tell(data=b"", **about):
        out.write(json.dumps(about | {"bytes": len(data)}).encode() + b"\n" + data)
        out.flush()

    def tell_flood():
        tell(stopped="It wrote more than it may.")
        os._exit(0)

    words = f"The cell ran for more than {task['seconds']:g} seconds and was stopped."
    cells = [new_code_cell(cell["source"]) for cell in task["cells"]]
    aside = new_code_cell()  # what keeps a check's arguments shows nothing
    client = Client(
        new_notebook(cells=[*cells, aside]),
        kernel_name="python3",
        timeout=int(task["seconds"]),
        interrupt_on_timeout=True,
        error_on_timeout={
            "ename": "CellTimeoutError",
            "evalue": words,
            "traceback": [f"CellTimeoutError: {words}"],
        },
        allow_errors=True,
        iopub_timeout=60,
        store_widget_state=False,
        most=task["out"],
        flooded=tell_flood,
    )
    left = task["kept"]
    try:
        with client.setup_kernel():
            for index, cell in enumerate(task["cells"]):
                if "before" in cell:
                    aside.source = cell["before"]
                    client.execute_cell(aside, len(cells), store_history=False)
                    for path in sorted((KEPT / str(cell["check"])).glob("*")):
                        if not path.is_file():
                            continue
                        left -= path.stat().st_size
                        if left >= 0:
                            tell(path.read_bytes(), kept=path.name, check=cell["check"])
                tell(begun=index)
                client.execute_cell(cells[index], index)
                tell(json.dumps(cells[index].outputs).encode(), cell=index)
    except DeadKernelError:
        tell(stopped="The kernel died before this cell, or in it.")
    except Exception as error:  # whatever the kernel has sent
        tell(stopped=f"The kernel's messages make no sense ({type(error).__name__}).")
    else:
        tell(ended=True)


if __name__ == "__main__":
    main()
