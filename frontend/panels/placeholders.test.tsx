import { render, screen } from "@testing-library/react";
import { type ComponentType, Suspense } from "react";
import { beforeEach, describe, expect, test } from "vitest";
import type { ModelInfo } from "@/lib/contract";
import { recordedRun } from "@/lib/run/recorded-run.fixture";
import { EMPTY_RUN, type RunRecord } from "@/lib/run/run-record";
import AttentionEntropy from "./attention-entropy/view";
import LayerNorms from "./layer-norms/view";
import LayerTiles from "./layer-tiles/view";
import LogitLens from "./logit-lens/view";
import { ModelContext } from "./model-context";
import type { PanelProps } from "./panel";
import { makeRoom } from "./show-panel.fixture";
import Stack from "./stack/view";

const DEEP = { layers: 30, heads: 9, capabilities: ["attention_entropy"] } as unknown as ModelInfo;

function placeholderOf(
  View: ComponentType<PanelProps>,
  model?: ModelInfo,
  run: RunRecord = EMPTY_RUN,
) {
  const props = { run, step: -1, frame: undefined, live: true, select: () => {} };
  return render(
    <ModelContext value={model}>
      <Suspense>
        <View {...props} />
      </Suspense>
    </ModelContext>,
  ).container;
}

/** The numbers of layers that are written beside a placeholder. */
const numbers = (of: Element) =>
  [...of.querySelectorAll(".figures")]
    .map((each) => Number(each.textContent))
    .filter(Number.isInteger);

beforeEach(makeRoom);

describe("before the first token, panels have the layers and heads of the model", () => {
  test("the stack", () => {
    const shown = (model: ModelInfo) => {
      const box = placeholderOf(Stack, model);
      const nodes = box.querySelector("path.fill-sheet")?.getAttribute("d")?.match(/M/g) ?? [];
      return { text: box.textContent, nodes: nodes.length };
    };
    const deep = shown(DEEP);
    expect(deep.text).toContain("30 layers");
    expect(deep.text).toContain("attention");
    const none = shown({ ...DEEP, capabilities: [] });
    expect(none.text).not.toContain("attention");
    expect(none.nodes * 2).toBe(deep.nodes);
  });

  test("attention entropy", () => {
    const grid = (of: Element) => of.querySelector<HTMLElement>("[data-grid]")?.dataset.grid;
    expect(grid(placeholderOf(AttentionEntropy, DEEP))).toBe("30x9");
    expect(grid(placeholderOf(AttentionEntropy))).toBe("6x4");
  });

  test("MLP activations", () => {
    expect(Math.max(...numbers(placeholderOf(LayerNorms, DEEP)))).toBeGreaterThan(24);
    expect(screen.getAllByRole("group").at(-1)?.children.length).toBeGreaterThanOrEqual(30);
  });

  test("the logit lens", () => {
    expect(numbers(placeholderOf(LogitLens, DEEP))).toHaveLength(30);
    expect(numbers(placeholderOf(LogitLens))).toHaveLength(6);
  });

  test("layer tiles", () => {
    const picture = placeholderOf(LayerTiles, DEEP);
    expect(picture.textContent).toContain("29");
    expect(placeholderOf(LayerTiles).textContent).not.toContain("29");
  });
});

test("the model of a run that has started counts, not that of the form", () => {
  const { start } = recordedRun();
  const run = { ...EMPTY_RUN, start };
  const grid = placeholderOf(AttentionEntropy, DEEP, run).querySelector<HTMLElement>("[data-grid]");
  expect(grid?.dataset.grid).toBe(`${start?.model.layers}x${start?.model.heads}`);
});
