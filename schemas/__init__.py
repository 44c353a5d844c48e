"""What may cross a process boundary: values, events, commands, receipts, subjects and the codec that carries them."""
