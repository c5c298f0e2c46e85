import { describe, expect, test } from "vitest";
import { decodeMatrix, decodeTensor, decodeVector, fromHalf } from "./arrays";
import type { WireArray } from "./schemas";
import { ContractMismatch } from "./validate";

const base64 = (bytes: readonly number[]) => btoa(String.fromCharCode(...bytes));
const packed = (
  dtype: "f16" | "u8",
  shape: number[],
  bytes: readonly number[],
  scale?: number,
): WireArray => ({ shape, dtype, data: base64(bytes), ...(scale && { scale }) });

describe("half precision", () => {
  test.each([
    [0x0000, 0],
    [0x3c00, 1],
    [0xc000, -2],
    [0x3555, 0.333251953125],
    [0x0001, 2 ** -24],
    [0x03ff, 1023 * 2 ** -24],
    [0x7bff, 65504],
  ])("%i is %d", (bits, number) => {
    expect(fromHalf(bits)).toBe(number);
  });

  test("has infinities and NaN", () => {
    expect(fromHalf(0xfc00)).toBe(Number.NEGATIVE_INFINITY);
    expect(fromHalf(0x7e00)).toBeNaN();
  });
});

describe("vectors", () => {
  test("accept numbers; null becomes NaN", () => {
    expect([...decodeVector([1, null, 0.5], "v")]).toEqual([1, Number.NaN, 0.5]);
  });

  test("accept little-endian half-precision numbers with a scale", () => {
    const halves = packed("f16", [2], [0x00, 0x3c, 0x00, 0xc0], 10);
    expect([...decodeVector(halves, "v")]).toEqual([10, -20]);
  });

  test("accept bytes", () => {
    const bytes = packed("u8", [3], [0, 128, 255]);
    expect([...decodeVector(bytes, "v")]).toEqual([0, 128, 255]);
  });

  test("reject arrays of more dimensions, naming the element", () => {
    expect(() => decodeVector([1, [2]], "v")).toThrow("v[1]: expected a number, got [2]");
    expect(() => decodeVector(packed("u8", [1, 1], [1]), "v")).toThrow(
      "v: has 2 axes instead of 1",
    );
  });

  test.each([
    ["u8", [1], 1],
    ["u8", [1, 2, 3, 4], 4],
    ["f16", [0, 0, 0, 0, 0], 2.5],
  ] as const)("refuse packed %s of another length than its shape", (dtype, bytes, given) => {
    expect(() => decodeVector(packed(dtype, [3], bytes), "v")).toThrow(
      `v: holds ${given} numbers instead of 3`,
    );
  });

  test("reject data that is not base64", () => {
    const broken: WireArray = { shape: [1], dtype: "u8", data: "*" };
    expect(() => decodeVector(broken, "v")).toThrow(ContractMismatch);
  });
});

describe("matrices", () => {
  test("accept rows of numbers and null rows", () => {
    const { rows, columns, values } = decodeMatrix([[1, 2], null, [3, 4]], "m");
    expect([rows, columns]).toEqual([3, 2]);
    expect([...values]).toEqual([1, 2, Number.NaN, Number.NaN, 3, 4]);
  });

  test("accept one packed array, or packed rows beside null rows", () => {
    const block = packed("u8", [2, 2], [1, 2, 3, 4]);
    const row = packed("u8", [2], [5, 6]);
    expect([...decodeMatrix(block, "m").values]).toEqual([1, 2, 3, 4]);
    expect([...decodeMatrix([null, row] as WireArray, "m").values]).toEqual([
      Number.NaN,
      Number.NaN,
      5,
      6,
    ]);
  });

  test("accept rows that are all null", () => {
    expect(decodeMatrix([null, null], "m")).toMatchObject({ rows: 2, columns: 0 });
  });

  test("reject rows of different lengths, and numbers in place of rows", () => {
    expect(() => decodeMatrix([[1], [1, 2]], "m")).toThrow("m[1]: has another shape");
    expect(() => decodeMatrix([[1], 2], "m")).toThrow("m[1]: expected an array, got 2");
  });
});

describe("tensors", () => {
  test("accept bytes with the scale of attention maps, in one packed array", () => {
    const map = packed("u8", [1, 1, 2, 2], [255, 0, 51, 204], 1 / 255);
    const { shape, values } = decodeTensor(map, 4, "attention_map");
    expect(shape).toEqual([1, 1, 2, 2]);
    expect([...values].map((value) => Math.round(value * 1000) / 1000)).toEqual([1, 0, 0.2, 0.8]);
  });

  test("accept nested lists with null layers", () => {
    const { shape, values } = decodeTensor(
      [
        null,
        [
          [1, 2],
          [3, null],
        ],
      ],
      3,
      "tiles",
    );
    expect(shape).toEqual([2, 2, 2]);
    expect([...values.slice(4)]).toEqual([1, 2, 3, Number.NaN]);
    expect([...values.slice(0, 4)].every(Number.isNaN)).toBe(true);
  });

  test("accept packed layers beside null layers", () => {
    const layer = packed("u8", [1, 2], [7, 8]);
    const { shape, values } = decodeTensor([layer, null] as WireArray, 3, "attention_rows");
    expect(shape).toEqual([2, 1, 2]);
    expect([...values]).toEqual([7, 8, Number.NaN, Number.NaN]);
  });

  test("reject parts of different shapes, naming the element", () => {
    expect(() => decodeTensor([[[1, 2]], [[3]]], 3, "tiles")).toThrow(
      "tiles[1]: has another shape",
    );
  });
});
