import { fireEvent, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, test } from "vitest";
import { recordedRun } from "@/lib/run/recorded-run.fixture";
import { frameOf, load, percent, showLoaded } from "../show-panel.fixture";
import { whatIfPanel } from "./panel";
import { triedControls, tryNothing } from "./tried";

const RUN = recordedRun();

beforeEach(tryNothing);

const rows = () => screen.getAllByRole("row").slice(1);
const move = (name: string, value: string) =>
  fireEvent.change(screen.getByRole("slider", { name }), { target: { value } });

describe("what if", () => {
  test("with the run's own controls shows what was sampled", async () => {
    await showLoaded(whatIfPanel, 0, RUN);
    const { top, id } = frameOf(RUN, 0);
    expect(rows()).toHaveLength(top.length);
    top.forEach(({ sampled_prob: drawn, cut_by: cutBy }, place) => {
      const row = rows()[place] as HTMLElement;
      expect(row).toHaveTextContent(percent(drawn));
      expect(within(row).queryByText(/^cut by/) !== null).toBe(cutBy !== null);
    });
    expect(screen.getByText(/^Exact/)).toBeVisible();
    expect(rows()[top.findIndex((each) => each.id === id)]).toHaveAttribute("aria-current", "true");
    expect(screen.queryByRole("button", { name: "As in the run" })).toBeNull();
  });

  test("moving a slider cuts candidates at once, and can be undone", async () => {
    await showLoaded(whatIfPanel, 0, RUN);
    const { top } = frameOf(RUN, 0);
    move("Top-k", "1");
    const [first, second, third] = top;
    const total = Math.exp(((second?.logit ?? 0) - (first?.logit ?? 0)) / 0.8) + 1;
    expect(triedControls.getState()).toEqual({ top_k: 2 });
    move("Top-p", "1");
    expect(rows()[0]).toHaveTextContent(percent(1 / total));
    expect(within(rows()[2] as HTMLElement).getByText("cut by Top-k")).toBeInTheDocument();
    expect(third?.text).toBeDefined();
    expect(screen.getByText(/2 tokens possible/)).toBeVisible();
    move("Temperature", "0");
    expect(screen.getByText("0 (greedy)")).toBeVisible();
    expect(rows()[0]).toHaveTextContent("100.0");
    await userEvent.click(screen.getByRole("button", { name: "As in the run" }));
    expect(triedControls.getState()).toEqual({});
    expect(rows()[0]).toHaveTextContent(percent(first?.sampled_prob ?? 0));
  });

  test("says how exact it is where tokens beyond the list matter", async () => {
    await showLoaded(whatIfPanel, 0, RUN);
    move("Top-p", "1");
    move("Top-k", "12");
    move("Temperature", "2");
    expect(screen.getByText(/^Within ±[\d.]+ percentage points/)).toBeVisible();
    expect(screen.getByText("4,090 others").parentElement).toHaveTextContent(/≈ [\d.]+$/);
    const sum = whatIfPanel.table?.(RUN, 0).rows.reduce((total, row) => total + Number(row[5]), 0);
    expect(sum).toBeLessThan(1);
  });

  test("exports the bounds of each candidate", async () => {
    await load(whatIfPanel);
    triedControls.setState({ top_k: 1 });
    const table = whatIfPanel.table?.(RUN, 0);
    const { top } = frameOf(RUN, 0);
    expect(table?.rows[0]?.slice(0, 3)).toEqual([0, top[0]?.id, top[0]?.text]);
    expect(table?.rows[0]?.slice(4)).toEqual([top[0]?.sampled_prob, 1, 1, null, 1]);
    expect(table?.rows[1]?.slice(5)).toEqual([0, 0, "top_k", 1]);
    for (const row of table?.rows ?? []) expect(row).toHaveLength(table?.columns.length ?? 0);
  });

  test("is empty before a run", async () => {
    await showLoaded(whatIfPanel, -1, recordedRun(0));
    expect(screen.getByText(/first token/)).toBeVisible();
    expect(whatIfPanel.table?.(recordedRun(0), 0).rows).toEqual([]);
  });
});
