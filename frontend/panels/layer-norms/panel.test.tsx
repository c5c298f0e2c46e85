import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, test } from "vitest";
import type { TokenFrame } from "@/lib/contract/frames";
import { recordedRun } from "@/lib/run/recorded-run.fixture";
import type { RunRecord } from "@/lib/run/run-record";
import { frameOf, show } from "../show-panel.fixture";
import { isDwarfed, logAxis } from "./scale";
import Component from "./view";

/** Returns the lengths of the bars or the places of the dots, from the first layer up. */
const places = (container: HTMLElement) => {
  const path = container.querySelector(".bars path")?.getAttribute("d") ?? "";
  const found = path.includes("H") ? path.matchAll(/H([\d.]+)/g) : path.matchAll(/M([\d.]+)/g);
  return [...found].map(([, place]) => Number(place)).reverse();
};

/** The recorded run with a last layer that writes `times` as much. */
function withLargeLayer(times: number): RunRecord {
  const run = recordedRun();
  const frames = run.frames.map((frame): TokenFrame => {
    const { mlpNorm, residNorm } = frame.layers;
    const grown = mlpNorm?.map((value, layer) => (layer === 5 ? value * times : value));
    return {
      ...frame,
      layers: { ...(grown && { mlpNorm: grown }), ...(residNorm && { residNorm }) },
    };
  });
  return { ...run, frames };
}

describe("layers", () => {
  test("draws every step on the same linear scale, the first layer at the bottom", () => {
    const { container, run, showStep } = show(Component, 0, recordedRun());
    const max = run.domains.mlpNorm?.max ?? Number.NaN;
    for (const step of [0, 5, 11]) {
      showStep(step);
      const expected = [...(frameOf(run, step).layers.mlpNorm ?? [])].map((value) => value / max);
      expect(places(container)).toHaveLength(expected.length);
      places(container).forEach((place, layer) => {
        expect(place).toBeCloseTo(expected[layer] ?? Number.NaN, 5);
      });
    }
    expect(screen.getByRole("combobox")).toHaveDisplayValue("linear scale");
    expect(screen.getByText("same scale in the whole run")).toBeVisible();
    const names = [...container.querySelectorAll(".figures.w-6")].map((name) => name.textContent);
    expect(names).toEqual(["5", "4", "3", "2", "1", "0"]);
  });

  test("if one layer dwarfs the others, bars are relative to the stream; longer ones are cut", () => {
    const { container, run } = show(Component, 2, withLargeLayer(40));
    expect(screen.getByRole("combobox")).toHaveDisplayValue("relative to the stream");
    const { mlpNorm, residNorm } = frameOf(run, 2).layers;
    const share = (layer: number) => (mlpNorm?.[layer] ?? 0) / (residNorm?.[layer] ?? 0);
    expect(places(container)[3]).toBeCloseTo(share(3), 5);
    expect(places(container)[5]).toBe(1);
    expect(share(5)).toBeGreaterThan(1);
    expect(container.querySelectorAll(".-skew-x-\\[20deg\\]")).toHaveLength(2);
    expect(screen.getByText(/same scale in every run/)).toBeVisible();
  });

  test("a logarithmic scale shows dots, and its ends are powers of ten", async () => {
    const { container, run } = show(Component, 2, recordedRun());
    await userEvent.selectOptions(screen.getByRole("combobox"), "log");
    const { placeOf, ticks } = logAxis(run.frames, "mlpNorm");
    const values = frameOf(run, 2).layers.mlpNorm ?? [];
    places(container).forEach((place, layer) => {
      expect(place).toBeCloseTo(placeOf(values[layer] ?? 0), 5);
    });
    expect(placeOf(ticks[0] ?? 0)).toBeCloseTo(0);
    expect(placeOf(ticks.at(-1) ?? 0)).toBeCloseTo(1);
    await userEvent.selectOptions(screen.getByRole("combobox"), "linear");
  });

  test("the largest layer is described, and the one that arrow keys choose", async () => {
    const { run } = show(Component, 4, recordedRun());
    const { mlpNorm = new Float32Array(), residNorm } = frameOf(run, 4).layers;
    const largest = mlpNorm.indexOf(Math.max(...mlpNorm));
    expect(screen.getByText(new RegExp(`^Layer ${largest}: `))).toBeVisible();
    screen.getByRole("group", { name: /^MLP by layer/ }).focus();
    await userEvent.keyboard("{ArrowUp}");
    const share = ((mlpNorm[1] ?? 0) / (residNorm?.[1] ?? 1)) * 100;
    const value = (mlpNorm[1] ?? 0).toFixed(0);
    expect(screen.getAllByText(/^Layer 1: /)[0]).toHaveTextContent(
      `Layer 1: ${value}, ${share.toFixed(1)} % of the stream before it`,
    );
  });

  test("switches to attention and to the residual stream with its embedding row", async () => {
    const { container } = show(Component, 2, recordedRun());
    expect(places(container)).toHaveLength(6);
    await userEvent.click(screen.getByRole("button", { name: "Residual" }));
    expect(places(container)).toHaveLength(7);
    expect(screen.getByText("residual stream before each layer")).toBeVisible();
    expect(screen.queryByRole("option", { name: "relative to the stream" })).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: "MLP" }));
  });

  test("says when a run did not capture it", () => {
    const run = recordedRun();
    const frame = { ...frameOf(run, 0), layers: {} };
    render(<Component run={run} step={0} frame={frame} live select={() => {}} />);
    expect(screen.getByText(/did not capture/)).toBeVisible();
  });
});

describe("scales", () => {
  test("a layer dwarfs the others if the middle one is below a quarter of it", () => {
    expect(isDwarfed([1, 1, 3.9])).toBe(false);
    expect(isDwarfed([1, 1, 4.1])).toBe(true);
    expect(isDwarfed([Number.NaN, 2])).toBe(false);
    expect(isDwarfed([])).toBe(false);
  });

  test("a logarithmic axis says when it grew, and ignores zeros", () => {
    const frame = (index: number, ...values: number[]) =>
      ({ index, layers: { mlpNorm: Float32Array.from(values) } }) as unknown as TokenFrame;
    const axis = logAxis([frame(0, 0, 3, 40), frame(1, 0, 9, 99), frame(2, 0, 4, 200)], "mlpNorm");
    expect(axis.ticks).toEqual([1, 10, 100, 1000]);
    expect(axis.since).toBe(2);
    expect(axis.placeOf(10)).toBeCloseTo(1 / 3);
    expect(logAxis([frame(0, 3, 40)], "mlpNorm").since).toBe(0);
    expect(logAxis([], "mlpNorm").ticks).toEqual([1, 10]);
  });
});
