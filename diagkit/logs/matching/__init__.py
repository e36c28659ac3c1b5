"""Which lines hold which literals, fast: the first of the two steps in which a signature is found.

A search sees every byte of a log and finds the lines that hold a literal; the signature's pattern then confirms it on
that line alone. Patterns see next to nothing, so only the search has to be fast, and patterns may be whatever Python's
`re` can do.
"""
