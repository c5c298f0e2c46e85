import { localStore } from "@/lib/browser/storage";

const KEY = "mav-key";

/** Returns the header with the API key that the visitor entered for this server; none without one. */
export function authorization(): Record<string, string> {
  const key = localStore.getItem(KEY);
  return key ? { Authorization: `Bearer ${key}` } : {};
}

/** Keeps the key in this browser, or forgets it if it is empty. */
export function keepServerKey(key: string): void {
  if (key) localStore.setItem(KEY, key);
  else localStore.removeItem(KEY);
}

/** Whether an error means that the server wants an API key, or another one. */
export const isAboutKey = (code: string): boolean =>
  code === "key_refused" || code === "scope_missing";
