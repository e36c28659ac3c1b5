"""The log engine: readers, time stamps, signatures, windows."""
