import type { Matrix, Shares, Tensor } from "./frames";

/** An event that does not say what the contract says it must. */
export class ContractMismatch extends Error {
  constructor(
    readonly where: string,
    readonly problem: string,
  ) {
    super(`${where}: ${problem}`);
    this.name = "ContractMismatch";
  }
}

interface Packed {
  readonly shape: readonly number[];
  readonly dtype: "f16" | "u8";
  readonly scale?: number;
  readonly data: string;
}

/** A list of numbers as the wire sends it, packed or plain; null becomes NaN. */
export function parseVector(value: unknown, where: string): Float32Array {
  if (isPacked(value)) return unpack(value, where);
  if (!Array.isArray(value)) throw new ContractMismatch(where, "is no array of numbers");
  return Float32Array.from(value, (item, i) => {
    if (item === null) return Number.NaN;
    if (typeof item === "number") return item;
    throw new ContractMismatch(`${where}[${i}]`, "is no number");
  });
}

/** Rows of numbers; the rows may be packed together, one by one, or absent (null). */
export function parseMatrix(value: unknown, where: string): Matrix {
  if (isPacked(value)) {
    const [rows = 0, columns = 0] = value.shape;
    return { rows, columns, values: unpack(value, where) };
  }
  if (!Array.isArray(value)) throw new ContractMismatch(where, "is no array of rows");
  const rows = value.map((row, i) => (row === null ? null : parseVector(row, `${where}[${i}]`)));
  const columns = rows.find((row) => row !== null)?.length ?? 0;
  const values = new Float32Array(rows.length * columns).fill(Number.NaN);
  rows.forEach((row, i) => {
    if (row === null) return;
    if (row.length !== columns) throw new ContractMismatch(`${where}[${i}]`, "has another length");
    values.set(row, i * columns);
  });
  return { rows: rows.length, columns, values };
}

/** Numbers by any axes, packed as one or nested; a part that is absent (null) becomes NaN. */
export function parseTensor(value: unknown, where: string): Tensor {
  if (isPacked(value)) return { shape: value.shape, values: unpack(value, where) };
  if (!Array.isArray(value)) throw new ContractMismatch(where, "is no array");
  if (!value.some((item) => typeof item === "object" && item !== null)) {
    const values = parseVector(value, where);
    return { shape: [values.length], values };
  }
  const parts = value.map((part, i) =>
    part === null ? null : parseTensor(part, `${where}[${i}]`),
  );
  const shape = parts.find((part) => part !== null)?.shape ?? [];
  const size = product(shape);
  const values = new Float32Array(parts.length * size).fill(Number.NaN);
  parts.forEach((part, i) => {
    if (part === null) return;
    if (String(part.shape) !== String(shape)) {
      throw new ContractMismatch(`${where}[${i}]`, "has another shape");
    }
    values.set(part.values, i * size);
  });
  return { shape: [parts.length, ...shape], values };
}

/** Attention by any axes; bytes stay bytes. */
export function parseShares(value: unknown, where: string): Shares {
  if (!isPacked(value) || value.dtype !== "u8") return { ...parseTensor(value, where), scale: 1 };
  const values = checked(bytesOf(value.data), value, where);
  return { shape: value.shape, values, scale: value.scale ?? 1 };
}

const product = (shape: readonly number[]): number =>
  shape.reduce((count, size) => count * size, 1);

function isPacked(value: unknown): value is Packed {
  return typeof value === "object" && value !== null && "data" in value && "dtype" in value;
}

function unpack(packed: Packed, where: string): Float32Array {
  const bytes = bytesOf(packed.data);
  const decoded = packed.dtype === "u8" ? Float32Array.from(bytes) : halves(bytes);
  const numbers = checked(decoded, packed, where);
  const scale = packed.scale ?? 1;
  return scale === 1 ? numbers : numbers.map((number) => number * scale);
}

function checked<T extends ArrayLike<number>>(numbers: T, { shape }: Packed, where: string): T {
  const expected = product(shape);
  if (numbers.length === expected) return numbers;
  throw new ContractMismatch(where, `holds ${numbers.length} numbers instead of ${expected}`);
}

function bytesOf(base64: string): Uint8Array {
  const text = atob(base64);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

function halves(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer);
  return Float32Array.from({ length: bytes.length >> 1 }, (_, i) =>
    fromHalf(view.getUint16(i * 2, true)),
  );
}

/** IEEE 754 binary16 to a number. */
export function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
