"""What a person at a terminal touches: the command line, and every screen as plain text."""
