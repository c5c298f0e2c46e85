import { screen } from "@testing-library/react";
import { describe, expect, test } from "vitest";
import { recordedRun } from "@/lib/run/recorded-run.fixture";
import { frameOf, show } from "../show-panel.fixture";
import { outputDistributionPanel } from "./panel";

describe("output distribution", () => {
  test("shows entropy, effective tokens and how many tokens could be drawn", () => {
    const { run } = show(outputDistributionPanel.Component, 4, recordedRun());
    const { distribution } = frameOf(run, 4);
    expect(screen.getByText(distribution.entropy.toFixed(2))).toBeVisible();
    expect(screen.getByText(String(distribution.kept))).toBeVisible();
    expect(screen.getByText("of 4,096 can be sampled")).toBeVisible();
    expect(screen.getByRole("img")).toHaveAccessibleName(
      expect.stringContaining(`${((distribution.rankBins[0] ?? 0) * 100).toFixed(1)} %`),
    );
  });
});
