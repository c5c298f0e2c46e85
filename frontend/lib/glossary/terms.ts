import type { Language } from "@/lib/i18n/language";

/** A term of terms.en.json or terms.de.json; docs/glossary.md is generated from the English ones. */
export interface Term {
  readonly id: string;
  readonly term: string;
  /** Text between backticks is code. */
  readonly text: string;
  /** Other words for it, and its inflected forms. */
  readonly forms?: readonly string[];
  /** Phrases with one of these words in another meaning. */
  readonly apart?: readonly string[];
}

/** The same terms in each language. */
export type Terms = Readonly<Record<Language, readonly Term[]>>;

/** Returns the address of a term in the glossary, relative to the site's root. */
export const addressOfTerm = (id: string): string => `./glossary#${id}`;

/** Returns all terms in one language, sorted alphabetically. */
export const termsIn = (terms: Terms, language: Language): readonly Term[] =>
  terms[language].toSorted((a, b) =>
    a.term.localeCompare(b.term, language, { sensitivity: "base" }),
  );
