"""What is usual on this very host, and where it is going: the runs before this one, kept small.

`metrics` says what is kept of a run, `trend` when something will run out, `usual` whether what is measured now stands
out from what was measured before. All pure: the samples come with the tape, as `History`; the files they are kept in
are the command line's business.
"""
