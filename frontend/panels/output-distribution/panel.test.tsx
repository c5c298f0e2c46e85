import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, test } from "vitest";
import { recordedRun } from "@/lib/run/recorded-run.fixture";
import { frameOf, percent, show } from "../show-panel.fixture";
import { binAt, groupsOf, placeOfProbability, placeOfRank, rankBins, stepPath } from "./ranks";
import OutputDistribution from "./view";

const binsAt = (step: number) => {
  const run = recordedRun();
  const edges = run.start?.rankBinEdges ?? [];
  return rankBins(frameOf(run, step).distribution.rankBins, edges);
};

describe("output distribution", () => {
  test("shows entropy, effective tokens and how many tokens could be drawn", () => {
    const { run } = show(OutputDistribution, 4, recordedRun());
    const { distribution } = frameOf(run, 4);
    expect(screen.getByText(distribution.entropy.toFixed(2))).toBeVisible();
    expect(screen.getByText(String(distribution.kept))).toBeVisible();
    expect(screen.getByText("of 4,096 can be sampled")).toBeVisible();
    expect(screen.getByRole("group")).toHaveAccessibleName(
      expect.stringContaining(`${percent(distribution.rankBins[0] ?? 0)} %`),
    );
  });

  test("shares of groups of ranks add up to everything", () => {
    show(OutputDistribution, 4, recordedRun());
    const shares = screen.getAllByText(/^(<?[\d.]+) %$/, { selector: "dd" });
    expect(shares).toHaveLength(5);
    const total = shares.reduce(
      (sum, each) => sum + Number.parseFloat(each.textContent.replace("<", "")),
      0,
    );
    expect(total).toBeCloseTo(100, 0);
    expect(screen.getByText("rank 0", { selector: "dt" })).toBeVisible();
  });

  test("arrow keys read a bin: the mean of its tokens, their sum, and the sum up to it", async () => {
    show(OutputDistribution, 4, recordedRun());
    screen.getByRole("group").focus();
    await userEvent.keyboard("{End}");
    const last = binsAt(4).at(-1);
    const each = Number(((last?.mean ?? 0) * 100).toPrecision(2));
    expect(screen.getAllByText(/^ranks 2644–4095/)[0]).toHaveTextContent(
      `ranks 2644–4095: ${each} % each, <0.1 % together, up to here 100.0 %`,
    );
  });
});

describe("the line of a single token's probability", () => {
  const uniform = { edges: [0, 1, 2, 3, 6, 10, 17, 30], total: 30 };
  const masses = uniform.edges.slice(1).map((end, i) => (end - (uniform.edges[i] ?? 0)) / 30);

  test("is flat where all tokens are equally likely, however wide the bins are", () => {
    const bins = rankBins(masses, uniform.edges);
    const heights = [...stepPath(bins).matchAll(/(?:M[\d.]+ |V)([\d.]+)/g)].map(([, y]) =>
      Number(y),
    );
    expect(new Set(heights)).toEqual(new Set([Number((Math.log10(30) / 10).toFixed(4))]));
    expect(bins.at(-1)?.sum).toBeCloseTo(1);
  });

  test("never rises in a recorded run", () => {
    for (let step = 0; step < 12; step++) {
      const means = binsAt(step).map(({ mean }) => mean);
      expect(means).toEqual(means.toSorted((a, b) => b - a));
    }
  });

  test("has a place for each rank and probability, and finds the bin at a place", () => {
    const bins = rankBins(masses, uniform.edges);
    expect(placeOfRank(30, 30)).toBe(1);
    expect(placeOfProbability(0.01)).toBeCloseTo(0.2);
    for (const [i, { first, last }] of bins.entries()) {
      expect(binAt(bins, placeOfRank(first, 30) + 1e-6)).toBe(i);
      expect(binAt(bins, placeOfRank(last + 0.99, 30))).toBe(i);
    }
    expect(binAt(bins, 1)).toBe(bins.length - 1);
  });
});

test("groups begin at the bins nearest to powers of ten, and hold every token once", () => {
  const groups = groupsOf(binsAt(0));
  expect(groups.map(({ first }) => first)).toEqual([0, 1, 9, 123, 1102]);
  expect(groups.at(-1)).toMatchObject({ last: 4095 });
  expect(groups.reduce((sum, { mass }) => sum + mass, 0)).toBeCloseTo(1, 4);
  // A vocabulary of five tokens.
  expect(groupsOf(rankBins([0.4, 0.3, 0.2, 0.05, 0.05], [0, 1, 2, 3, 4, 5]))).toHaveLength(2);
});
