/**
 * Web storage that never throws. A browser throws on any access if cookies are blocked, and on a
 * write if the quota is exceeded.
 */
export interface SafeStorage {
  /** Returns null if the key has no value or the storage cannot be read. */
  getItem(key: string): string | null;
  /** Returns whether the value was stored. */
  setItem(key: string, value: string): boolean;
  removeItem(key: string): void;
}

function safe(storage: () => Storage): SafeStorage {
  return {
    getItem: (key) => attempt(() => storage().getItem(key)) ?? null,
    setItem: (key, value) =>
      attempt(() => {
        storage().setItem(key, value);
        return true;
      }) ?? false,
    removeItem: (key) => attempt(() => storage().removeItem(key)),
  };
}

/** Local storage, which all tabs of the site share. */
export const localStore: SafeStorage = safe(() => window.localStorage);

/** Session storage: it belongs to this tab and survives a reload. */
export const tabStore: SafeStorage = safe(() => window.sessionStorage);

/** Parses a stored value as JSON. Returns null if there is no value or it is not JSON. */
export function storedJson(store: SafeStorage, key: string): unknown {
  return attempt(() => JSON.parse(store.getItem(key) ?? "null")) ?? null;
}

/**
 * Calls `changed` when another tab changes this key of `localStore`. Returns a function that
 * removes the listener.
 */
export function onOtherTab(key: string, changed: (value: string | null) => void): () => void {
  const listener = (event: StorageEvent) => {
    // The key is null when another tab cleared everything.
    if (event.key === key) changed(event.newValue);
    else if (event.key === null) changed(null);
  };
  window.addEventListener("storage", listener);
  return () => window.removeEventListener("storage", listener);
}

function attempt<T>(access: () => T): T | undefined {
  try {
    return access();
  } catch {
    return undefined;
  }
}
