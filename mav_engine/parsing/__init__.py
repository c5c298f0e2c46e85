"""Reading values of clients strictly."""
