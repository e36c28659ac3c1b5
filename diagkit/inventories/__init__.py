"""Lists of hosts that others keep, read as targets."""
