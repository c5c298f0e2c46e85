import { fireEvent, render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { Suspense } from "react";
import { beforeEach, describe, expect, test, vi } from "vitest";
import { attentionChoice, FIRST_CHOICE } from "@/lib/attention/choice";
import { MEAN_OF_ALL, numbersOf } from "@/lib/attention/pattern";
import { attentionRun, recordedRun } from "@/lib/run/fixtures/recording";
import type { RunRecord } from "@/lib/run/run-record";
import { attentionHeadsPanel } from "./attention-heads";
import { attentionMapsPanel } from "./attention-maps";
import { attentionTextPanel } from "./attention-text";
import type { Panel, PanelProps } from "./panel";
import { samplerWaterfallPanel } from "./sampler-waterfall";

const PANELS = [attentionTextPanel, attentionHeadsPanel, attentionMapsPanel, samplerWaterfallPanel];
const RUN = attentionRun();

beforeEach(() => attentionChoice.setState(FIRST_CHOICE, true));

/** The panel once its code has arrived. */
async function show({ Component }: Panel, step: number, run: RunRecord = RUN) {
  const select = vi.fn<PanelProps["select"]>();
  const props = (at: number) => ({ run, step: at, frame: run.frames[at], live: true, select });
  const shown = (at: number) => (
    <Suspense>
      <Component {...props(at)} />
    </Suspense>
  );
  const view = render(shown(step));
  await vi.waitFor(() => expect(view.container.textContent).not.toBe(""), { timeout: 20_000 });
  return { ...view, select, showStep: (at: number) => view.rerender(shown(at)) };
}

const percent = (share: number) => (share * 100).toFixed(1);
const sharesAt = (step: number) => {
  const shares = RUN.frames[step]?.attentionRows;
  if (!shares) throw new Error("no rows");
  return shares;
};

describe.each(PANELS)("$title", (panel) => {
  test("says what it does not prove", () => {
    expect(panel.caution).toMatch(/\.$/);
    expect(panel.open).toBeFalsy();
  });

  test("waits before a run, and tells it where a run did not measure it", async () => {
    const { unmount } = await show(panel, -1, recordedRun(0));
    expect(screen.getByText(/first token/)).toBeVisible();
    unmount();
    const { unmount: leave } = await show(panel, 3, recordedRun());
    expect(screen.getByText(/run again/)).toBeVisible();
    leave();
    await show(panel, 3);
    expect(screen.queryByText(/run again/)).toBeNull();
  });

  test("gives its numbers away with a name for each column, none where there are none", () => {
    for (const step of [0, 5]) {
      const { columns, rows } = panel.table?.(RUN, step) ?? { columns: [], rows: [] };
      expect(rows.length).toBeGreaterThan(0);
      for (const row of rows) expect(row).toHaveLength(columns.length);
    }
    expect(panel.table?.(recordedRun(), 3).rows).toEqual([]);
  });
});

describe("attention over the text", () => {
  test("tells the strongest, and a pointed token's weight as the model had it", async () => {
    await show(attentionTextPanel, 3);
    const row = numbersOf(sharesAt(3), MEAN_OF_ALL);
    const best = row.indexOf(Math.max(...row));
    expect(screen.getByText(/^Strongest:/)).toHaveTextContent(`${percent(row[best] ?? 0)} %`);
    const chips = document.querySelectorAll<HTMLElement>("[data-place]");
    fireEvent.pointerOver(chips[2] as HTMLElement);
    expect(screen.getByText(/place 2$/)).toHaveTextContent(`${percent(row[2] ?? 0)} %`);
  });

  test("the arrow keys walk the tokens that were read, Enter shows a token's own moment", async () => {
    const { select } = await show(attentionTextPanel, 3);
    screen.getByRole("group", { name: /Attention over the text/ }).focus();
    await userEvent.keyboard("{Home}{ArrowRight}");
    expect(screen.getByText(/place 1$/)).toBeVisible();
    await userEvent.keyboard("{End}{Enter}");
    expect(
      screen.getByText(new RegExp(`place ${(RUN.prompt?.tokens.length ?? 0) + 2}$`)),
    ).toBeVisible();
    expect(select).toHaveBeenLastCalledWith(2);
  });

  test("the first token can be left out, which is told with what it held", async () => {
    await show(attentionTextPanel, 3);
    await userEvent.click(screen.getByRole("checkbox", { name: /Leave out first/ }));
    const row = numbersOf(sharesAt(3), MEAN_OF_ALL);
    expect(screen.getByText(/First token left out/)).toHaveTextContent(`${percent(row[0] ?? 0)} %`);
    fireEvent.pointerOver(document.querySelector('[data-place="4"]') as HTMLElement);
    const rest = (row[4] ?? 0) / (1 - (row[0] ?? 0));
    expect(screen.getByText(/place 4 *$/)).toHaveTextContent(`(${percent(rest)} % of the rest)`);
  });

  test("marks what was written later than the token that is looked at", async () => {
    const { showStep } = await show(attentionTextPanel, 1);
    const later = () => document.querySelectorAll("[data-later]").length;
    expect(later()).toBe(RUN.frames.length - 2);
    showStep(4);
    expect(later()).toBe(RUN.frames.length - 5);
    showStep(0);
    expect(later()).toBe(RUN.frames.length - 1);
  });
});

test("a head that is chosen by keyboard is the one that is read over the text", async () => {
  await show(attentionHeadsPanel, 5);
  await show(attentionTextPanel, 5);
  screen.getByRole("group", { name: /Attention by layer and head/ }).focus();
  await userEvent.keyboard("{ArrowDown}{ArrowRight}{Enter}");
  expect(attentionChoice.getState().reading).toEqual({ layer: 1, head: 1 });
  const row = numbersOf(sharesAt(5), { layer: 1, head: 1 });
  expect(screen.getByText(/^Strongest:/)).toHaveTextContent(`${percent(Math.max(...row))} %`);
  await userEvent.keyboard("{End}{Enter}");
  expect(attentionChoice.getState().reading).toEqual({ layer: 1, head: null });
});

test("a layer without attention cannot be chosen and has no numbers", async () => {
  const shares = sharesAt(2);
  const size = shares.values.length / 6;
  const values = Float32Array.from(shares.values, (v, i) => (i < size ? Number.NaN : v));
  const frames = RUN.frames.map((frame, i) =>
    i === 2 ? { ...frame, attentionRows: { ...shares, values } } : frame,
  );
  await show(attentionHeadsPanel, 2, { ...RUN, frames });
  expect(screen.getByRole("option", { name: "0 (no attention)" })).toBeDisabled();
  screen.getByRole("group", { name: /Attention by layer/ }).focus();
  await userEvent.keyboard("{ArrowRight}");
  expect(screen.getAllByText("layer 0, head 0: no attention here")[0]).toBeVisible();
});

describe("attention maps", () => {
  test("show the newest map by the step, and lead to the ones beside it", async () => {
    const { select } = await show(attentionMapsPanel, 4);
    expect(screen.getByText(/at token 2/)).toBeVisible();
    await userEvent.click(screen.getByRole("button", { name: "Next map" }));
    expect(select).toHaveBeenLastCalledWith(5);
    await userEvent.click(screen.getByRole("button", { name: "Map before" }));
    expect(select).toHaveBeenLastCalledWith(0);
  });

  test("tell who looks at whom, and that nobody looks ahead", async () => {
    await show(attentionMapsPanel, 0);
    screen.getByRole("group", { name: /Attention map of/ }).focus();
    await userEvent.keyboard("{ArrowRight}{ArrowDown}{ArrowDown}");
    const [row, label] = [attentionMapsPanel.table?.(RUN, 0).rows[2], RUN.prompt?.tokens];
    expect(screen.getAllByText(new RegExp(`${percent(Number(row?.[2]))} %`))[0]).toHaveTextContent(
      `${label?.[2]?.text.replaceAll(" ", "␣")} → ${label?.[0]?.text}`,
    );
    await userEvent.keyboard("{End}");
    expect(screen.getAllByText(/cannot look ahead/)[0]).toBeVisible();
  });

  test("tell how to get more than the prompt's", async () => {
    const start = RUN.start && { ...RUN.start, settings: { ...RUN.start.settings, attn_every: 0 } };
    await show(attentionMapsPanel, 1, { ...RUN, start });
    expect(screen.getByText(/attn_every/)).toBeVisible();
  });
});

describe("sampler waterfall", () => {
  test("ends each cut candidate with the name of the control that cut it", async () => {
    await show(samplerWaterfallPanel, 0);
    const { top = [], id } = RUN.frames[0] ?? {};
    const names: Record<string, string> = { top_k: "Top-k", top_p: "Top-p", min_p: "Min-p" };
    const rows = screen.getAllByRole("row").slice(1);
    top.forEach((candidate, place) => {
      const row = rows[place] as HTMLElement;
      expect(row).toHaveTextContent(percent(candidate.prob));
      expect(within(row).queryByText(/chosen/) !== null).toBe(candidate.id === id);
      const cut = names[candidate.cut_by ?? ""];
      if (cut) expect(row).toHaveTextContent(`cut by ${cut}`);
      else expect(row).not.toHaveTextContent("cut by");
    });
  });

  test("tells how many each control left, which are off, and what a pointed one does", async () => {
    await show(samplerWaterfallPanel, 0);
    const heads = screen.getAllByRole("columnheader").slice(1);
    const kept = RUN.frames[0]?.samplerStages?.map((stage) => stage.kept.toLocaleString("en"));
    expect(heads.map((head) => head.lastElementChild?.textContent)).toEqual(
      ["4,096", ...(kept ?? [])].map((count) => `${count} left`),
    );
    expect(screen.getByText(/^Off:/)).toHaveTextContent("Block end-of-text");
    fireEvent.pointerEnter(heads[5] as HTMLElement);
    expect(screen.getByText(/^Top-p 0.9:/)).toBeVisible();
  });
});
