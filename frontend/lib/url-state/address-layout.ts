import { keepParameters, type Pair, storedParameters } from "./stored-parameters";

/**
 * The maximum length of query and fragment, in encoded characters. nginx refuses queries beyond 8
 * kB and uvicorn beyond 64 kB. Fragments are not sent to servers; browsers accept up to about
 * 80,000 characters.
 */
export const MAX_QUERY = 1_800;
export const MAX_FRAGMENT = 60_000;

/** The fragment parameter with the id of parameters stored in this tab. */
const KEPT = "kept";

/** The parameters as parts of an address. */
export interface Layout {
  /** `?…`, or empty. */
  readonly search: string;
  /** `#…`, or empty. */
  readonly fragment: string;
  /** Whether the address contains all parameters. Otherwise the rest is stored in this tab. */
  readonly complete: boolean;
}

/**
 * Splits parameters between query, fragment and the tab's storage. If the query is too long, the
 * longest parameters move to the fragment; if that is too long, to the tab's storage.
 */
export function layOut(parameters: URLSearchParams): Layout {
  const query = new Map<string, Pair[]>();
  for (const pair of parameters) query.set(pair[0], [...(query.get(pair[0]) ?? []), pair]);
  const fragment = moveLongest(query, MAX_QUERY);
  const long = moveLongest(fragment, MAX_FRAGMENT);
  const pairs = [...long.values()].flat();
  if (pairs.length > 0) fragment.set(KEPT, [[KEPT, keepParameters(pairs)]]);
  return {
    search: prefixed("?", encoded(query)),
    fragment: prefixed("#", encoded(fragment)),
    complete: pairs.length === 0,
  };
}

/**
 * Returns the parameters of an address, and whether it refers to stored ones that this tab does not
 * have.
 */
export function readLayout(search: string, fragment: string): [URLSearchParams, missing: boolean] {
  // A fragment without `=` is an anchor in the page.
  const moved = fragment.includes("=") ? [...new URLSearchParams(fragment.slice(1))] : [];
  const id = moved.find(([name]) => name === KEPT)?.[1];
  const stored = id === undefined ? [] : storedParameters(id);
  const long: Pair[] = [...moved.filter(([name]) => name !== KEPT), ...(stored ?? [])];
  const names = new Set(long.map(([name]) => name));
  const short = [...new URLSearchParams(search)].filter(([name]) => !names.has(name));
  return [new URLSearchParams([...short, ...long].map(([...pair]) => pair)), stored === null];
}

/** Removes the longest parameters until the rest is short enough, and returns them. */
function moveLongest(from: Map<string, Pair[]>, limit: number): Map<string, Pair[]> {
  const sizes = [...from].map(([name, pairs]) => [name, encode(pairs).length + 1] as const);
  sizes.sort(([, a], [, b]) => b - a);
  let length = sizes.reduce((sum, [, size]) => sum + size, 0);
  const moved = new Map<string, Pair[]>();
  for (const [name, size] of sizes) {
    if (length <= limit) break;
    moved.set(name, from.get(name) ?? []);
    from.delete(name);
    length -= size;
  }
  return moved;
}

const encode = (pairs: readonly Pair[]): string =>
  new URLSearchParams(pairs.map(([...pair]) => pair)).toString();

const encoded = (parameters: ReadonlyMap<string, readonly Pair[]>): string =>
  encode([...parameters.values()].flat());

const prefixed = (mark: string, text: string): string => (text === "" ? "" : mark + text);
