/**
 * The browser's storage without its exceptions: access throws where cookies are blocked, and writing
 * throws where the quota is used up.
 */
export interface SafeStorage {
  /** Null where nothing is stored or the storage cannot be read. */
  getItem(key: string): string | null;
  /** Whether the value was stored. */
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

/** Shared by all tabs of the site. */
export const localStore: SafeStorage = safe(() => window.localStorage);

/** Of this tab; it outlives a reload. */
export const tabStore: SafeStorage = safe(() => window.sessionStorage);

/** What was stored as JSON; null where there is none, or something else is stored. */
export function storedJson(store: SafeStorage, key: string): unknown {
  return attempt(() => JSON.parse(store.getItem(key) ?? "null")) ?? null;
}

/** Calls back when another tab changes this key of `localStore`; ends with what it returns. */
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
