"""Records of several lines: which lines belong together, and joining them.

`rules` say it, `definition` reads them from a configuration and `builtin` has those of the
languages; `machine` splits a block of lines by them; `lines` and `records` join what is read
from a file, and what comes as records.
"""
