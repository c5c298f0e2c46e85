import { createStore, type StoreApi } from "zustand/vanilla";
import { readAddress, writeAddress } from "./address-bar";

/** How a state is written in the address. */
export interface Code<T> {
  readonly encode: (state: T) => string;
  /** Returns null if the code is invalid. */
  readonly decode: (code: string) => T | null;
}

/** The query parameters of all linked stores. */
const linked = createStore<{ readonly names: readonly string[] }>(() => ({ names: [] }));

/**
 * Creates a store that is synchronised with a query parameter, so that a link restores the view.
 * The initial state has no parameter. `encode` should use only characters that need no escaping.
 */
export function linkedStore<T>(name: string, initial: T, { encode, decode }: Code<T>): StoreApi<T> {
  const store = createStore<T>(() => initial);
  if (typeof window === "undefined") return store;
  linked.setState(({ names }) => ({ names: [...names, name] }));
  const read = () => {
    const code = readAddress().get(name);
    store.setState((code === null ? null : decode(code)) ?? initial, true);
  };
  read();
  window.addEventListener("popstate", read);
  store.subscribe((state) => {
    const code = encode(state);
    writeAddress((other) => other === name, code === encode(initial) ? [] : [[name, code]]);
  });
  return store;
}

/** Returns the query parameters of all linked stores. */
export const linkedParameters = (): [string, string][] =>
  [...readAddress()].filter(([name]) => linked.getState().names.includes(name));

/** Encodes one of a few words as itself. */
export const oneOf = <T extends string>(words: readonly T[]): Code<T> => ({
  encode: (word) => word,
  decode: (code) => words.find((word) => word === code) ?? null,
});
