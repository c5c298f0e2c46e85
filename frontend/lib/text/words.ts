import type { english } from "./en";

/** The shape of a language: texts may say anything, functions take what the English ones take. */
export type Translated<T> = T extends string
  ? string
  : T extends (...given: infer Given) => infer Said
    ? (...given: Given) => Translated<Said>
    : T extends object
      ? { readonly [Name in keyof T]: Translated<T[Name]> }
      : T;

export type Words = Translated<typeof english>;
