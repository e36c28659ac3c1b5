"""What logs say, in numbers over time: the same picture of a host that was asked and of files that somebody sent."""
