import { expect, test } from "vitest";
import { standardNormals } from "../generation/normals";
import { canFindPrincipal, eigen, principalDirections } from "./principal";

const SIZE = 40;

test("eigenvectors are orthonormal, and the matrix scales each by its eigenvalue", () => {
  const factor = standardNormals([1], SIZE * SIZE);
  const matrix = Float64Array.from({ length: SIZE * SIZE }, (_, at) => {
    const [i, j] = [Math.floor(at / SIZE), at % SIZE];
    return (factor[i * SIZE + j] ?? 0) + (factor[j * SIZE + i] ?? 0);
  });
  const vectors = matrix.slice();
  const values = eigen(vectors, SIZE);
  const column = (j: number) => Array.from({ length: SIZE }, (_, i) => vectors[i * SIZE + j] ?? 0);
  const dot = (a: number[], b: number[]) => a.reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0);
  for (let j = 0; j < SIZE; j++) {
    const vector = column(j);
    for (let k = 0; k <= j; k++) expect(dot(vector, column(k))).toBeCloseTo(k === j ? 1 : 0, 12);
    for (let i = 0; i < SIZE; i++) {
      const row = Array.from(matrix.subarray(i * SIZE, (i + 1) * SIZE));
      expect(dot(row, vector)).toBeCloseTo((values[j] ?? 0) * (vector[i] ?? 0), 11);
    }
  }
});

test("components beyond the rank are 0; the largest weight of each is positive", () => {
  // Two directions, the first with the larger variance.
  const [one, other] = [Float32Array.of(0.6, 0, -0.8), Float32Array.of(0, 1, 0)];
  const rows = [3, -3].map((size) => one.map((weight) => size * weight));
  rows.push(...[1, -1].map((size) => other.map((weight) => size * weight)));
  const directions = principalDirections(rows, 3, 4);
  const expected = [-0.6, 0, 0.8, 0, 1, 0, 0, 0, 0, 0, 0, 0];
  directions.forEach((weight, i) => {
    expect(weight).toBeCloseTo(expected[i] ?? 0, 6);
  });
  expect(principalDirections([new Float32Array(3)], 3, 2).every((weight) => weight === 0)).toBe(
    true,
  );
});

test("models that would take too long are refused", () => {
  expect(canFindPrincipal(6, 256)).toBe(true);
  expect(canFindPrincipal(12, 768)).toBe(false);
});
