"""Relays requests for the models of other MAV servers, the upstream servers, to them."""
