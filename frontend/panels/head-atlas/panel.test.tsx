import { render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, test } from "vitest";
import { attentionRun, recordedRun, stackRun } from "@/lib/run/recorded-run.fixture";
import { promptLength } from "@/lib/run/run-record";
import { attentionChoice, FIRST_CHOICE } from "@/panels/attention-shared/choice";
import { numbersOf } from "@/panels/attention-shared/pattern";
import { tokenAt } from "@/panels/attention-shared/run-tokens";
import { sourcesOfHead } from "@/panels/attention-shared/sources";
import { generatedTextPanel } from "../generated-text/panel";
import { makeRoom, percent, show, showLoaded } from "../show-panel.fixture";
import Stack from "../stack/view";
import { meanOf } from "./badges";
import { layOutGrid } from "./layout";
import { LineOfMaps } from "./line-of-maps";
import { headAtlasPanel } from "./panel";
import { ALL_HEADS } from "./selection";
import { atlasSelection } from "./selection-store";
import { entropiesOf, summaryOf } from "./summary";

const RUN = attentionRun();
const LAYERS = 6;
const HEADS = 4;

beforeEach(() => {
  makeRoom();
  attentionChoice.setState(FIRST_CHOICE, true);
  atlasSelection.setState(ALL_HEADS, true);
});

const maps = () => screen.getByRole("group", { name: /^Attention maps of/ });

/** The attention of a head at every position, from the maps and rows as they were received. */
function rowsOf(layer: number, head: number): Float32Array[] {
  const map = RUN.prompt?.attentionMap;
  if (!map) throw new Error("no map");
  const size = promptLength(RUN);
  const whole = numbersOf(map, { layer, head });
  return [
    ...Array.from({ length: size - 1 }, (_, q) => whole.subarray(q * size, q * size + q + 1)),
    ...RUN.frames.map(({ attentionRows }) =>
      attentionRows ? numbersOf(attentionRows, { layer, head }) : new Float32Array(),
    ),
  ];
}

const meanBy = (rows: readonly Float32Array[], weight: (row: Float32Array, q: number) => number) =>
  rows.slice(1).reduce((sum, row, i) => sum + weight(row, i + 1), 0) / (rows.length - 1);

describe("the badges of a recorded run", () => {
  test("are the means of the weights that were received, of prompt and text", () => {
    const badges = summaryOf(RUN)?.badges;
    if (!badges) throw new Error("no summary");
    expect(badges.queries.first).toBe(promptLength(RUN) + RUN.frames.length - 2);
    for (let layer = 0; layer < LAYERS; layer++) {
      for (let head = 0; head < HEADS; head++) {
        const rows = rowsOf(layer, head);
        const at = (q: number) => (row: Float32Array) => row[q] as number;
        expect(meanOf(badges, "first", layer, head)).toBeCloseTo(meanBy(rows, at(0)), 5);
        const previous = meanBy(rows, (row, q) => row[q - 1] as number);
        expect(meanOf(badges, "previous", layer, head)).toBeCloseTo(previous, 5);
        const self = meanBy(rows, (row, q) => row[q] as number);
        expect(meanOf(badges, "self", layer, head)).toBeCloseTo(self, 5);
      }
    }
  });

  test("grow with each token to what they are for the whole run", () => {
    const grown = attentionRun(3);
    expect(summaryOf(grown)?.badges.queries.first).toBe(promptLength(RUN) - 1);
    const frames = grown.frames as (typeof RUN.frames)[number][];
    for (const frame of RUN.frames.slice(frames.length)) frames.push(frame);
    expect(summaryOf({ ...grown })?.badges).toEqual(summaryOf(RUN)?.badges);
    expect(entropiesOf(grown)?.queries).toBe(promptLength(RUN) + RUN.frames.length - 2);
  });

  test("without all weights are lower bounds of generated tokens, and say so", async () => {
    const run = stackRun();
    await showLoaded(headAtlasPanel, 3, run);
    const summary = summaryOf(run);
    expect([summary?.whole, summary?.strongest]).toEqual([0, run.frames.length]);
    expect(screen.getByText(/figures are lower bounds/)).toBeVisible();
    maps().focus();
    await userEvent.keyboard("{ArrowRight}");
    expect(screen.getAllByText(/previous token ≥/)[0]).toBeVisible();
    expect(screen.queryByText(/first token ≥/)).toBeNull();
  });
});

