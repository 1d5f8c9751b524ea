"""Judging again, keeping and thinning."""
