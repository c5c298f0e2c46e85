import type { english } from "./en";

/** The shape of a language: texts may say anything, functions take what the English ones take. */
type Widened<T> = T extends string
  ? string
  : T extends (...given: infer Given) => string
    ? (...given: Given) => string
    : T extends readonly (infer Item)[]
      ? readonly Widened<Item>[]
      : { readonly [Name in keyof T]: Widened<T[Name]> };

export type Words = Widened<typeof english>;
