import { createStore, type StoreApi } from "zustand/vanilla";
import { readAddress, writeAddress } from "./address-bar";

/** How a choice is written in the address. */
export interface Code<T> {
  readonly encode: (state: T) => string;
  /** Null for what cannot be read. */
  readonly decode: (code: string) => T | null;
}

const names = new Set<string>();

/**
 * What a visitor chose in a panel. Where it is not what it is to begin with it stands in the
 * address, in letters that an address leaves as they are, so that a link sets up the same view.
 */
export function linkedStore<T>(name: string, initial: T, { encode, decode }: Code<T>): StoreApi<T> {
  const store = createStore<T>(() => initial);
  if (typeof window === "undefined") return store;
  names.add(name);
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

/** What the address holds of such choices. */
export const linkedParameters = (): [string, string][] =>
  [...readAddress()].filter(([name]) => names.has(name));

/** One of a few words, written as it is. */
export const oneOf = <T extends string>(words: readonly T[]): Code<T> => ({
  encode: (word) => word,
  decode: (code) => words.find((word) => word === code) ?? null,
});
