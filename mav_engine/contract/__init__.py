"""What travels: events, their parts, and recordings of them."""
