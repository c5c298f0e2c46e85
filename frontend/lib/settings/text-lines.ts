/**
 * A list of texts in a field of several lines, one text a line. A line break inside a text is
 * written \n, a carriage return \r and a backslash before one of these letters \\.
 */
export const linesOf = (value: string): string[] =>
  value
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.replace(/\\([\\nr])/g, (_, code: string) => MEANT[code] ?? code));

/** The line that stands for a text. */
export const lineOf = (text: string): string =>
  text
    .replace(/\\(?=[\\nr\n\r]|$)/g, "\\\\")
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r");

const MEANT: Record<string, string> = { n: "\n", r: "\r" };
