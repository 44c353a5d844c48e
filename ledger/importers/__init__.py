"""Outside files become commands: bytes in, command lines and problems out; no I/O, no clock."""
