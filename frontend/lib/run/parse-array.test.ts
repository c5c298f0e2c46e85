import { describe, expect, test } from "vitest";
import { ContractMismatch, fromHalf, parseMatrix, parseTensor, parseVector } from "./parse-array";

const base64 = (bytes: readonly number[]) => btoa(String.fromCharCode(...bytes));

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
  test("take plain numbers, null becoming NaN", () => {
    expect([...parseVector([1, null, 0.5], "v")]).toEqual([1, Number.NaN, 0.5]);
  });

  test("take little-endian halves with a scale", () => {
    const packed = { shape: [2], dtype: "f16", scale: 10, data: base64([0x00, 0x3c, 0x00, 0xc0]) };
    expect([...parseVector(packed, "v")]).toEqual([10, -20]);
  });

  test("take bytes", () => {
    const packed = { shape: [3], dtype: "u8", data: base64([0, 128, 255]) };
    expect([...parseVector(packed, "v")]).toEqual([0, 128, 255]);
  });

  test("refuse what is no array, naming the place", () => {
    expect(() => parseVector("x", "layers.mlp_norm")).toThrow("layers.mlp_norm: is no array");
    expect(() => parseVector([1, "x"], "v")).toThrow("v[1]: is no number");
  });

  test("refuse packed data of another length than its shape", () => {
    const packed = { shape: [3], dtype: "u8", data: base64([1]) };
    expect(() => parseVector(packed, "v")).toThrow(ContractMismatch);
  });
});

describe("matrices", () => {
  test("take rows of numbers and absent rows", () => {
    const { rows, columns, values } = parseMatrix([[1, 2], null, [3, 4]], "m");
    expect([rows, columns]).toEqual([3, 2]);
    expect([...values]).toEqual([1, 2, Number.NaN, Number.NaN, 3, 4]);
  });

  test("take one packed block, or packed rows beside absent ones", () => {
    const block = { shape: [2, 2], dtype: "u8", data: base64([1, 2, 3, 4]) };
    const row = { shape: [2], dtype: "u8", data: base64([5, 6]) };
    expect([...parseMatrix(block, "m").values]).toEqual([1, 2, 3, 4]);
    expect([...parseMatrix([null, row], "m").values]).toEqual([Number.NaN, Number.NaN, 5, 6]);
  });

  test("refuse rows of different lengths", () => {
    expect(() => parseMatrix([[1], [1, 2]], "m")).toThrow("m[1]: has another length");
  });
});

describe("tensors", () => {
  test("take bytes with the scale of attention maps, in one block", () => {
    const data = base64([255, 0, 51, 204]);
    const map = { shape: [1, 1, 2, 2], dtype: "u8", scale: 1 / 255, data };
    const { shape, values } = parseTensor(map, "attention_map");
    expect(shape).toEqual([1, 1, 2, 2]);
    expect([...values].map((value) => Math.round(value * 1000) / 1000)).toEqual([1, 0, 0.2, 0.8]);
  });

  test("take nested lists, with layers that do not exist", () => {
    const { shape, values } = parseTensor(
      [
        null,
        [
          [1, 2],
          [3, null],
        ],
      ],
      "tiles",
    );
    expect(shape).toEqual([2, 2, 2]);
    expect([...values.slice(4)]).toEqual([1, 2, 3, Number.NaN]);
    expect([...values.slice(0, 4)].every(Number.isNaN)).toBe(true);
  });

  test("take packed layers beside absent ones", () => {
    const layer = { shape: [1, 2], dtype: "u8", data: base64([7, 8]) };
    const { shape, values } = parseTensor([layer, null], "attention_rows");
    expect(shape).toEqual([2, 1, 2]);
    expect([...values]).toEqual([7, 8, Number.NaN, Number.NaN]);
  });

  test("refuse parts of different shapes, naming the place", () => {
    expect(() => parseTensor([[1, 2], [3]], "tiles")).toThrow("tiles[1]: has another shape");
    expect(() => parseTensor("x", "tiles")).toThrow("tiles: is no array");
  });
});
