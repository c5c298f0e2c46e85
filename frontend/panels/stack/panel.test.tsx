import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, test } from "vitest";
import { formatMeasure, formatPercent } from "@/lib/i18n/numbers";
import { attentionRun, deepRun, recordedRun } from "@/lib/run/recorded-run.fixture";
import type { RunRecord } from "@/lib/run/run-record";
import { numbersOf, strongest } from "@/panels/attention-shared/pattern";
import { makeRoom, percent, show } from "../show-panel.fixture";
import { shownCandidates } from "./candidates";
import { bandsOf, layOutStack, shownPositions, xOf } from "./layout";
import { stackPanel } from "./panel";
import Stack from "./view";

/** Both recordings have the same model and prompt; one has norms and lens, the other attention. */
function wholeRun(): RunRecord {
  const { frames } = attentionRun();
  const run = deepRun();
  return {
    ...run,
    frames: run.frames.slice(0, frames.length).map((frame, step) => {
      const rows = frames[step]?.attentionRows;
      return rows ? { ...frame, attentionRows: rows } : frame;
    }),
  };
}

const picture = () => screen.getByRole("group", { name: /layers at the prediction/ });

beforeEach(makeRoom);

describe("the stack", () => {
  test("says what was chosen, where the answer settles, and what attention reads", () => {
    const { run } = show(Stack, 0, wholeRun());
    const [frame] = run.frames;
    const text = document.body.textContent ?? "";
    expect(text).toContain(`chose “${frame?.label.trim()}” (${percent(frame?.prob ?? 0)}\u00a0%)`);
    expect(text).toMatch(/(From layer \d on the likeliest token is|Every layer would predict) “/);
    expect(text).toMatch(
      /attention reads most from “[^”]+” \(\d+\.\d\u00a0%\).* mean of all heads/,
    );
  });

  test("arrow keys read attention, MLP and stream of each layer from bottom to top", async () => {
    const { run } = show(Stack, 2, wholeRun());
    picture().focus();
    const frame = run.frames[2];
    const before = frame?.layers.residNorm?.[0] ?? 0;
    await userEvent.keyboard("{ArrowUp}");
    const added = formatMeasure((frame?.layers.attnNorm?.[0] ?? 0) / before);
    expect(screen.getAllByText(new RegExp(`^Layer 0 at .*attention adds ${added}`))).toHaveLength(
      2,
    );
    await userEvent.keyboard("{ArrowUp}");
    expect(screen.getAllByText(/^Layer 0 at .*the MLP adds/)[0]).toBeVisible();
    await userEvent.keyboard("{ArrowUp}");
    const { label = "", rank } = frame?.logitLens?.[0] ?? {};
    expect(screen.getAllByText(/^Layer 0 at .*stream's size goes/)[0]).toHaveTextContent(
      new RegExp(`${label.trim()}.*rank ${rank}`),
    );
    await userEvent.keyboard("{ArrowUp}");
    expect(screen.getAllByText(/^Layer 1 at .*attention adds/)[0]).toBeVisible();
  });

  test("a token of the prompt says that it was not measured", async () => {
    show(Stack, 0, wholeRun());
    picture().focus();
    await userEvent.keyboard("{ArrowLeft}");
    expect(screen.getAllByText(/was not measured/)[0]).toBeVisible();
  });

  test("Enter shows another token that was measured", async () => {
    const { select } = show(Stack, 3, wholeRun());
    picture().focus();
    await userEvent.keyboard("{ArrowUp}{ArrowLeft}{Enter}");
    expect(select).toHaveBeenCalledWith(2);
  });

  test("opens a layer, a head and its weights, and Escape goes back by one level", async () => {
    const { run } = show(Stack, 1, wholeRun());
    picture().focus();
    await userEvent.keyboard("{ArrowUp}{Enter}");
    const heads = screen.getByRole("table", { name: "Heads of layer 0" });
    expect(within(heads).getAllByRole("row")).toHaveLength(5);
    await userEvent.click(within(heads).getByRole("button", { name: "Head 2" }));
    const weights = screen.getByRole("table", { name: /layer 0, head 2/ });
    const shares = run.frames[1]?.attentionRows;
    const row = shares ? numbersOf(shares, { layer: 0, head: 2 }) : new Float32Array();
    const cells = within(weights).getAllByRole("row").slice(1);
    expect(cells).toHaveLength(row.length);
    cells.forEach((cell, position) => {
      expect(cell).toHaveTextContent(formatPercent(row[position] ?? 0));
    });
    await userEvent.keyboard("{Escape}");
    expect(screen.getByRole("table", { name: "Heads of layer 0" })).toBeVisible();
    await userEvent.keyboard("{Escape}");
    expect(picture()).toBeVisible();
  });

  test("is empty before a run, and says so if the run measured nothing of it", () => {
    const { unmount } = show(Stack, -1, recordedRun(0));
    expect(screen.getByText(/first token/)).toBeVisible();
    unmount();
    const run = wholeRun();
    const bare = run.frames.map(({ attentionRows: _, logitLens: __, ...frame }) => ({
      ...frame,
      layers: {},
    }));
    show(Stack, 0, { ...run, frames: bare });
    expect(screen.getByText(/Not measured in this run/)).toBeVisible();
  });

  test("exports one row per layer with the strongest source", () => {
    const run = wholeRun();
    const rows = stackPanel.table?.(run, 1).rows ?? [];
    expect(rows).toHaveLength(6);
    const shares = run.frames[1]?.attentionRows;
    const row = shares ? numbersOf(shares, { layer: 5, head: null }) : new Float32Array();
    row[0] = Number.NaN;
    const [most] = strongest(row, 1);
    expect(rows[5]?.[8]).toBe(most);
    expect(rows[5]?.[6]).toBe(run.frames[1]?.logitLens?.[5]?.rank);
  });
});

test("the chosen token is always among the candidates", () => {
  const frame = deepRun().frames[7];
  if (!frame) throw new Error("the recording has eight tokens");
  expect(frame.rank).toBeGreaterThan(5);
  expect(shownCandidates(frame).at(-1)).toEqual({
    id: frame.id,
    text: frame.label,
    prob: frame.prob,
  });
});

describe("layout", () => {
  test("shows the newest tokens, and before them the first and the strongest sources", () => {
    expect(shownPositions(3, 8, [])).toEqual([0, 1, 2, 3]);
    expect(shownPositions(20, 6, [7, 19, 3])).toEqual([0, 7, 17, 18, 19, 20]);
    expect(shownPositions(20, 2, [7])).toEqual([19, 20]);
  });

  test("bands cover every layer once, and the open layer is alone", () => {
    for (const [layers, room, open] of [
      [6, 10, null],
      [80, 12, null],
      [80, 12, 41],
      [30, 9, 0],
      [30, 9, 29],
      [30, 1, null],
    ] as const) {
      const bands = bandsOf(layers, room, open);
      const covered = bands.flatMap(({ first, last }) =>
        Array.from({ length: last - first + 1 }, (_, i) => first + i),
      );
      expect(covered).toEqual(Array.from({ length: layers }, (_, each) => each));
      if (open !== null) expect(bands).toContainEqual({ first: open, last: open });
    }
  });

  test("a position without a column is in the gap that contains it", () => {
    const layout = layOutStack({ width: 480, height: 400 }, 40, 6, [12], null);
    const gaps = layout.places.filter(({ kind }) => kind === "gap");
    expect(gaps.length).toBeGreaterThan(0);
    expect(xOf(layout, 5)).toBe(gaps[0]?.x);
    expect(xOf(layout, 40)).toBe(layout.x);
    expect(xOf(layout, 41)).toBeNull();
  });
});
