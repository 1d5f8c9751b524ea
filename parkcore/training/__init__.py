"""Models trained, and trained further on what people say of their own car park."""
