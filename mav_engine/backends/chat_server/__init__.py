"""Models of servers with OpenAI's API, which generate text and report log-probabilities."""
