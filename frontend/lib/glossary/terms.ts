import type { Language } from "@/lib/i18n/language";

/** A term of terms.en.json or terms.de.json. */
export interface Term {
  readonly id: string;
  readonly term: string;
  /** Other words for it, and its inflected forms. */
  readonly forms?: readonly string[];
  /** Phrases with one of these words in another meaning. */
  readonly apart?: readonly string[];
}

/**
 * The definitions by id, of definitions.en.json or definitions.de.json, which are loaded when the
 * first is shown; docs/glossary.md is generated from the English ones. Text between backticks is
 * code.
 */
export type Definitions = Readonly<Record<string, string>>;

export interface DefinedTerm extends Term {
  readonly text: string;
}

/** The same terms in each language. */
export type Terms = Readonly<Record<Language, readonly DefinedTerm[]>>;

export const defined = (terms: readonly Term[], definitions: Definitions): DefinedTerm[] =>
  terms.map((term) => ({ ...term, text: definitions[term.id] ?? "" }));

/** Returns the address of a term in the glossary, relative to the site's root. */
export const addressOfTerm = (id: string): string => `./glossary#${id}`;

/** Returns all terms in one language, sorted alphabetically. */
export const termsIn = (terms: Terms, language: Language): readonly DefinedTerm[] =>
  terms[language].toSorted((a, b) =>
    a.term.localeCompare(b.term, language, { sensitivity: "base" }),
  );
