"""The server on many machines with Ray Serve: gateways, and engines that have the models."""
