"""SSH spoken by ourselves, with paramiko."""
