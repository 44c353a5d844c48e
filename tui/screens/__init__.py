"""The screens: replay, board, verify, what-if, and what opens over them."""
