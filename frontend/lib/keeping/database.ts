/**
 * Values of the site in the browser's database, by keys that begin with a tab's name. Where the
 * browser has no database, or denies it, nothing is stored and nothing is found.
 */
const NAME = "mav";
const VALUES = "kept";
const MAX_AGE_MS = 24 * 60 * 60 * 1000;

interface Stored {
  readonly at: number;
  readonly value: unknown;
}

let opening: Promise<IDBDatabase | null> | null = null;
/** Once it is open: a page that is being left has no time to wait. */
let database: IDBDatabase | null = null;

function open(): Promise<IDBDatabase | null> {
  opening ??= new Promise((resolve) => {
    try {
      const request = indexedDB.open(NAME, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(VALUES);
      request.onerror = () => resolve(null);
      request.onblocked = () => resolve(null);
      request.onsuccess = () => {
        database = request.result;
        database.onversionchange = () => database?.close();
        resolve(database);
        removeOld();
      };
    } catch {
      resolve(null);
    }
  });
  return opening;
}

/** Stores a value under a key; a browser whose quota is used up stores nothing. */
export function putKept(key: string, value: unknown): void {
  const stored: Stored = { at: Date.now(), value };
  const put = (values: IDBObjectStore) => {
    values.put(stored, key);
    // At once: a transaction of a page that is left would be given up.
    values.transaction.commit?.();
  };
  if (database) write(database, put);
  else void open().then((opened) => opened && write(opened, put));
}

export function removeKept(key: string): void {
  void open().then((opened) => opened && write(opened, (values) => values.delete(key)));
}

/** The value under a key; null where there is none. */
export async function readKept(key: string): Promise<unknown> {
  const opened = await open();
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
    // Without a handler an error of the quota would reach the page.
    transaction.onerror = (event) => event.preventDefault();
    change(transaction.objectStore(VALUES));
  } catch {
    // The database was closed, or the value cannot be stored: the page works without it.
  }
}

/** Values of tabs that were closed are of no use to anyone. */
function removeOld(): void {
  if (!database) return;
  const oldest = Date.now() - MAX_AGE_MS;
  write(database, (values) => {
    const request = values.openCursor();
    request.onsuccess = () => {
      const cursor = request.result;
      if (!cursor) return;
      if ((cursor.value as Stored).at < oldest) cursor.delete();
      cursor.continue();
    };
  });
}
