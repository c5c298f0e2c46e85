/** Fetches the files of a model, with progress, and keeps its weights in the browser. */

import type { StoredModel } from "@/lib/contract/worker-messages";
import { UnusableModel } from "./errors";
import { hex } from "./wire";

const KEPT = "mav-models";
type Progress = (received: number, total: number) => void;

/** A file of a model as bytes. */
export type ModelFiles = Readonly<Record<string, Uint8Array<ArrayBuffer>>>;

/**
 * Fetches all files of a model.
 *
 * @param site the site's root
 * @throws UnusableModel if a file is missing, incomplete or damaged
 */
export async function fetchModel(
  { path, files }: StoredModel,
  site: string,
  progress: Progress,
): Promise<ModelFiles> {
  const total = Object.values(files).reduce((sum, { bytes }) => sum + bytes, 0);
  let received = 0;
  const add = (bytes: number) => {
    received += bytes;
    progress(received, total);
  };
  const fetched = Object.entries(files).map(async ([name, stored]) => {
    const address = new URL(`${path}${name}`, site).href;
    return [name, await fetchFile(name, address, stored, add)] as const;
  });
  return Object.fromEntries(await Promise.all(fetched));
}

type Stored = StoredModel["files"][string];

async function fetchFile(
  name: string,
  address: string,
  stored: Stored,
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
  stored: Stored,
  add: (bytes: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(stored.bytes);
  let length = 0;
  try {
    const response = await fetch(address);
    if (!response.ok || !response.body) {
      throw new UnusableModel(`${name} cannot be downloaded: status ${response.status}.`);
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
    if (error instanceof UnusableModel) throw error;
    const detail = `The download of ${name} broke off after ${length} of ${stored.bytes} bytes. Check the connection and run again.`;
    throw new UnusableModel(detail);
  }
  if (length < bytes.length) {
    const detail = `The download of ${name} ended after ${length} of ${stored.bytes} bytes. Check the connection and run again.`;
    throw new UnusableModel(detail);
  }
  return bytes;
}

/** Pages that are not in a secure context have no digests. */
async function checkDigest(name: string, bytes: BufferSource, { sha256 }: Stored): Promise<void> {
  if (!globalThis.crypto?.subtle) return;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  if (hex(digest) === sha256) return;
  const detail = `${name} is damaged: its digest is not the one that the site states. Reload the page and run again; if it happens again, the site's files are inconsistent.`;
  throw new UnusableModel(detail);
}

/** A file that was kept before; null if there is none, or no storage. */
async function keptFile(key: string, { bytes }: Stored): Promise<Uint8Array<ArrayBuffer> | null> {
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
