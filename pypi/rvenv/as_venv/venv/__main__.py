"""``python -m venv``, run by rvenv, or by the interpreter's own ``venv`` if the program is missing."""

import sys

import venv

from rvenv import __main__, _program

if _program.find() is not None:
    sys.exit(__main__.main())
try:
    venv.main()
except Exception as error:
    sys.exit("Error: %s" % error)
