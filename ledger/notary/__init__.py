"""The transparency log over a portfolio's stream: hashes, tiles, signed checkpoints and the witnesses who remember."""
