/**
 * Splits the value of a multi-line field into texts, one per line. In a text, `\n` is a line break,
 * `\r` a carriage return and `\\` a backslash before one of these letters.
 */
export const linesOf = (value: string): string[] =>
  value
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.replace(/\\([\\nr])/g, (_, code: string) => MEANT[code] ?? code));

/** Returns the line of a text; the inverse of `linesOf`. */
export const lineOf = (text: string): string =>
  text
    .replace(/\\(?=[\\nr\n\r]|$)/g, "\\\\")
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r");

const MEANT: Record<string, string> = { n: "\n", r: "\r" };
