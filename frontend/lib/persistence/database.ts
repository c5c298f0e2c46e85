import { once } from "@/lib/caching/cache";

/**
 * Stores values in IndexedDB under keys that begin with the tab's id. If the database is missing or
 * blocked, writes do nothing and reads return null.
 */
const NAME = "mav";
const VALUES = "kept";
const MAX_AGE_MS = 24 * 60 * 60 * 1000;

interface Stored {
  readonly at: number;
  readonly value: unknown;
}

/** The connection to the database, opened at the first use. */
class Connection {
  /** The opened database, so that a page that is being left can write synchronously. */
  opened: IDBDatabase | null = null;

  readonly open = once(
    () =>
      new Promise<IDBDatabase | null>((resolve) => {
        try {
          const request = indexedDB.open(NAME, 1);
          request.onupgradeneeded = () => request.result.createObjectStore(VALUES);
          request.onerror = () => resolve(null);
          request.onblocked = () => resolve(null);
          request.onsuccess = () => {
            const opened = request.result;
            this.opened = opened;
            opened.onversionchange = () => opened.close();
            resolve(opened);
            removeOld(opened);
          };
        } catch {
          resolve(null);
        }
      }),
  );
}

const connection = new Connection();

/** Stores a value under a key. If the quota is exceeded, nothing is stored. */
export function putSaved(key: string, value: unknown): void {
  const stored: Stored = { at: Date.now(), value };
  const put = (values: IDBObjectStore) => {
    values.put(stored, key);
    // Commits explicitly, because the browser aborts open transactions when the page is left.
    values.transaction.commit?.();
  };
  if (connection.opened) write(connection.opened, put);
  else void connection.open().then((opened) => opened && write(opened, put));
}

export function removeSaved(key: string): void {
  void connection.open().then((opened) => opened && write(opened, (values) => values.delete(key)));
}

/** Returns the value under a key, or null. */
export async function readSaved(key: string): Promise<unknown> {
  const opened = await connection.open();
  if (!opened) return null;
  return new Promise((resolve) => {
    try {
      const request = opened.transaction(VALUES).objectStore(VALUES).get(key);
      request.onsuccess = () => resolve((request.result as Stored | undefined)?.value ?? null);
      request.onerror = () => resolve(null);
    } catch {
      resolve(null);
    }
  });
}

function write(opened: IDBDatabase, change: (values: IDBObjectStore) => void): void {
  try {
    const transaction = opened.transaction(VALUES, "readwrite");
    // Without preventDefault, a quota error would be reported as an error of the page.
    transaction.onerror = (event) => event.preventDefault();
    change(transaction.objectStore(VALUES));
  } catch {
    // The database is closed or the value cannot be cloned. The page works without storage.
  }
}

/** Deletes values older than MAX_AGE_MS, which belong to closed tabs. */
function removeOld(opened: IDBDatabase): void {
  const oldest = Date.now() - MAX_AGE_MS;
  write(opened, (values) => {
    const request = values.openCursor();
    request.onsuccess = () => {
      const cursor = request.result;
      if (!cursor) return;
      if ((cursor.value as Stored).at < oldest) cursor.delete();
      cursor.continue();
    };
  });
}
