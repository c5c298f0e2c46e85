"""HTTP around the application: connections, headers, bodies, errors."""
