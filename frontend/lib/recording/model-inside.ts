/**
 * The format of a model in a standalone page: two elements, which the browser does not run. One has
 * a description as JSON. The other has all files after each other, compressed with gzip, as base64.
 */
import type { ModelInfo } from "@/lib/contract";
import { IN_BROWSER } from "@/lib/contract/in-browser";
import type { GivenModel } from "@/lib/contract/worker-messages";
import { escaped } from "./standalone";

/** The ids of the elements. */
const DESCRIPTION_ID = "mav-model";
const FILES_ID = "mav-model-files";

/** The files of the site among those of the model. */
const WORKER = "local/whole-worker.js";
const ENGINE = "local/engine.wasm";
const CALIBRATION = "local/calibration.txt";
export const SITE_FILES: readonly string[] = [WORKER, ENGINE, CALIBRATION];

/** Bytes that are encoded at a time: a multiple of 3, which is 4 letters each. */
const PORTION = 24_576;

/** What a standalone page says about its model. */
export interface ModelInside {
  readonly info: ModelInfo;
  /** The files in their order, with the number of bytes of each. */
  readonly files: readonly (readonly [name: string, bytes: number])[];
}

/** A model that was taken out of a page. */
export interface UnpackedModel {
  /** The code of the worker. */
  readonly worker: Blob;
  readonly model: GivenModel;
}

/** The content of the model in a page is not what was saved. */
export class ModelDamaged extends Error {
  override readonly name = "ModelDamaged";
}

/** Whether a model inside a page computes the runs of this model: it, or the server's own copy. */
export const isOfModel = ({ info }: ModelInside, name: string): boolean =>
  info.name === name || info.name === IN_BROWSER + name;

/** Returns the elements with a model and the site's files, for `standalonePage`. */
export async function packModel(
  info: ModelInfo,
  files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>,
): Promise<Blob> {
  const sizes = [...files].map(([name, { length }]) => [name, length] as const);
  const inside: ModelInside = { info, files: sizes };
  const content = new Blob([...files].map(([name, bytes]) => packed(name, bytes)));
  const compressed = content.stream().pipeThrough(new CompressionStream("gzip"));
  const bytes = new Uint8Array(await new Response(compressed).arrayBuffer());
  const parts: string[] = [];
  for (let at = 0; at < bytes.length; at += PORTION) {
    parts.push(btoa(String.fromCharCode(...bytes.subarray(at, at + PORTION))));
  }
  const description = escaped(JSON.stringify(inside));
  return new Blob([
    `\n<script id="${DESCRIPTION_ID}" type="application/json">${description}</script>`,
    `\n<script id="${FILES_ID}" type="text/plain">`,
    ...parts,
    "</script>",
  ]);
}

export const hasModelInside = (page: Document): boolean =>
  page.getElementById(DESCRIPTION_ID) !== null;

/** Returns the description of the model in this page; null if there is none, or it is broken. */
export function modelInside(page: Document): ModelInside | null {
  try {
    const inside = JSON.parse(page.getElementById(DESCRIPTION_ID)?.textContent ?? "null");
    return inside.info.name && inside.files.length > 0 ? inside : null;
  } catch {
    return null;
  }
}

/**
 * Takes the model out of a page.
 *
 * @throws ModelDamaged
 */
export async function unpackModel(
  page: Document,
  { info, files }: ModelInside,
): Promise<UnpackedModel> {
  const letters = page.getElementById(FILES_ID)?.textContent?.trim() ?? "";
  const content = await decompressed(letters);
  let at = 0;
  const found = new Map<string, Uint8Array<ArrayBuffer>>();
  for (const [name, length] of files) {
    found.set(name, unpacked(name, content.slice(at, at + length)));
    at += length;
  }
  const [worker, engine, calibration] = SITE_FILES.map((name) => found.get(name));
  if (at !== content.length || !worker || !engine || !calibration) {
    throw new ModelDamaged(`${content.length} bytes instead of ${at}`);
  }
  const own = [...found].filter(([name]) => !SITE_FILES.includes(name));
  return {
    worker: new Blob([worker]),
    model: { info, files: Object.fromEntries(own), site: { engine, calibration } },
  };
}

/** The content has a checksum, which is tested. */
async function decompressed(letters: string): Promise<Uint8Array<ArrayBuffer>> {
  const portion = (PORTION / 3) * 4;
  let at = 0;
  const bytes = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      if (at >= letters.length) return controller.close();
      const decoded = atob(letters.slice(at, at + portion));
      at += portion;
      controller.enqueue(Uint8Array.from(decoded, (letter) => letter.charCodeAt(0)));
    },
  });
  try {
    const content = bytes.pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(content).arrayBuffer());
  } catch (error) {
    throw new ModelDamaged(String(error));
  }
}

/**
 * The bytes of a file in the order in which they are compressed. For weights in half precision the
 * lower byte of each number comes first, then the upper one of each: gzip finds patterns only in
 * the upper ones, and the result is 7 percent smaller.
 */
const packed = (name: string, bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> =>
  isWeights(name) ? bytes.map((_, i) => bytes[placeBefore(i, bytes.length)] ?? 0) : bytes;

/** Reverses `packed`. */
function unpacked(name: string, bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (!isWeights(name)) return bytes;
  const whole = new Uint8Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) whole[placeBefore(i, bytes.length)] = bytes[i] ?? 0;
  return whole;
}

const isWeights = (name: string): boolean => name.endsWith(".safetensors");

/** Where in a file of this length the byte is that comes at place `i`: even places, then odd ones. */
function placeBefore(i: number, length: number): number {
  const evens = Math.ceil(length / 2);
  return i < evens ? 2 * i : 2 * (i - evens) + 1;
}
