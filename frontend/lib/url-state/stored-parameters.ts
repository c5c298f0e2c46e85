import { storedJson, tabStore } from "@/lib/browser/storage";

export type Pair = readonly [string, string];

/**
 * The maximum number of stored parameter sets, one for each history entry that needs one. The
 * oldest is deleted first.
 */
const MAX_KEPT = 8;
const INDEX = "mav-address";
const ENTRY = "mav-address.";

/** The sets stored since the page was loaded, in case the browser stores nothing. */
const memory = new Map<string, readonly Pair[]>();

/**
 * Stores parameters that are too long for an address in the tab's session storage, which survives a
 * reload. Returns their id; equal parameters have the same id.
 */
export function keepParameters(pairs: readonly Pair[]): string {
  const json = JSON.stringify(pairs);
  const id = hash(json);
  memory.delete(id);
  memory.set(id, pairs);
  for (const each of [...memory.keys()].slice(0, -MAX_KEPT)) memory.delete(each);
  if (tabStore.getItem(ENTRY + id) === json) return id;
  const ids = storedIds().filter((each) => each !== id);
  const drop = () => {
    const oldest = ids.shift();
    if (oldest !== undefined) tabStore.removeItem(ENTRY + oldest);
    return oldest !== undefined;
  };
  while (ids.length >= MAX_KEPT) drop();
  // If the quota is exceeded, the oldest sets are deleted.
  while (!tabStore.setItem(ENTRY + id, json) && drop());
  tabStore.setItem(INDEX, JSON.stringify([...ids, id]));
  return id;
}

/** Returns the parameters of an id; null if this tab does not have them. */
export function storedParameters(id: string): readonly Pair[] | null {
  const known = memory.get(id);
  if (known) return known;
  const pairs = storedJson(tabStore, ENTRY + id) as readonly Pair[] | null;
  if (pairs) memory.set(id, pairs);
  return pairs;
}

function storedIds(): string[] {
  const ids = storedJson(tabStore, INDEX);
  return Array.isArray(ids) ? ids.map(String) : [];
}

/** Returns 64 bits from two FNV-1a hashes. `crypto.subtle` is missing on insecure origins. */
function hash(text: string): string {
  let a = 0x811c9dc5;
  let b = 0x1000193;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b ^ code, 0x85ebca6b);
    b ^= b >>> 13;
  }
  return [a, b].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
}
