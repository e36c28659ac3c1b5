"""Transports ASK: the only folder that touches a machine."""
