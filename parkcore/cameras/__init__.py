"""IP cameras: where they are, how they are asked, and when."""
