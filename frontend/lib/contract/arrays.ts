/**
 * Decodes arrays of events to typed arrays. The generated schemas have checked the types; this
 * module checks what JSON Schema cannot express: the number of dimensions, rows of the same length,
 * and data of the length that the shape implies.
 */
import type { WireArray, WirePackedArray } from "./schemas";
import { ContractMismatch } from "./validate";

/** A row-major array of any number of dimensions; NaN for missing values. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** A row-major matrix; NaN for missing values. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly values: Float32Array;
}

/**
 * Attention weights in any number of dimensions. Since they are large, they keep the type in which
 * they were sent: `values[i] * scale` is a weight from 0 to 1; NaN for missing values.
 */
export interface Shares {
  readonly shape: readonly number[];
  readonly values: Float32Array | Uint8Array;
  readonly scale: number;
}

/** Decodes an array of one dimension. Like all functions here, throws ContractMismatch. */
export const decodeVector = (wire: WireArray, where: string): Float32Array =>
  decodeTensor(wire, 1, where).values;

/** Decodes an array of two dimensions. */
export function decodeMatrix(wire: WireArray, where: string): Matrix {
  const { shape, values } = decodeTensor(wire, 2, where);
  const [rows = 0, columns = 0] = shape;
  return { rows, columns, values };
}

/** Decodes an array of `axes` dimensions. If all its parts are null, the other dimensions are 0. */
export function decodeTensor(wire: WireArray, axes: number, where: string): Tensor {
  if (isPacked(wire)) {
    checkAxes(wire, axes, where);
    return { shape: wire.shape, values: unpack(wire, where) };
  }
  if (axes === 1) return { shape: [wire.length], values: numbers(wire, where) };
  const parts = wire.map((part, i) => {
    if (part === null) return null;
    if (typeof part === "number")
      throw new ContractMismatch(`${where}[${i}]`, `expected an array, got ${part}`);
    return decodeTensor(part, axes - 1, `${where}[${i}]`);
  });
  const shape = parts.find((part) => part !== null)?.shape ?? new Array<number>(axes - 1).fill(0);
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

/** Decodes attention weights of `axes` dimensions. Bytes stay bytes. */
export function decodeShares(wire: WireArray, axes: number, where: string): Shares {
  if (!isPacked(wire) || wire.dtype !== "u8") {
    return { ...decodeTensor(wire, axes, where), scale: 1 };
  }
  checkAxes(wire, axes, where);
  return { shape: wire.shape, values: bytesOf(wire, where), scale: wire.scale ?? 1 };
}

const isPacked = (wire: WireArray): wire is WirePackedArray => !Array.isArray(wire);

const product = (shape: readonly number[]): number =>
  shape.reduce((count, size) => count * size, 1);

function numbers(wire: Exclude<WireArray, WirePackedArray>, where: string): Float32Array {
  return Float32Array.from(wire, (item, i) => {
    if (item === null) return Number.NaN;
    if (typeof item === "number") return item;
    throw new ContractMismatch(`${where}[${i}]`, `expected a number, got ${JSON.stringify(item)}`);
  });
}

function checkAxes({ shape }: WirePackedArray, axes: number, where: string): void {
  if (shape.length === axes) return;
  throw new ContractMismatch(where, `has ${shape.length} axes instead of ${axes}`);
}

function unpack(packed: WirePackedArray, where: string): Float32Array {
  const bytes = bytesOf(packed, where);
  const values = packed.dtype === "u8" ? Float32Array.from(bytes) : halves(bytes);
  const { scale = 1 } = packed;
  return scale === 1 ? values : values.map((value) => value * scale);
}

const WIDTH = { f16: 2, u8: 1 } as const;

function bytesOf({ data, dtype, shape }: WirePackedArray, where: string): Uint8Array {
  let text: string;
  try {
    text = atob(data);
  } catch {
    throw new ContractMismatch(`${where}.data`, "is not valid base64");
  }
  const expected = product(shape);
  const given = text.length / WIDTH[dtype];
  if (given !== expected) {
    throw new ContractMismatch(where, `holds ${given} numbers instead of ${expected}`);
  }
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

function halves(bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer);
  return Float32Array.from({ length: bytes.length / 2 }, (_, i) =>
    fromHalf(view.getUint16(i * 2, true)),
  );
}

/** Converts IEEE 754 binary16 to a number. */
export function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
