"""The service: commands come in by request and reply over NATS, are decided together, and are always answered."""
