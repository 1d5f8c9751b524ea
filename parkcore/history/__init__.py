"""From what was recorded to figures over time, and what to expect."""
