"""What the facts add up to: the archive and replica, the views asked of them, and the comparison that proves them."""
