import { createStore, type StoreApi } from "zustand/vanilla";

interface SavedBefore<T> {
  /** Null until it is read, if there is none, and after it was restored or discarded. */
  readonly saved: T | null;
  readonly isRead: boolean;
}

/**
 * What was saved before the page was loaded. It is read at once, because later saves overwrite it.
 */
export function savedBefore<T>(read: () => Promise<T | null>): StoreApi<SavedBefore<T>> {
  const store = createStore<SavedBefore<T>>(() => ({ saved: null, isRead: false }));
  if (typeof window !== "undefined") {
    void read().then((saved) => store.setState({ saved, isRead: true }));
  }
  return store;
}
