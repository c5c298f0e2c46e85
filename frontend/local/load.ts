/** Fetches the files of a model, with progress, and keeps its weights in the browser. */

import type { StoredFile } from "@/lib/contract/worker-messages";
import { LocalError, unusable } from "./errors";
import { hex } from "./wire";

const KEPT = "mav-models";
type Progress = (received: number, total: number) => void;

/** A file of a model as bytes. */
export type ModelFiles = Readonly<Record<string, Uint8Array<ArrayBuffer>>>;

/**
 * Fetches files of a site.
 *
 * @param files with their paths relative to the site's root
 * @param site the site's root
 * @throws LocalError (model_load_failed) if a file is missing, incomplete or damaged
 */
export async function fetchFiles(
  files: readonly (readonly [path: string, stored: StoredFile])[],
  site: string,
  progress: Progress,
): Promise<Uint8Array<ArrayBuffer>[]> {
  const total = files.reduce((sum, [, { bytes }]) => sum + bytes, 0);
  let received = 0;
  const add = (bytes: number) => {
    received += bytes;
    progress(received, total);
  };
  return Promise.all(
    files.map(([path, stored]) => {
      const name = path.slice(path.lastIndexOf("/") + 1);
      return fetchFile(name, new URL(path, site).href, stored, add);
    }),
  );
}

async function fetchFile(
  name: string,
  address: string,
  stored: StoredFile,
  add: (bytes: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const key = `${address}?sha256=${stored.sha256}`;
  const kept = await keptFile(key, stored);
  if (kept) {
    add(kept.length);
    return kept;
  }
  const bytes = await downloaded(name, address, stored, add);
  await checkDigest(name, bytes, stored);
  void keepFile(key, bytes);
  return bytes;
}

async function downloaded(
  name: string,
  address: string,
  stored: StoredFile,
  add: (bytes: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(stored.bytes);
  let length = 0;
  try {
    const response = await fetch(address);
    if (!response.ok || !response.body) {
      throw unusable("notFound", name, response.status);
    }
    const reader = response.body.getReader();
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      if (length + value.length > bytes.length) break;
      bytes.set(value, length);
      length += value.length;
      add(value.length);
    }
  } catch (error) {
    if (error instanceof LocalError) throw error;
  }
  if (length < bytes.length) throw unusable("brokeOff", name, length, stored.bytes);
  return bytes;
}

/** Pages that are not in a secure context have no digests. */
async function checkDigest(
  name: string,
  bytes: BufferSource,
  { sha256 }: StoredFile,
): Promise<void> {
  if (!globalThis.crypto?.subtle) return;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  if (hex(digest) !== sha256) throw unusable("wrongDigest", name);
}

/** A file that was kept before; null if there is none, or no storage. */
async function keptFile(
  key: string,
  { bytes }: StoredFile,
): Promise<Uint8Array<ArrayBuffer> | null> {
  try {
    const store = await caches.open(KEPT);
    const found = await store.match(key);
    const kept = found && new Uint8Array(await found.arrayBuffer());
    return kept?.length === bytes ? kept : null;
  } catch {
    return null;
  }
}

/** Without storage, or room in it, the file is downloaded again at the next visit. */
async function keepFile(key: string, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  try {
    const store = await caches.open(KEPT);
    const [address] = key.split("?");
    // Other versions of the file.
    for (const old of await store.keys()) {
      if (old.url.split("?")[0] === address) await store.delete(old);
    }
    await store.put(key, new Response(bytes));
  } catch {
    // The browser may refuse storage, for example in a private window.
  }
}
