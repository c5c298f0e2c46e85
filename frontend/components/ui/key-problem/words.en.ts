export const english = {
  title: "This server requires an API key",
  missing: "Enter the key that the operator of this server gave you. It stays in this browser.",
  refused:
    "The server did not accept the key. Check it, or ask the operator of this server for another.",
  noScope: "Your key does not allow this. Ask the operator of this server for one that does.",
  key: "API key",
  use: "Use this key",
  forget: "Forget the key",
  invalid: "A key has no spaces and only ASCII characters.",
} as const;
