"""The wire format: events, their parts, and recordings of them."""
