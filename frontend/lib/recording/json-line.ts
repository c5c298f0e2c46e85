const BREAKS = /[\u0085\u2028\u2029]/g;

/**
 * JSON without the characters other than `\n` at which programs split text into lines. They stand
 * in strings only, where an escape means the same.
 */
export const withoutBreaks = (json: string): string =>
  json.replace(BREAKS, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`);
