"""State becomes files that other programs read: evidence, and the log, tables, process and accounting formats."""
