import { fireEvent, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, test, vi } from "vitest";
import { ForkContext } from "@/components/fork-context";
import { recordedRun } from "@/lib/run/fixtures/recording";
import type { RunRecord } from "@/lib/run/run-record";
import { attentionEntropyPanel } from "./attention-entropy";
import { generatedTextPanel } from "./generated-text";
import { layerNormsPanel } from "./layer-norms";
import { outputDistributionPanel } from "./output-distribution";
import type { Panel, PanelProps } from "./panel";
import { neededCaptures, PANELS } from "./registry";
import { topPredictionsPanel } from "./top-predictions";

function show({ Component }: Panel, step: number, run: RunRecord = recordedRun()) {
  const select = vi.fn<PanelProps["select"]>();
  const props = (at: number) => ({ run, step: at, frame: run.frames[at], live: true, select });
  const view = render(<Component {...props(step)} />);
  return {
    ...view,
    select,
    run,
    showStep: (at: number) => view.rerender(<Component {...props(at)} />),
  };
}

const frameOf = (run: RunRecord, step: number) => {
  const frame = run.frames[step];
  if (!frame) throw new Error(`no token ${step}`);
  return frame;
};

describe("every panel", () => {
  test.each(PANELS)("$title says what it shows", (panel) => {
    expect(panel.howToRead).toMatch(/\.$/);
    expect(panel.hookPoint).not.toBe("");
    expect(panel.unit).toBeTruthy();
  });

  test.each(PANELS)("$title stands before there is a run", ({ Component }) => {
    const run = recordedRun(0);
    expect(() =>
      render(<Component run={run} step={-1} frame={undefined} live select={() => {}} />),
    ).not.toThrow();
  });

  test("together they ask for the five default probes", () => {
    expect(neededCaptures(PANELS.filter(({ open }) => open)).sort()).toEqual(
      ["attention_entropy", "distribution", "mlp", "predictions", "residual"].sort(),
    );
  });
});

describe("generated text", () => {
  test("holds the exact text, with the shown token selected", () => {
    const { run } = show(generatedTextPanel, 3);
    const list = screen.getByRole("listbox");
    const written = run.frames.map(({ text }) => text).join("");
    expect(list.textContent).toBe(`Once upon a time, there was a little${written}`);
    const selected = within(list).getByRole("option", { selected: true });
    expect(selected).toHaveTextContent(frameOf(run, 3).text.trim());
  });

  test("marks white space without changing what is copied", () => {
    show(generatedTextPanel, 0);
    const space = document.querySelector(".white-space");
    expect(space).toHaveAttribute("data-mark", "␣");
    expect(space?.textContent).toBe(" ");
  });

  test("pointing and focusing tell a token's figures", async () => {
    const { run } = show(generatedTextPanel, 11);
    const frame = frameOf(run, 2);
    const chip = screen.getAllByRole("option")[(run.prompt?.tokens.length ?? 0) + 2];
    if (!chip) throw new Error("no chip");
    await userEvent.hover(chip);
    expect(screen.getByText(String(frame.id))).toBeVisible();
    await userEvent.unhover(chip);
    expect(screen.queryByText(String(frame.id))).toBeNull();
    fireEvent.focus(chip);
    expect(screen.getByText(String(frame.id))).toBeVisible();
  });

  test("a click or the arrow keys select a step", async () => {
    const { run, select } = show(generatedTextPanel, 5);
    const first = run.prompt?.tokens.length ?? 0;
    const chips = screen.getAllByRole("option");
    await userEvent.click(chips[first + 1] as HTMLElement);
    expect(select).toHaveBeenLastCalledWith(1);
    chips[first + 5]?.focus();
    await userEvent.keyboard("{ArrowRight}");
    expect(select).toHaveBeenLastCalledWith(6);
    expect(chips[first + 6]).toHaveFocus();
    await userEvent.keyboard("{End}");
    expect(select).toHaveBeenLastCalledWith(11);
  });
});

