import { render, screen } from "@testing-library/react";
import { Suspense } from "react";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { deepRun, recordedRun } from "@/lib/run/recorded-run.fixture";
import { EMPTY_RUN } from "@/lib/run/run-record";
import { layerTilesPanel } from "./layer-tiles/panel";
import LayerTiles from "./layer-tiles/view";
import { lazyPart } from "./lazy-panel";
import { logitLensPanel } from "./logit-lens/panel";
import LogitLens from "./logit-lens/view";
import { largeRun, makeRoom, show } from "./show-panel.fixture";
import { trendsPanel } from "./trends/panel";
import Trends from "./trends/view";

const VIEWS = [
  ["layer tiles", LayerTiles, layerTilesPanel],
  ["logit lens", LogitLens, logitLensPanel],
  ["trends", Trends, trendsPanel],
] as const;

/** The role of each view's main element. */
const ROLES = { "layer tiles": "group", "logit lens": "table", trends: "slider" } as const;

beforeEach(makeRoom);

test("a panel is shown without a part that cannot be loaded", async () => {
  const load = vi.fn(() => Promise.reject(new Error("offline")));
  const Part = lazyPart(load);
  render(
    <>
      <p>the rest</p>
      <Suspense fallback="loading">
        <Part />
      </Suspense>
    </>,
  );
  await vi.waitFor(() => expect(screen.queryByText("loading")).toBeNull());
  expect(load).toHaveBeenCalledOnce();
  expect(screen.getByText("the rest")).toBeVisible();
});

describe.each(VIEWS)("%s", (name, View, panel) => {
  test("renders before there is a run, has a caution and no rows", () => {
    expect(() => show(View, -1, EMPTY_RUN)).not.toThrow();
    expect(panel.caution).toMatch(/\.$/);
    expect(panel.open).toBeUndefined();
    expect(panel.table?.(EMPTY_RUN, -1).rows).toEqual([]);
  });

  test.each([
    [48, 1],
    [48, 40],
    [12, 2000],
  ])("renders %i layers and %i tokens", (layers, tokens) => {
    const { container } = show(View, tokens - 1, largeRun(layers, tokens));
    expect(container).not.toBeEmptyDOMElement();
  });

  test("says what to do if the run did not capture it", () => {
    if (name === "trends") return;
    show(View, 3, recordedRun());
    expect(screen.getByText(/did not capture.*run again/)).toBeVisible();
  });

  test("is loaded when it is shown", async () => {
    const { Component } = panel;
    const run = deepRun();
    const rest = { run, step: 2, frame: run.frames[2], live: true, select: () => {} };
    render(
      <Suspense fallback="on its way">
        <Component {...rest} />
      </Suspense>,
    );
    await vi.waitFor(() => expect(screen.queryByText("on its way")).toBeNull());
    expect(screen.getAllByRole(ROLES[name])).not.toHaveLength(0);
  });
});
