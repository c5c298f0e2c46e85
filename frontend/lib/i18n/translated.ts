import { languageStore, type Translation } from "./language";

/** The type of a translation: any string for a string, and functions with the same parameters. */
export type Translated<T> = T extends string
  ? string
  : T extends (...given: infer Given) => infer Said
    ? (...given: Given) => Translated<Said>
    : T extends object
      ? { readonly [Name in keyof T]: Translated<T[Name]> }
      : T;

type Branch = Record<string, unknown>;

/**
 * Returns an object of the same shape as the English texts that looks up every text in the current
 * language when it is read. Nested objects are always the same, so a module may keep one (`const {
 * series } = words`), but not a single text.
 */
export function translated<T extends object>(english: T): Translated<T> {
  const chosen = () => languageStore.getState().translation?.get(english) ?? english;
  return follow(english as Branch, chosen as () => Branch) as Translated<T>;
}

/** Maps the English texts of every part to their translation. */
export function translation<T extends Record<string, object>>(
  english: T,
  other: Translated<T>,
): Translation {
  return new Map(
    Object.entries(english).map(([part, words]) => [words, (other as T)[part] as object]),
  );
}

function follow(english: Branch, chosen: () => Branch): Branch {
  const followed: Branch = {};
  for (const [name, value] of Object.entries(english)) {
    const branch = isBranch(value) && follow(value, () => chosen()[name] as Branch);
    const get = branch ? () => branch : () => chosen()[name];
    Object.defineProperty(followed, name, { enumerable: true, get });
  }
  // A table whose English version is empty, such as the explanations of settings, has its own keys
  // in a translation.
  return Object.keys(english).length > 0 ? followed : openTable(chosen);
}

const openTable = (chosen: () => Branch): Branch =>
  new Proxy({}, { get: (_, name) => chosen()[String(name)] });

const isBranch = (value: unknown): value is Branch =>
  typeof value === "object" && value !== null && !Array.isArray(value);
