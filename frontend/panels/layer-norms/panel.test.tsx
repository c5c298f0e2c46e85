import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, test } from "vitest";
import { recordedRun } from "@/lib/run/recorded-run.fixture";
import { frameOf, show } from "../show-panel.fixture";
import { layerNormsPanel } from "./panel";

describe("layers", () => {
  const shares = (container: HTMLElement) =>
    [
      ...(container.querySelector(".bars path")?.getAttribute("d") ?? "").matchAll(/H([\d.]+)/g),
    ].map(([, length]) => Number(length));

  test("draws every step on the same scale", () => {
    const { container, run, showStep } = show(layerNormsPanel.Component, 0, recordedRun());
    const max = run.domains.mlpNorm?.max ?? Number.NaN;
    for (const step of [0, 5, 11]) {
      showStep(step);
      const expected = [...(frameOf(run, step).layers.mlpNorm ?? [])].map((value) => value / max);
      expect(shares(container)).toHaveLength(expected.length);
      shares(container).forEach((share, layer) => {
        expect(share).toBeCloseTo(expected[layer] ?? Number.NaN, 5);
      });
    }
    expect(screen.getByText(`Scale 0 to ${max}`)).toBeVisible();
  });

  test("switches to attention and to the residual stream with its embedding row", async () => {
    const { container } = show(layerNormsPanel.Component, 2, recordedRun());
    expect(shares(container)).toHaveLength(6);
    await userEvent.click(screen.getByRole("button", { name: "Residual" }));
    expect(shares(container)).toHaveLength(7);
    expect(screen.getByText("residual stream before each layer")).toBeVisible();
  });

  test("says when a run did not capture it", () => {
    const run = recordedRun();
    const frame = { ...frameOf(run, 0), layers: {} };
    const { Component } = layerNormsPanel;
    render(<Component run={run} step={0} frame={frame} live select={() => {}} />);
    expect(screen.getByText(/did not capture/)).toBeVisible();
  });
});
