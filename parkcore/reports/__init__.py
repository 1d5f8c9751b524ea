"""What can be sent on: reports and files."""
