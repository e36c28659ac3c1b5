"""Outputs SAY: a report, said in one format each. Pure: they return text, they do not print."""
