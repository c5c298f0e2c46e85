const BREAKS = /[\u0085\u2028\u2029]/g;

/**
 * Escapes all line break characters other than `\n`. In JSON they occur only in strings, where an
 * escape means the same.
 */
export const withoutBreaks = (json: string): string =>
  json.replace(BREAKS, (each) => `\\u${each.charCodeAt(0).toString(16).padStart(4, "0")}`);
