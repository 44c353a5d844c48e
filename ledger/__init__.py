"""What decides and what remembers: the book, the rules, the store, and the way of a command into the stream."""
