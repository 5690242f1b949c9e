"""Two profiles: `full` (what you read is what you run) and `quick` (seconds a chapter)."""

import os
from numbers import Integral


def name() -> str:
    """Return the profile in force.

    The environment is read at every call, so a notebook may set the variable
    after its imports.

    Returns
    -------
    str
        ``"full"`` (also when ``BOOK_PROFILE`` is unset or empty) or ``"quick"``.

    Raises
    ------
    ValueError
        If ``BOOK_PROFILE`` holds anything else.

    Examples
    --------
    >>> import os
    >>> os.environ["BOOK_PROFILE"] = "quick"
    >>> name()
    'quick'
    """
    profile = os.environ.get("BOOK_PROFILE") or "full"
    if profile not in ("full", "quick"):
        raise ValueError(
            f"BOOK_PROFILE is {profile!r}; set it to 'full' or 'quick', or unset it for 'full'"
        )
    return profile


def epochs(n: int) -> int:
    """Return how many epochs to train: `n` in the full profile, 1 in the quick one.

    Parameters
    ----------
    n : int
        Epochs of the published run, at least 1.

    Returns
    -------
    int
        `n`, or 1 in the quick profile.

    Raises
    ------
    ValueError
        If `n` is not a positive int, or ``BOOK_PROFILE`` names no profile.

    Examples
    --------
    >>> import os
    >>> os.environ["BOOK_PROFILE"] = "full"
    >>> epochs(20)
    20
    """
    if not isinstance(n, Integral) or isinstance(n, bool) or n < 1:
        raise ValueError(f"n is {n!r}; a positive int is wanted, such as epochs(20)")
    return int(n) if name() == "full" else 1
