"""The data of the chapters: digits here, `heartbeats` and `documents` in modules of their own.

Each loader takes the best source at hand and prints which one it was: the folder that
``BOOK_DATA`` names, the library's own loader, a stand-in made here.
"""

from helpers.data.files import DataError
from helpers.data.mnist import Digits, add_noise, digits, flat

__all__ = ["DataError", "Digits", "add_noise", "digits", "flat"]
