import type { Language } from "@/lib/i18n/language";

export interface Explained {
  readonly term: string;
  /** Text between backticks is code. */
  readonly text: string;
  /** Other words for it, and its inflected forms. */
  readonly forms?: readonly string[];
  /** Phrases with one of these words in another meaning. */
  readonly apart?: readonly string[];
}

/** A term of terms.json, from which docs/glossary.md is generated too. */
export type Term = { readonly id: string } & Readonly<Record<Language, Explained>>;

/** Returns the address of a term in the glossary, relative to the site's root. */
export const addressOfTerm = (id: string): string => `./glossary#${id}`;

/** Returns all terms in one language, sorted alphabetically. */
export const termsIn = (terms: readonly Term[], language: Language) =>
  terms
    .map((each) => ({ id: each.id, ...each[language] }))
    .sort((a, b) => a.term.localeCompare(b.term, language, { sensitivity: "base" }));
