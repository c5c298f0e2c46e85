import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { golden } from "../goldens.fixture";
import { standardNormals } from "./normals";
import { Pcg64 } from "./pcg64";
import { rankBinEdges } from "./prediction";
import { shortestDecimal } from "./shortest-decimal";
import { pairwiseSum } from "./sums";

interface Content {
  readonly generators: readonly {
    readonly seed: readonly number[];
    readonly uniform: readonly number[];
    readonly halves: readonly number[];
    readonly advanced: readonly (readonly [number, number])[];
  }[];
  readonly normals: readonly {
    readonly seed: readonly number[];
    readonly count: number;
    readonly digest: string;
    readonly first: readonly number[];
  }[];
  readonly decimals: { readonly bits: readonly number[]; readonly numbers: readonly number[] };
  readonly sums: readonly { count: number; single: number; double: number }[];
  readonly edges: Readonly<Record<string, readonly number[]>>;
}

const GOLDEN = golden<Content>("sampling");

describe("the random generator gives numpy's numbers", () => {
  test.each(GOLDEN.generators)("of seed $seed", ({ seed, uniform, halves, advanced }) => {
    const random = new Pcg64(...seed);
    expect(uniform.map(() => random.random())).toEqual(uniform);
    const other = new Pcg64(...seed);
    expect(halves.map(() => other.next32())).toEqual(halves);
    for (const [by, number] of advanced) {
      expect(new Pcg64(...seed).advance(by).random()).toBe(number);
      expect(other.advance(0).next32()).not.toBe(halves.at(-1));
    }
  });

  test.each(GOLDEN.normals)("normal numbers of seed $seed", ({ seed, count, digest, first }) => {
    const numbers = standardNormals(seed, count);
    expect(Array.from(numbers.subarray(0, first.length))).toEqual(first);
    expect(createHash("sha256").update(new Uint8Array(numbers.buffer)).digest("hex")).toBe(digest);
  });
});

test("a number in single precision has the shortest decimal of its JSON", () => {
  const { bits, numbers } = GOLDEN.decimals;
  const values = new Float32Array(Uint32Array.from(bits).buffer);
  expect(Array.from(values, shortestDecimal)).toEqual(numbers);
});

test("sums are added as numpy adds them", () => {
  for (const { count, single, double } of GOLDEN.sums) {
    const numbers = standardNormals([29], count);
    expect(pairwiseSum(numbers)).toBe(single);
    expect(pairwiseSum(Float64Array.from(numbers, (number) => number / 3))).toBe(double);
  }
});

test("edges of the rank bins", () => {
  for (const [size, edges] of Object.entries(GOLDEN.edges)) {
    expect(rankBinEdges(Number(size))).toEqual(edges);
  }
});
