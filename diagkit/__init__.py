"""diagkit: ask a machine, judge the answers, name the likely cause."""

__version__ = "0.1.0"