describe("top predictions", () => {
  test("marks the token that was said and names what cut the others", () => {
    const { run } = show(topPredictionsPanel, 0);
    const { top, id } = frameOf(run, 0);
    const rows = screen.getAllByRole("row").slice(1);
    expect(rows).toHaveLength(top.length);
    top.forEach((candidate, place) => {
      const row = within(rows[place] as HTMLElement);
      expect(rows[place]).toHaveTextContent((candidate.prob * 100).toFixed(1));
      expect(row.queryByText("said") !== null).toBe(candidate.id === id);
      expect(row.queryByText("top-p") !== null).toBe(candidate.cut_by === "top_p");
    });
    expect(screen.getAllByText("top-p")[0]).toBeVisible();
  });

  test("another row can be gone on with, by pointer and by keyboard", async () => {
    const fork = vi.fn();
    const run = recordedRun();
    const frame = frameOf(run, 4);
    const { Component } = topPredictionsPanel;
    render(
      <ForkContext value={fork}>
        <Component run={run} step={4} frame={frame} live select={() => {}} />
      </ForkContext>,
    );
    const others = frame.top.filter(({ id }) => id !== frame.id);
    const buttons = screen.getAllByRole("button", { name: /^Continue with/ });
    expect(buttons).toHaveLength(others.length);
    await userEvent.click(buttons[2] as HTMLElement);
    expect(fork).toHaveBeenLastCalledWith(4, others[2]);
    await userEvent.tab();
    buttons[0]?.focus();
    await userEvent.keyboard("{ArrowDown}{Enter}");
    expect(fork).toHaveBeenLastCalledWith(4, others[1]);
  });

  test("where nobody could go on, the rows are no buttons", () => {
    show(topPredictionsPanel, 4);
    expect(screen.queryByRole("button")).toBeNull();
  });

  test("tells a said token that is not in the list", () => {
    const run = recordedRun();
    const frame = { ...frameOf(run, 0), id: -1, label: " zebra", rank: 812 };
    const { Component } = topPredictionsPanel;
    render(<Component run={run} step={0} frame={frame} live select={() => {}} />);
    expect(screen.getByText(/zebra.*rank 812/)).toBeVisible();
  });
});

describe("output distribution", () => {
  test("tells entropy, effective tokens and what could still be drawn", () => {
    const { run } = show(outputDistributionPanel, 4);
    const { distribution } = frameOf(run, 4);
    expect(screen.getByText(distribution.entropy.toFixed(2))).toBeVisible();
    expect(screen.getByText(String(distribution.kept))).toBeVisible();
    expect(screen.getByText("drawable of 4,096")).toBeVisible();
    expect(screen.getByRole("img")).toHaveAccessibleName(
      expect.stringContaining(`${((distribution.rankBins[0] ?? 0) * 100).toFixed(1)} %`),
    );
  });
});

describe("layers", () => {
  const shares = (container: HTMLElement) =>
    [
      ...(container.querySelector(".bars path")?.getAttribute("d") ?? "").matchAll(/H([\d.]+)/g),
    ].map(([, length]) => Number(length));

  test("draws every step against the same scale", () => {
    const { container, run, showStep } = show(layerNormsPanel, 0);
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
    const { container } = show(layerNormsPanel, 2);
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

describe("attention entropy", () => {
  test("the arrow keys walk the cells and tell layer, head and share of the ceiling", async () => {
    const { run } = show(attentionEntropyPanel, 6);
    const { attnEntropy, attnEntropyMax = 1 } = frameOf(run, 6).layers;
    const picture = screen.getByRole("group");
    picture.focus();
    await userEvent.keyboard("{ArrowRight}{ArrowRight}{ArrowDown}");
    const value = attnEntropy?.values[1 * 4 + 1] ?? Number.NaN;
    const share = ((value / attnEntropyMax) * 100).toFixed(1).replace(/^0\.0$/, "");
    const reading = screen.getAllByText(/layer 1, head 1/)[0];
    expect(reading).toHaveTextContent(`${value.toFixed(2)} nats`);
    expect(reading).toHaveTextContent(share);
  });

  test("the scale ends at the ceiling of the longest context that the run can reach", () => {
    const { run } = show(attentionEntropyPanel, 0);
    const keys = (run.prompt?.tokens.length ?? 0) + 12;
    expect(screen.getByText(Math.log(keys).toFixed(2))).toBeInTheDocument();
  });
});
