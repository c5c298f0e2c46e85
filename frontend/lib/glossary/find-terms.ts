import type { Term } from "./terms";

/** Where a term occurs in a text. */
export interface Occurrence {
  readonly id: string;
  readonly start: number;
  readonly end: number;
}

export type FindTerms = (text: string) => readonly Occurrence[];

/**
 * Returns a function that finds all terms in a text of their language: whole words, the longest that
 * match, in any case. Quoted text is the model's, not the page's, and is left out.
 */
export function termFinder(terms: readonly Term[]): FindTerms {
  const ids = new Map<string, string | null>();
  for (const { id, term, forms = [], apart = [] } of terms) {
    for (const form of [term, ...forms]) ids.set(normal(form), id);
    for (const phrase of apart) ids.set(normal(phrase), null);
  }
  const longestFirst = [...ids.keys()].sort((one, other) => other.length - one.length);
  const words = longestFirst.map((form) => escaped(form).replaceAll(" ", "\\s+")).join("|");
  const pattern = new RegExp(`(?<![\\p{L}\\p{N}_])(?:${words})(?![\\p{L}\\p{N}_])`, "giu");
  return (text) =>
    [...withoutQuotes(text).matchAll(pattern)].flatMap(({ index, 0: found }) => {
      const id = ids.get(normal(found));
      return id ? [{ id, start: index, end: index + found.length }] : [];
    });
}

const normal = (form: string): string => form.toLowerCase().replace(/\s+/g, " ");

const escaped = (form: string): string => form.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** Replaces quoted text by as many spaces. */
const withoutQuotes = (text: string): string =>
  text.replace(/“[^”]*”|„[^“]*“/g, (quoted) => " ".repeat(quoted.length));
