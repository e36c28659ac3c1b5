"""What the user's own ssh configuration says about a host."""
