"""Feedback pages without active content, whatever a hand-in has put into them."""

import base64
import binascii
import re

import nh3
from nbformat.v4 import new_output

PICTURES = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
_PICTURE = re.compile(r"data:image/(png|jpeg);base64,[A-Za-z0-9+/=\s]+")
# Nothing runs and nothing is fetched, even if a browser reads the page otherwise than nh3 does.
POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'"
)
TAGS = nh3.ALLOWED_TAGS | {"details", "summary", "section", "main"}


def plain_outputs(outputs):
    """Return a cell's outputs without what a browser would run: words and pictures.

    Parameters
    ----------
    outputs : object
        What came out of the sandbox.

    Returns
    -------
    list of nbformat.NotebookNode

    Raises
    ------
    ValueError
        If these are no outputs.
    """
    plain = []
    try:
        for one in outputs:
            kind = one["output_type"]
            if kind == "stream":
                name = "stderr" if one["name"] == "stderr" else "stdout"
                plain.append(new_output("stream", name=name, text=str(one["text"])))
            elif kind == "error":
                lines = [str(line) for line in one["traceback"]]
                about = {"ename": str(one["ename"]), "evalue": str(one["evalue"])}
                plain.append(new_output("error", traceback=lines, **about))
            else:
                data = {"text/plain": str(one["data"].get("text/plain", ""))}
                for mime, start in PICTURES.items():
                    if _is_picture(one["data"].get(mime), start):
                        data[mime] = one["data"][mime]
                # Not `execute_result`: nbgrader takes its number for points.
                plain.append(new_output("display_data", data=data))
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError("these are no outputs of a cell") from error
    return plain


def _is_picture(text, start):
    try:
        return isinstance(text, str) and base64.b64decode(text, validate=False).startswith(start)
    except (binascii.Error, ValueError):
        return False


def clean_page(page):
    """Return nbgrader's page of feedback with nothing in it that runs, or that is fetched.

    Parameters
    ----------
    page : str
        Its head is nbgrader's own, its body holds what the hand-in wrote.

    Returns
    -------
    str
    """
    head, _, body = page.partition("</head>")
    title = re.search(r"<title>(.*?)</title>", head)[1]
    styles = "\n".join(re.findall(r"<style.*?</style>", head, re.S))
    styles = re.sub(r"@font-face\s*{[^}]*}", "", styles)  # files that are not there
    clean = nh3.clean(
        body,
        tags=TAGS,
        attributes={
            "*": {"class", "id", "title", "align"},
            **nh3.ALLOWED_ATTRIBUTES,
            "a": {"href", "name"},
        },
        clean_content_tags={"script", "style", "svg", "math", "iframe", "object", "template"},
        attribute_filter=_own_addresses,
        url_schemes={"http", "https", "data"},
        link_rel="noopener noreferrer",
    )
    return f"""<!DOCTYPE html>
<html>
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<title>{title}</title>
{styles}
</head>
<body>{clean}</body>
</html>
"""


def _own_addresses(tag, name, value):
    if name == "src":
        return value if tag == "img" and _PICTURE.fullmatch(value) else None
    if name == "href":
        return value if value.startswith(("#", "https://", "http://")) else None
    return None if name in ("cite", "longdesc", "background") else value
