"""Two profiles: `full` (what you read is what you run) and `quick` (seconds a chapter)."""

import os
from numbers import Integral

from helpers.words import say


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
            say(
                "BOOK_PROFILE is {profile!r}; set it to 'full' or 'quick', or unset it for 'full'",
                profile=profile,
            )
        )
    return profile


def scaled(n: int) -> int:
    """Return how often to do what `fit` does not do: `n` times, or a few in the quick profile.

    `fit` needs no such call: in the quick profile it takes a few steps by itself.

    Parameters
    ----------
    n : int
        The count of the published run, at least 1.

    Returns
    -------
    int
        `n`, or a fiftieth of it in the quick profile, but 2 at least.

    Raises
    ------
    ValueError
        If `n` is not a positive int, or ``BOOK_PROFILE`` names no profile.

    Examples
    --------
    >>> import os
    >>> os.environ["BOOK_PROFILE"] = "full"
    >>> scaled(1000)
    1000
    """
    if not isinstance(n, Integral) or isinstance(n, bool) or n < 1:
        raise ValueError(say("n is {n!r}; expected a positive int, such as scaled(1000)", n=n))
    return int(n) if name() == "full" else min(n, max(2, n // 50))
