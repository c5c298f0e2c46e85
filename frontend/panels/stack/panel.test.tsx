import { fireEvent, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { Shares, SourcesFrame, TokenFrame } from "@/lib/contract/frames";
import { formatMeasure, formatPercent } from "@/lib/i18n/numbers";
import {
  attentionRows,
  attentionRun,
  deepRun,
  recordedRun,
  stackRun,
} from "@/lib/run/recorded-run.fixture";
import type { RunRecord } from "@/lib/run/run-record";
import { shortLabel, visible } from "@/lib/text/characters";
import { MEAN_OF_ALL, numbersOf, strongest } from "@/panels/attention-shared/pattern";
import { tokenAt } from "@/panels/attention-shared/run-tokens";
import { DifferenceContext } from "../difference-context";
import { MeasureContext } from "../measure-context";
import type { PanelProps } from "../panel";
import { makeRoom, makeRoomOf, percent, show } from "../show-panel.fixture";
import { shownCandidates } from "./candidates";
import { DIFFERENCE_SHADE } from "./differences";
import { attentionByPosition, predictedAt, sourcesOf } from "./facts";
import { bandsOf, layOutStack, shownPositions, xOf } from "./layout";
import { bars } from "./paths";
import { layerCount, stackTable } from "./table";
import Stack from "./view";

/** Rows of which these are the strongest sources: each head of a layer has the layer's mean. */
function rowsOf({ positions, weights }: SourcesFrame): Shares {
  const layers = positions.length - 1;
  const keys = 1 + Math.max(...positions.flatMap((row) => row ?? []));
  const values = new Float32Array(layers * keys);
  for (let layer = 0; layer < layers; layer++) {
    [0, ...(positions[layer] ?? [])].forEach((position, i) => {
      values[layer * keys + position] = weights.values[layer * weights.columns + i] ?? 0;
    });
  }
  return { shape: [layers, 1, keys], values, scale: 1 };
}

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

beforeAll(() => import("./spot-sentence"));
beforeEach(makeRoom);

describe("the stack", () => {
  test("says what was chosen, where the answer settles, and what attention reads", () => {
    const { run } = show(Stack, 0, wholeRun());
    const [frame] = run.frames;
    const text = document.body.textContent ?? "";
    expect(text).toContain(`chose “${frame?.label.trim()}” (${percent(frame?.prob ?? 0)}\u00a0%)`);
    expect(text).toMatch(/(From layer \d on, the likeliest token is|Every layer would predict) “/);
    expect(text).toMatch(
      /On average over all heads, .*attention reads most from “[^”]+” \(\d+\.\d\u00a0%\)/,
    );
  });

  test("arrow keys read attention, MLP and stream of each layer from bottom to top", async () => {
    const { run } = show(Stack, 2, wholeRun());
    picture().focus();
    const frame = run.frames[2];
    const before = frame?.layers.residNorm?.[0] ?? 0;
    await userEvent.keyboard("{ArrowUp}");
    const added = formatMeasure((frame?.layers.attnNorm?.[0] ?? 0) / before);
    expect(
      await screen.findAllByText(
        new RegExp(`^Layer 0 at .*attention adds a vector ${added} times`),
      ),
    ).toHaveLength(2);
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

  test("a token of the prompt says so if it was not measured", async () => {
    makeRoomOf(800, 400);
    show(Stack, 0, wholeRun());
    picture().focus();
    await userEvent.keyboard("{ArrowLeft}");
    expect(screen.getAllByText(/was not measured/)[0]).toBeVisible();
  });

  test("tokens of the prompt have columns that were measured", async () => {
    makeRoomOf(800, 400);
    const run = stackRun();
    const { container } = show(Stack, 0, run);
    picture().focus();
    await userEvent.keyboard("{ArrowLeft}{ArrowUp}");
    const columns = run.prompt?.columns ?? [];
    const column = columns.at(-1);
    const { label = "" } = tokenAt(run, column?.position ?? 0) ?? {};
    const added = (column?.layers.mlpNorm?.[0] ?? 0) / (column?.layers.residNorm?.[0] ?? 1);
    const sentence = () => screen.getAllByText(/^Layer 0 at/)[0]?.textContent ?? "";
    expect(sentence()).toContain(
      `“${visible(label)}”: the MLP adds a vector ${formatMeasure(added)} times`,
    );
    await userEvent.keyboard("{ArrowDown}");
    const sources = column?.attentionSources;
    const [most = 0] = sources?.positions[0] ?? [];
    const share = formatPercent(sources?.weights.values[1] ?? 0);
    expect(sentence()).toContain(`“${tokenAt(run, most)?.label.trim()}” (${share}`);
    await userEvent.keyboard("{ArrowUp}{ArrowUp}");
    expect(sentence()).toContain(`next token is at rank ${column?.logitLens?.[0]?.rank}.`);
    // No ribbon is left in the colour of what was not measured.
    const unknown = [...container.querySelectorAll("path")].filter(({ classList }) =>
      classList.contains("fill-edge/30"),
    );
    expect(unknown.map((path) => path.getAttribute("d"))).toEqual(["", ""]);
  });

  test("the strongest sources of a layer are those of all its weights", () => {
    const run = stackRun();
    const frames = run.frames.map(({ attentionSources, ...frame }) => ({
      ...frame,
      ...(attentionSources && { attentionRows: rowsOf(attentionSources) }),
    }));
    const rows = stackTable(run, 2).rows;
    expect(rows).toHaveLength(6);
    expect(rows).toEqual(stackTable({ ...run, frames }, 2).rows);
    expect(rows[0]?.[8]).toBe(run.frames[2]?.attentionSources?.positions[0]?.[0]);
  });

  test("the mean of all heads is that of the run", () => {
    const { run } = show(Stack, 2, stackRun());
    const frame = run.frames[2] as TokenFrame;
    const { positions, weights } = frame.attentionSources as SourcesFrame;
    const share = formatPercent(weights.values[6 * weights.columns + 1] ?? 0);
    const label = tokenAt(run, positions[6]?.[0] ?? 0)?.label.trim();
    expect(document.body).toHaveTextContent(`attention reads most from “${label}” (${share} %)`);
  });

  test("a band of layers has each source's weight in the layer where it is most", () => {
    const frame = stackRun().frames[2] as TokenFrame;
    const { positions, weights } = frame.attentionSources as SourcesFrame;
    const found = sourcesOf(frame, { first: 1, last: 4 });
    expect(found?.largest).toBe(true);
    for (const { position, share } of found?.others ?? []) {
      const each = [1, 2, 3, 4].map((layer) => {
        const place = positions[layer]?.indexOf(position) ?? -1;
        return place < 0 ? 0 : weights.values[layer * weights.columns + 1 + place];
      });
      expect(share).toBe(Math.max(...each.map(Number)));
    }
    expect(found?.others.length).toBeGreaterThan(1);
  });

  test("a head without all of its weights has its strongest source, and can be measured", async () => {
    const run = stackRun();
    const measure = vi.fn();
    const { rerender } = render(
      <MeasureContext value={measure}>
        <Stack run={run} step={1} frame={run.frames[1]} live select={() => {}} />
      </MeasureContext>,
    );
    picture().focus();
    await userEvent.keyboard("{ArrowUp}{Enter}");
    const heads = await screen.findByRole("table", { name: "Heads of layer 0" });
    const sources = run.frames[1]?.attentionSources?.heads;
    const [first = 0, share = 0] = sources?.weights.values.subarray(4, 6) ?? [];
    const label = tokenAt(run, sources?.positions[0]?.[2] ?? 0)?.label.trim();
    const [, , , third] = within(heads).getAllByRole("row");
    expect(third).toHaveTextContent(`“${label}” (${formatPercent(share)}`);
    expect(third).toHaveTextContent(formatPercent(first));
    await userEvent.click(within(heads).getByRole("button", { name: "Head 2" }));
    expect(screen.getByText(/^This head reads/)).toHaveTextContent(`“${label}”`);
    await userEvent.click(screen.getByRole("button", { name: "Measure all weights" }));
    expect(measure).toHaveBeenCalledWith(["attention_rows"]);
    // The same head is shown when its weights arrive.
    const frame = {
      ...run.frames[1],
      attentionRows: attentionRows(attentionRun(), 1),
    } as TokenFrame;
    rerender(
      <MeasureContext value={measure}>
        <Stack
          run={{ ...run, frames: [frame, frame] }}
          step={1}
          frame={frame}
          live
          select={() => {}}
        />
      </MeasureContext>,
    );
    expect(screen.getByRole("table", { name: /layer 0, head 2/ })).toBeVisible();
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
    const heads = await screen.findByRole("table", { name: "Heads of layer 0" });
    expect(within(heads).getAllByRole("row")).toHaveLength(5);
    await userEvent.click(within(heads).getByRole("button", { name: "Head 2" }));
    const weights = screen.getByRole("table", { name: /layer 0, head 2/ });
    const shares = run.frames[1]?.attentionRows;
    const row = shares ? numbersOf(shares, { layer: 0, head: 2 }) : new Float32Array();
    const cells = within(weights).getAllByRole("row").slice(1);
    expect(cells).toHaveLength(row.length);
    // The newest token is first, as in the table of the MLP.
    cells.toReversed().forEach((cell, position) => {
      expect(cell).toHaveTextContent(formatPercent(row[position] ?? 0));
    });
    await userEvent.keyboard("{Escape}");
    expect(screen.getByRole("table", { name: "Heads of layer 0" })).toBeVisible();
    await userEvent.keyboard("{Escape}");
    expect(picture()).toBeVisible();
  });

  test("a second Enter on layers drawn as one row opens the first of them", async () => {
    makeRoomOf(800, 150);
    show(Stack, 1, wholeRun());
    picture().focus();
    await userEvent.keyboard("{ArrowUp}");
    expect((await screen.findAllByText(/^Layers 0–1 at/))[0]).toBeVisible();
    await userEvent.keyboard("{Enter}");
    expect((await screen.findAllByText(/^Layer 0 at/))[0]).toBeVisible();
    await userEvent.keyboard("{Enter}");
    expect(await screen.findByRole("table", { name: "Heads of layer 0" })).toBeVisible();
  });

  test("is empty before a run, and says so if the run measured nothing of it", () => {
    const { unmount } = show(Stack, -1, recordedRun(0));
    expect(screen.getByText(/^The model has 6 layers/)).toBeVisible();
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
    const rows = stackTable(run, 1).rows;
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
  expect(shownCandidates(frame, 5).at(-1)).toEqual({
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
    expect(shownPositions(20, 6, [16])).toEqual([0, 16, 17, 18, 19, 20]);
  });

  test("each shown token has one column, in the order of the text", () => {
    for (let last = 0; last < 14; last++) {
      for (let count = 1; count < 16; count++) {
        for (const strong of [[], [last], [3, 9, 4], [last - 3, last - 5, 1], [8, 7, 6, 5, 4, 3]]) {
          const known = strong.filter((position) => position >= 0 && position <= last);
          const shown = shownPositions(last, count, known);
          expect(shown).toEqual([...new Set(shown)].sort((a, b) => a - b));
          expect(shown).toHaveLength(Math.min(count, last + 1));
          expect(shown.at(-1)).toBe(last);
        }
      }
    }
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

  test("in a long text a line has a bar for each token that attention reads, as long as its weight", () => {
    const weights = Float32Array.of(0.9, Number.NaN, 0.1, 0.4, Number.NaN);
    // The first token is left out; the largest other one has the whole height.
    expect(bars(weights, 50, 20)).toBe("M20.0 20.0v-5.0h10.0v5.0ZM30.0 20.0v-20.0h10.0v20.0Z");
    expect(bars(Float32Array.of(0.9, 0), 50, 20)).toBe("");
    const run = attentionRun();
    const [frame] = run.frames;
    const count = predictedAt(run, 0) + 1;
    const rows = frame?.attentionRows as Shares;
    const known = attentionByPosition(frame as TokenFrame, count);
    expect([...known]).toEqual([...numbersOf(rows, MEAN_OF_ALL)].slice(0, count));
    expect(known.reduce((sum, weight) => sum + weight)).toBeCloseTo(1, 2);
  });

  test("the outline of an MLP is around its dot, other outlines have the width of the column", async () => {
    show(Stack, 2, wholeRun());
    picture().focus();
    const outline = () => {
      const style = document.querySelector<HTMLElement>("[data-outline]")?.style;
      const of = (name: "left" | "top" | "width" | "height") =>
        Number.parseFloat(style?.[name] ?? "");
      return { left: of("left"), top: of("top"), width: of("width"), height: of("height") };
    };
    await userEvent.keyboard("{ArrowUp}");
    const wide = outline().width;
    await userEvent.keyboard("{ArrowUp}");
    const { left, top, width, height } = outline();
    // The dots of the shown column are the last path of the picture; the first is that of layer 0.
    const dots = picture().querySelector("path.fill-stream.stroke-sheet")?.getAttribute("d") ?? "";
    const [x = 0, y = 0] = dots.match(/[\d.]+/g)?.map(Number) ?? [];
    expect(width).toBe(height);
    expect(width).toBeLessThan(wide / 2);
    expect(x).toBeGreaterThan(left);
    expect(x).toBeLessThan(left + width);
    expect(y).toBeCloseTo(top + height / 2, 0);
    await userEvent.keyboard("{ArrowUp}");
    expect(outline().width).toBe(wide);
  });

  test("a swipe shows the next or the previous token", () => {
    const run = stackRun();
    const { select } = show(Stack, 1, run);
    const swipe = (from: number, to: number) => {
      const at = (x: number) => ({ pointerType: "touch", clientX: x, clientY: 100 });
      fireEvent.pointerDown(picture(), at(from));
      fireEvent.pointerUp(picture(), at(to));
    };
    swipe(200, 120);
    expect(select).toHaveBeenLastCalledWith(2);
    swipe(120, 200);
    expect(select).toHaveBeenLastCalledWith(0);
    select.mockClear();
    swipe(120, 130);
    expect(select).not.toHaveBeenCalled();
  });

  test("where there is room for one column, the tokens that each layer reads are named", async () => {
    const run = stackRun();
    show(Stack, 2, run);
    const frame = run.frames[2] as TokenFrame;
    await screen.findByText(/^….*wagon/);
    const texts = [...picture().querySelectorAll("text")].map((text) => text.textContent);
    for (let layer = 0; layer < layerCount(run); layer++) {
      const [most] = sourcesOf(frame, { first: layer, last: layer })?.others ?? [];
      const label = shortLabel(tokenAt(run, most?.position ?? 0)?.label ?? "");
      expect(texts).toContain(`${label}${formatPercent(most?.share ?? 0)}\u00a0%`);
    }
  });

  test("where there is room for one column, arrow keys show another token", async () => {
    const { select } = show(Stack, 1, stackRun());
    picture().focus();
    await userEvent.keyboard("{ArrowLeft}");
    expect(select).toHaveBeenLastCalledWith(0);
    await userEvent.keyboard("{ArrowRight}");
    expect(select).toHaveBeenLastCalledWith(2);
  });

  test("a low picture has fewer candidates, and the layers keep their room", () => {
    const low = layOutStack({ width: 800, height: 240, unit: 1 }, 10, 6, [], null);
    const high = layOutStack({ width: 800, height: 400, unit: 1 }, 10, 6, [], null);
    expect(low.candidates).toBeLessThan(high.candidates);
    expect(low.bands).toHaveLength(6);
  });

  test("in a comparison the shade of each layer is the distance of the two streams", async () => {
    const run = stackRun();
    const layers = layerCount(run);
    const distance = Float32Array.from({ length: layers + 1 }, (_, row) => row / 4);
    const Compared = (props: PanelProps) => (
      <DifferenceContext value={distance}>
        <Stack {...props} />
      </DifferenceContext>
    );
    show(Compared, 1, run);
    await screen.findByText(/^shade: distance/);
    const shades = [...picture().querySelectorAll("rect.fill-ink")].map((rect) =>
      Number(rect.getAttribute("opacity")),
    );
    expect(shades.slice(0, layers)).toEqual(
      Array.from({ length: layers }, (_, layer) => DIFFERENCE_SHADE * Math.min(1, (layer + 1) / 4)),
    );
  });

  test("a position without a column is in the gap that contains it", () => {
    const layout = layOutStack({ width: 480, height: 400, unit: 1 }, 40, 6, [12], null);
    const gaps = layout.places.filter(({ kind }) => kind === "gap");
    expect(gaps.length).toBeGreaterThan(0);
    expect(xOf(layout, 5)).toBe(gaps[0]?.x);
    expect(xOf(layout, 40)).toBe(layout.x);
    expect(xOf(layout, 41)).toBeNull();
  });
});
