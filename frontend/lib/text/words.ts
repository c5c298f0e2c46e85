import type { english } from "./en";

/** The shape of a language: texts may say anything, functions take what the English ones take. */
type Widened<T> = T extends string
  ? string
  : T extends (...given: infer Given) => infer Said
    ? (...given: Given) => Widened<Said>
    : T extends object
      ? { readonly [Name in keyof T]: Widened<T[Name]> }
      : T;

export type Words = Widened<typeof english>;
