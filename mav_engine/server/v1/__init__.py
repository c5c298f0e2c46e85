"""The completions of OpenAI's API, so that its clients can use this server (docs/clients.md)."""
