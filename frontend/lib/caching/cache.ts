/** Caches for computed values. */

/** Returns a function that calls `make` once and always returns that value. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

type Cached<K, V> = (key: K, make: () => V) => V;

/** Returns a cache by key. When it has `max` keys, the next new key clears it. */
export function cache<K, V>(max = Number.POSITIVE_INFINITY): Cached<K, V> {
  const values = new Map<K, V>();
  return (key, make) => {
    if (values.has(key)) return values.get(key) as V;
    if (values.size >= max) values.clear();
    const made = make();
    values.set(key, made);
    return made;
  };
}

/** Returns a cache by object whose values are garbage collected with their objects. */
export function objectCache<K extends object, V>(): Cached<K, V> {
  const values = new WeakMap<K, V>();
  return (key, make) => {
    if (values.has(key)) return values.get(key) as V;
    const made = make();
    values.set(key, made);
    return made;
  };
}
