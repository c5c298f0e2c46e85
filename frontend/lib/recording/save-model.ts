/** Fetches what a standalone page needs to run the model of its recording. */
import type { ModelInfo } from "@/lib/contract";
import { IN_BROWSER } from "@/lib/contract/in-browser";
import type { StoredModel, StoredModels } from "@/lib/contract/worker-messages";
import { siteAddress } from "@/lib/url-state/site-address";
import { packModel, SITE_FILES } from "./model-inside";

/** The maximum size of a page with a model inside, in bytes. */
export const MAX_PAGE_BYTES = 16_000_000;

/** The share of a model's bytes by which it enlarges a page: compressed, then four letters for three. */
const PACKED = 1.15;
/** The worker and the engine, packed. */
const ENGINE_BYTES = 60_000;

/** A model among the site's files. */
export interface OfferedModel {
  readonly info: ModelInfo;
  readonly stored: StoredModel;
  /** About how much it enlarges a page, in bytes. */
  readonly pageBytes: number;
}

/**
 * Returns the model of the site's files with which the runs of a model continue in a standalone
 * page: the same one, or the embedded one that the server runs. Null if there is none.
 */
export async function offeredModel(model: ModelInfo): Promise<OfferedModel | null> {
  try {
    const { models, stored } = (await (await fetched("models/index.json")).json()) as StoredModels;
    const name = model.name.startsWith(IN_BROWSER) ? model.name : IN_BROWSER + model.name;
    const info = models.find((each) => each.name === name);
    const files = stored[name];
    if (!info || !files || !isSameModel(info, model)) return null;
    const bytes = Object.values(files.files).reduce((sum, file) => sum + file.bytes, 0);
    return { info, stored: files, pageBytes: bytes * PACKED + ENGINE_BYTES };
  } catch {
    return null;
  }
}

const SIZES = [
  ...(["parameters", "layers", "heads", "kv_heads"] as const),
  ...(["d_model", "vocabulary", "context"] as const),
];

/** Another model of the same name has other sizes. */
const isSameModel = (one: ModelInfo, other: ModelInfo): boolean =>
  SIZES.every((size) => one[size] === other[size]);

/**
 * Fetches the files of a model and returns the elements of a page with it.
 *
 * @throws Error with a file that cannot be fetched, or is not the one that the site states
 */
export async function fetchModelInside({ info, stored }: OfferedModel): Promise<Blob> {
  const ofSite = SITE_FILES.map(async (path) => [path, await bytesOf(path)] as const);
  const own = Object.entries(stored.files).map(async ([name, { bytes, sha256 }]) => {
    const content = await bytesOf(stored.path + name);
    const digest = await digestOf(content);
    if (content.length !== bytes || (digest && digest !== sha256)) throw new Error(name);
    return [name, content] as const;
  });
  return packModel(info, new Map(await Promise.all([...ofSite, ...own])));
}

const bytesOf = async (path: string) => new Uint8Array(await (await fetched(path)).arrayBuffer());

async function fetched(path: string): Promise<Response> {
  const response = await fetch(siteAddress(path));
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response;
}

/** The SHA-256 digest; null in a page that is not in a secure context. */
async function digestOf(bytes: BufferSource): Promise<string | null> {
  if (!globalThis.crypto?.subtle) return null;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
