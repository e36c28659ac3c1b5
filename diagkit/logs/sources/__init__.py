"""Everything an incident throws at us, read as streams of plain lines.

`find` tells what lies under the paths that somebody named: files, rotated sets, directories, archives, sosreports,
exported journals, logs of containers, standard input. Each is a `Series` of `Part`s, whose `blocks()` are whole lines
in UTF-8, decompressed and unwrapped. Whatever the input: nothing is written, nothing is held whole in memory, and what
could not be read is said.
"""

from diagkit.logs.sources.discovery import find
from diagkit.logs.sources.forms import Form
from diagkit.logs.sources.part import About, Note, Part, Series
from diagkit.logs.sources.streams import Lost

__all__ = ["About", "Form", "Lost", "Note", "Part", "Series", "find"]
