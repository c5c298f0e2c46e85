import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, test } from "vitest";
import { attentionRows, attentionRun, recordedRun } from "@/lib/run/recorded-run.fixture";
import { attentionChoice, FIRST_CHOICE } from "@/panels/attention-shared/choice";
import { numbersOf } from "@/panels/attention-shared/pattern";
import { attentionHeadsPanel } from "./attention-heads/panel";
import { attentionMapsPanel } from "./attention-maps/panel";
import { attentionTextPanel } from "./attention-text/panel";
import { samplerWaterfallPanel } from "./sampler-waterfall/panel";
import { load, percent, showLoaded } from "./show-panel.fixture";

const PANELS = [attentionTextPanel, attentionHeadsPanel, attentionMapsPanel, samplerWaterfallPanel];
const RUN = attentionRun();

beforeEach(() => attentionChoice.setState(FIRST_CHOICE, true));

const sharesAt = (step: number) => attentionRows(RUN, step);

describe.each(PANELS)("$title", (panel) => {
  test("has a caution", () => {
    expect(panel.caution).toMatch(/\.$/);
    expect(panel.open).toBeFalsy();
  });

  test("is empty before a run, and says so if the run did not capture its probe", async () => {
    const { unmount } = await showLoaded(panel, -1, recordedRun(0));
    expect(screen.getByText(/first token/)).toBeVisible();
    unmount();
    const { unmount: leave } = await showLoaded(panel, 3, recordedRun());
    expect(screen.getByText(/run again/)).toBeVisible();
    leave();
    await showLoaded(panel, 3);
    expect(screen.queryByText(/run again/)).toBeNull();
  });

  test("exports a table with a name for each column, and no rows if there are no numbers", async () => {
    await load(panel);
    for (const step of [0, 5]) {
      const { columns, rows } = panel.table?.(RUN, step) ?? { columns: [], rows: [] };
      expect(rows.length).toBeGreaterThan(0);
      for (const row of rows) expect(row).toHaveLength(columns.length);
    }
    expect(panel.table?.(recordedRun(), 3).rows).toEqual([]);
  });
});

test("a head chosen by keyboard is also shown over the text", async () => {
  await showLoaded(attentionHeadsPanel, 5);
  await showLoaded(attentionTextPanel, 5);
  screen.getByRole("group", { name: /Attention by layer and head/ }).focus();
  await userEvent.keyboard("{ArrowUp}{ArrowRight}{Enter}");
  expect(attentionChoice.getState().reading).toEqual({ layer: 1, head: 1 });
  const row = numbersOf(sharesAt(5), { layer: 1, head: 1 });
  expect(screen.getByText(/^Strongest:/)).toHaveTextContent(`${percent(Math.max(...row))} %`);
  await userEvent.keyboard("{End}{Enter}");
  expect(attentionChoice.getState().reading).toEqual({ layer: 1, head: null });
});
