import { keepParameters, keptParameters, type Pair } from "./kept-parameters";

/**
 * Servers and proxies refuse long queries: nginx beyond 8 kB, uvicorn beyond 64 kB. A fragment is not
 * sent to them, and browsers take it up to about 80,000 characters. Both counted in characters as
 * they are encoded.
 */
export const MAX_QUERY = 1_800;
export const MAX_FRAGMENT = 60_000;

/** In the fragment: the id of parameters that this tab keeps. */
const KEPT = "kept";

/** Parameters as an address holds them. */
export interface Layout {
  /** `?…`, or empty. */
  readonly search: string;
  /** `#…`, or empty. */
  readonly fragment: string;
  /** Whether the address holds all of them; otherwise this tab keeps the rest. */
  readonly complete: boolean;
}

/**
 * Short parameters are in the query. Where that becomes too long, the longest ones move to the
 * fragment, and from there to the tab's storage.
 */
export function layOut(parameters: URLSearchParams): Layout {
  const query = new Map<string, Pair[]>();
  for (const pair of parameters) query.set(pair[0], [...(query.get(pair[0]) ?? []), pair]);
  const fragment = moveLongest(query, MAX_QUERY);
  const kept = moveLongest(fragment, MAX_FRAGMENT);
  const pairs = [...kept.values()].flat();
  if (pairs.length > 0) fragment.set(KEPT, [[KEPT, keepParameters(pairs)]]);
  return {
    search: prefixed("?", encoded(query)),
    fragment: prefixed("#", encoded(fragment)),
    complete: pairs.length === 0,
  };
}

/** The parameters of an address, and whether this tab lacks some that it refers to. */
export function readLayout(search: string, fragment: string): [URLSearchParams, missing: boolean] {
  // A fragment without `=` is the target of a link within the page.
  const moved = fragment.includes("=") ? [...new URLSearchParams(fragment.slice(1))] : [];
  const id = moved.find(([name]) => name === KEPT)?.[1];
  const kept = id === undefined ? [] : keptParameters(id);
  const long: Pair[] = [...moved.filter(([name]) => name !== KEPT), ...(kept ?? [])];
  const names = new Set(long.map(([name]) => name));
  const short = [...new URLSearchParams(search)].filter(([name]) => !names.has(name));
  return [new URLSearchParams([...short, ...long].map(([...pair]) => pair)), kept === null];
}

/** Takes the longest parameters out until the rest is short enough, and returns them. */
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
