"""Many targets at once: who is asked when, from where, and what becomes of each.

    errand.py      what to ask of which targets, in plain values
    crew.py        all of it from one process: a thread and a deadline for each target
    parallel.py    how many at the same time
    ways.py        which transport reaches a target

Elsewhere, in other processes or on other machines:

    dispatch.py    hand out, take in, ask again what was lost, name who takes down whoever asks it
    shards.py      how an errand is cut, and how a part of it is carried out
    parcels.py     what travels: data, and nothing else
    places.py      what a place is that takes on shards
    executors.py   what can be named, and processes of this machine
    dask.py        the workers of a Dask cluster
"""
