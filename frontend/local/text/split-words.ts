/** Splits a text into words, by the patterns of `word-patterns.ts`. */

/**
 * Letters and numbers of Unicode 17, which the tokenizers library does not know yet: for it they are
 * unassigned, like the characters that `asTheLibrary` puts in their place.
 */
const NEWER =
  /[\u088f\u0c5c\u0cdc\ua7ce\ua7cf\ua7d2\ua7d4\ua7f1\u{10940}-\u{10959}\u{10ec5}-\u{10ec7}\u{11db0}-\u{11ddb}\u{11de0}-\u{11de9}\u{16ea0}-\u{16eb8}\u{16ebb}-\u{16ed3}\u{16ff2}-\u{16ff6}\u{187f8}-\u{187ff}\u{18d09}-\u{18d1e}\u{18d80}-\u{18df2}\u{1e6c0}-\u{1e6de}\u{1e6e0}-\u{1e6e2}\u{1e6e4}\u{1e6e5}\u{1e6e7}-\u{1e6ed}\u{1e6f0}-\u{1e6f4}\u{1e6fe}\u{1e6ff}\u{2b73a}-\u{2b73f}\u{2cea2}-\u{2cead}\u{323b0}-\u{33479}]/gu;

/** A text of the same length whose characters have the classes that the library gives them. */
export function asTheLibrary(text: string): string {
  return text.replace(NEWER, (found) => (found.length > 1 ? "\u{10ffff}" : "\uffff"));
}

/** The parts of a text that a pattern matches, and those between them. */
export function splitBy(text: string, pattern: RegExp): string[] {
  const parts: string[] = [];
  let end = 0;
  for (const match of asTheLibrary(text).matchAll(pattern)) {
    if (match.index > end) parts.push(text.slice(end, match.index));
    end = match.index + match[0].length;
    if (match[0] !== "") parts.push(text.slice(match.index, end));
  }
  if (end < text.length) parts.push(text.slice(end));
  return parts;
}
