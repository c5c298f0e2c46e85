/** What the name of a model begins with that runs in the browser. */
export const IN_BROWSER = "browser:";

export const runsInBrowser = (model: unknown): model is string =>
  typeof model === "string" && model.startsWith(IN_BROWSER);