describe("the atlas", () => {
  test("is empty before a run, and says so if the run did not capture it", async () => {
    const { unmount } = await showLoaded(headAtlasPanel, -1, recordedRun(0));
    expect(screen.getByText(/first token/)).toBeVisible();
    unmount();
    await showLoaded(headAtlasPanel, 3, recordedRun());
    expect(screen.getByText(/run again/)).toBeVisible();
    expect(headAtlasPanel.table?.(recordedRun(), 3).rows).toEqual([]);
  });

  test("keys move in the grid of layers and heads, name the figures, choose and clear", async () => {
    await showLoaded(headAtlasPanel, 2);
    maps().focus();
    await userEvent.keyboard("{ArrowUp}{ArrowRight}");
    const badges = summaryOf(RUN)?.badges;
    const mean = percent(badges ? meanOf(badges, "previous", 1, 1) : Number.NaN);
    expect(within(maps()).getByText(/^layer 1, head 1/)).toHaveTextContent(
      `previous token ${mean} %`,
    );
    await userEvent.keyboard("{Enter}");
    expect(attentionChoice.getState().reading).toEqual({ layer: 1, head: 1 });
    await userEvent.keyboard("{Escape}");
    expect(attentionChoice.getState().reading).toEqual(FIRST_CHOICE.reading);
  });

  test("marks the shown token's query in each map", () => {
    const { badges } = summaryOf(RUN) ?? {};
    if (!badges) throw new Error("no summary");
    const layout = layOutGrid({ width: 400, height: 300 }, [0, LAYERS - 1], HEADS);
    const given = { layout, badges, entropies: null, maps: null, chosen: null, pointed: null };
    const [line] = layout.lines;
    if (!line) throw new Error("no line");
    const marks = (shown: number, first: number) => {
      const window = { first, count: 10 };
      const { container, unmount } = render(
        <LineOfMaps {...given} line={line} order="layer" window={window} shown={shown} />,
      );
      const drawn = container.querySelector("path.stroke-accent")?.getAttribute("d") ?? "";
      unmount();
      return [...drawn.matchAll(/M[-\d.]+ ([\d.]+)h/g)].map(([, y]) => Number(y));
    };
    const inset = (layout.down - layout.map) / 2;
    expect(marks(4, 0)).toHaveLength(HEADS);
    expect(marks(4, 0)[0]).toBeCloseTo(inset + 0.45 * layout.map, 0);
    expect(marks(24, 20)).toEqual(marks(4, 0));
    // It is not in these maps.
    expect(marks(4, 20)).toEqual([]);
  });

  test("a badge shows the heads that have it, strongest first; a range limits the layers", async () => {
    await showLoaded(headAtlasPanel, 2);
    const filter = within(screen.getByRole("group", { name: "Heads with a badge" }));
    const counts = filter.getAllByRole("button").map(({ textContent }) => textContent ?? "");
    expect(counts[0]).toBe(`all ${LAYERS * HEADS}`);
    const previous = filter.getByRole("button", { name: /^previous token/ });
    expect(previous.title).toContain("directly before the query");
    await userEvent.click(previous);
    const rows = headAtlasPanel.table?.(RUN, 2).rows ?? [];
    const { columns = [] } = headAtlasPanel.table?.(RUN, 2) ?? {};
    expect(`previous token ${rows.length}`).toBe(counts[1]);
    const weights = rows.map((row) => Number(row[columns.indexOf("mean weight, previous token")]));
    expect(weights.length).toBeGreaterThan(1);
    expect(weights).toEqual(weights.toSorted((a, b) => b - a));
    await userEvent.selectOptions(screen.getByRole("combobox", { name: "to" }), "1");
    for (const [layer] of headAtlasPanel.table?.(RUN, 2).rows ?? []) {
      expect(layer).toBeLessThanOrEqual(1);
    }
  });

  test("says why no head has a badge, and shows all heads again", async () => {
    await showLoaded(headAtlasPanel, 2);
    await userEvent.click(screen.getByRole("button", { name: /^induction/ }));
    expect(screen.getByText(/No head has the badge “induction”/)).toBeVisible();
    expect(screen.getByText(/repeats few words/)).toBeVisible();
    await userEvent.click(screen.getByRole("button", { name: "Show all heads" }));
    expect(maps()).toBeVisible();
  });

  test("exports all heads with their means", async () => {
    await showLoaded(headAtlasPanel, 0);
    const { columns, rows } = headAtlasPanel.table?.(RUN, 0) ?? { columns: [], rows: [] };
    expect(rows).toHaveLength(LAYERS * HEADS);
    for (const row of rows) expect(row).toHaveLength(columns.length);
  });
});

describe("a chosen head", () => {
  beforeEach(() => attentionChoice.setState({ reading: { layer: 2, head: 1 } }));
  const strongestOf = (step: number) => {
    const frame = RUN.frames[step];
    const sources = frame && sourcesOfHead(frame, 2, 1);
    if (!sources) throw new Error("not measured");
    return sources;
  };

  test("is named in the text with what it reads, and Escape clears it", async () => {
    show(generatedTextPanel.Component, 2, RUN);
    const [most] = strongestOf(2).others;
    expect(await screen.findByText(/^Layer 2, head 1 at/)).toHaveTextContent(
      `“${tokenAt(RUN, most?.position ?? 0)?.label.trim()}” ${percent(most?.share ?? 0)} %`,
    );
    screen.getAllByRole("option").at(-1)?.focus();
    await userEvent.keyboard("{Escape}");
    expect(screen.queryByText(/^Layer 2, head 1 at/)).toBeNull();
    expect(attentionChoice.getState().reading).toEqual(FIRST_CHOICE.reading);
  });

  test("has its arcs in the stack instead of the layer's mean, until it is cleared", async () => {
    const run = stackRun();
    const { container } = show(Stack, 3, run);
    expect(container).toHaveTextContent(/Layer 2, head 1 reads .*first token/);
    expect(container).not.toHaveTextContent("On average over all heads");
    await userEvent.click(screen.getByRole("button", { name: "Show the mean of all heads again" }));
    expect(container).toHaveTextContent("On average over all heads");
    expect(container).not.toHaveTextContent("Layer 2, head 1");
  });
});
