"""SSH spoken by the system's own ssh, for what paramiko cannot do."""
