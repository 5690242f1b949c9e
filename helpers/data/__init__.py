"""The data of the chapters: images here, `heartbeats` and `documents` in modules of their own.

Each loader takes the best source at hand and prints which one it was: the folder that
``BOOK_DATA`` names, the library's own loader, a stand-in made here.
"""

from helpers.data.clothes import fashion
from helpers.data.files import DataError
from helpers.data.image_sets import ImageSet, add_noise, flat
from helpers.data.mnist import digits

__all__ = ["DataError", "ImageSet", "add_noise", "digits", "fashion", "flat"]
