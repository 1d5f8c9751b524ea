"""What runs unattended: the watcher, its supervisor, and how they are doing."""
