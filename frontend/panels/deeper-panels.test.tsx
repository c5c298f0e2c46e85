import { fireEvent, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Suspense } from "react";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { deepRun, recordedRun } from "@/lib/run/fixtures/recording";
import { EMPTY_RUN } from "@/lib/run/run-record";
import { tileView } from "@/lib/tiles/view";
import { frameOf, largeRun, makeRoom, show } from "./deeper-panels.fixture";
import { layerTilesPanel } from "./layer-tiles";
import LayerTiles from "./layer-tiles-view";
import { logitLensPanel } from "./logit-lens";
import LogitLens from "./logit-lens-view";
import { trendsPanel } from "./trends";
import Trends from "./trends-view";

const VIEWS = [
  ["layer tiles", LayerTiles, layerTilesPanel],
  ["logit lens", LogitLens, logitLensPanel],
  ["trends", Trends, trendsPanel],
] as const;

/** What each shows in the middle. */
const ROLES = { "layer tiles": "group", "logit lens": "table", trends: "slider" } as const;

beforeEach(makeRoom);

describe.each(VIEWS)("%s", (name, View, panel) => {
  test("stands before there is a run, and asks for nothing but captures", () => {
    expect(() => show(View, -1, EMPTY_RUN)).not.toThrow();
    expect(panel.caution).toMatch(/\.$/);
    expect(panel.open).toBeUndefined();
    expect(panel.table?.(EMPTY_RUN, -1).rows).toEqual([]);
  });

  test.each([
    [48, 1],
    [48, 40],
    [12, 2000],
  ])("stands with %i layers and %i tokens", (layers, tokens) => {
    const { container } = show(View, tokens - 1, largeRun(layers, tokens));
    expect(container).not.toBeEmptyDOMElement();
  });

  test("says what to do where the run did not capture it", () => {
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

describe("layer tiles", () => {
  test("the keyboard walks cells over tiles and tells layer, unit, value and the one before", async () => {
    const { run } = show(LayerTiles, 4);
    const picture = screen.getByRole("group");
    picture.focus();
    await userEvent.keyboard("{ArrowRight}{ArrowRight}{ArrowDown}{PageDown}{PageDown}");
    const at = 2 * 16 + 1 * 4 + 1;
    const value = (step: number) => frameOf(run, step).tiles?.values[at]?.toFixed(2);
    expect(screen.getAllByText(/layer 2, direction 5 \(row 1, column 1\)/)[0]).toHaveTextContent(
      `${value(4)}, before ${value(3)}`,
    );
  });

  test("says which tensor is drawn, and how", () => {
    show(LayerTiles, 1);
    expect(screen.getByText(/resid_post, random projection/)).toBeVisible();
    expect(screen.getByRole("group")).toHaveAccessibleName(/6 layers as tiles of 4 by 4/);
  });

  test("a layer without the vector is none", () => {
    show(LayerTiles, 0, largeRun(4, 1));
    expect(screen.getAllByText("none")).toHaveLength(1);
  });

  test("a click or Enter enlarges a layer and gives all back", async () => {
    const { container } = show(LayerTiles, 1);
    const numbers = () => [...container.querySelectorAll(".leading-\\[13px\\]")].map(textOf);
    expect(numbers()).toHaveLength(6);
    screen.getByRole("group").focus();
    await userEvent.keyboard("{ArrowRight}{PageDown}{Enter}");
    expect(numbers()).toEqual(["1"]);
    await userEvent.keyboard("{Enter}");
    expect(numbers()).toHaveLength(6);
  });

  test("change of the first token is told to be none; hue offers its second signal", async () => {
    show(LayerTiles, 0);
    await userEvent.selectOptions(screen.getByLabelText("Drawn"), "change");
    expect(screen.getByText(/none before it/)).toBeVisible();
    await userEvent.selectOptions(screen.getByLabelText("Colours"), "hue");
    expect(screen.queryByLabelText("Drawn")).toBeNull();
    await userEvent.selectOptions(screen.getByLabelText("Hue"), "sign");
    expect(tileView.getState()).toMatchObject({ map: "hue", hue: "sign" });
    fireEvent.change(screen.getByLabelText("Clip"), { target: { value: "5" } });
    expect(tileView.getState().clip).toBe(5);
  });

  test("gives its numbers away", () => {
    const run = deepRun();
    const rows = layerTilesPanel.table?.(run, 2).rows ?? [];
    expect(rows).toHaveLength(6 * 16);
    expect(rows[2 * 16 + 7]).toEqual([2, 1, 3, frameOf(run, 2).tiles?.values[2 * 16 + 7]]);
  });
});

const textOf = (element: Element) => element.textContent;

describe("logit lens", () => {
  test("tells of each layer its token, probability and the rank of the said one", () => {
    const { run } = show(LogitLens, 7);
    const rows = screen.getAllByRole("row").slice(1);
    const { logitLens = [], id } = frameOf(run, 7);
    expect(rows).toHaveLength(logitLens.length);
    logitLens.forEach((row, layer) => {
      expect(rows[layer]).toHaveTextContent(((row?.prob ?? 0) * 100).toFixed(1));
      expect(rows[layer]).toHaveTextContent(String(row?.rank));
      const said = within(rows[layer] as HTMLElement).queryByText("said") !== null;
      expect(said).toBe(row?.id === id);
    });
  });

  test("marks the layer where the answer settles, said or not", () => {
    // The recording's last token: four layers of “big”, then two of “very”; “stubborn” was drawn.
    show(LogitLens, 7);
    const rows = screen.getAllByRole("row").slice(1);
    rows.forEach((row, layer) => {
      expect(within(row).queryByText("settles") !== null).toBe(layer === 4);
    });
    expect(
      screen.getByText(
        "From layer 4 on every layer’s likeliest token is “␣very”, but “␣stubborn” was said (rank 10).",
      ),
    ).toBeVisible();
  });

  test("a layer that cannot be read is none", () => {
    show(LogitLens, 0, largeRun(4, 1));
    expect(screen.getByText("none")).toBeVisible();
  });

  test("over time: keys walk layers and tokens, Enter looks at one", async () => {
    const { run, select } = show(LogitLens, 6);
    await userEvent.click(screen.getByRole("button", { name: "Over time" }));
    const map = screen.getByRole("group", { name: /Logit lens by layer/ });
    map.focus();
    await userEvent.keyboard("{ArrowLeft}{ArrowDown}{ArrowDown}");
    const row = frameOf(run, 5).logitLens?.[2];
    const reading = screen.getAllByText(/layer 2, token 5/)[0];
    expect(reading).toHaveTextContent(`said token at rank ${row?.rank.toLocaleString("en")}`);
    await userEvent.keyboard("{Enter}");
    expect(select).toHaveBeenLastCalledWith(5);
  });

  test("gives its numbers away", () => {
    const run = deepRun();
    const rows = logitLensPanel.table?.(run, 7).rows ?? [];
    const last = frameOf(run, 7).logitLens?.[5];
    expect(rows.map((row) => row.at(-1))).toEqual([0, 0, 0, 0, 1, 1]);
    expect(rows[5]).toEqual([5, last?.id, " very", last?.prob, last?.rank, 1]);
  });
});
