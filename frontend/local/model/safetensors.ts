/**
 * The header of a safetensors file: the length of the header as a little-endian u64, then JSON with
 * the type, shape and byte range of each tensor, then the numbers.
 */

import { damaged } from "../errors";

/** A tensor in a file. */
export interface StoredTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  /** Its first byte in the file. */
  readonly from: number;
  /** Its numbers as bytes; a view of the file. */
  readonly bytes: Uint8Array;
}

const MAX_HEADER_BYTES = 32 * 2 ** 20;
const MAX_TENSORS = 100_000;
const BITS: Readonly<Record<string, number>> = {
  ...{ BOOL: 8, U8: 8, I8: 8, F8_E5M2: 8, F8_E4M3: 8, F8_E8M0: 8 },
  ...{ I16: 16, U16: 16, F16: 16, BF16: 16 },
  ...{ I32: 32, U32: 32, F32: 32, I64: 64, U64: 64, F64: 64, C64: 64 },
};

interface Entry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [number, number];
}

/**
 * Returns the tensors of a file by name.
 *
 * Throws a `LocalError` (damaged_model) if the file is cut off, is not safetensors, or has
 * tensors that overlap or do not fit their shapes.
 */
export function readSafetensors(file: Uint8Array): ReadonlyMap<string, StoredTensor> {
  const header = readHeader(file);
  const begin = 8 + header.length;
  const entries = Object.entries(header.fields).filter(([name]) => name !== "__metadata__");
  if (entries.length > MAX_TENSORS) throw damaged("tooManyTensors");
  const places: [number, number][] = [];
  const tensors = new Map<string, StoredTensor>();
  for (const [name, entry] of entries) {
    if (!isEntry(entry)) throw damaged("brokenEntry", name);
    const [from, to] = entry.data_offsets;
    const bits = BITS[entry.dtype];
    const elements = entry.shape.reduce((product, size) => product * size, 1);
    if (bits !== undefined && (to - from) * 8 !== elements * bits) {
      throw damaged("tensorBytes", to - from, name, entry.shape.join(", "), entry.dtype);
    }
    places.push([from, to]);
    const bytes = file.subarray(begin + from, begin + to);
    tensors.set(name, { dtype: entry.dtype, shape: entry.shape, from: begin + from, bytes });
  }
  checkPlaces(places, file.length - begin);
  return tensors;
}

function readHeader(file: Uint8Array): { fields: object; length: number } {
  if (file.length < 8) throw damaged("notSafetensors");
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const length = Number(view.getBigUint64(0, true));
  if (length > MAX_HEADER_BYTES) throw damaged("notSafetensors");
  if (8 + length > file.length) throw damaged("headerCut");
  let fields: unknown;
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(file.subarray(8, 8 + length));
    fields = JSON.parse(text);
  } catch {
    throw damaged("brokenHeader");
  }
  if (typeof fields !== "object" || fields === null || Array.isArray(fields)) {
    throw damaged("brokenHeader");
  }
  return { fields, length };
}

function isEntry(entry: unknown): entry is Entry {
  if (typeof entry !== "object" || entry === null) return false;
  const { dtype, shape, data_offsets: offsets } = entry as Partial<Record<keyof Entry, unknown>>;
  return (
    typeof dtype === "string" &&
    isSizes(shape) &&
    shape.length <= 16 &&
    isSizes(offsets) &&
    offsets.length === 2 &&
    Number(offsets[0]) <= Number(offsets[1])
  );
}

function isSizes(given: unknown): given is number[] {
  return Array.isArray(given) && given.every((each) => Number.isSafeInteger(each) && each >= 0);
}

/** Checks that the tensors are contiguous and are all in the file. */
function checkPlaces(places: [number, number][], size: number): void {
  let reached = 0;
  for (const [from, to] of places.sort((a, b) => a[0] - b[0] || a[1] - b[1])) {
    if (from !== reached) throw damaged("gaps");
    reached = to;
  }
  if (reached > size) throw damaged("weightsCut", reached, size);
}
