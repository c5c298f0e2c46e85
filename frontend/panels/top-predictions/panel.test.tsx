import { render, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, test, vi } from "vitest";
import { recordedRun } from "@/lib/run/recorded-run.fixture";
import { ForkContext } from "../fork-context";
import { frameOf, show } from "../show-panel.fixture";
import { topPredictionsPanel } from "./panel";

describe("top predictions", () => {
  test("marks the chosen token and names the controls that removed the others", () => {
    const { run } = show(topPredictionsPanel.Component, 0, recordedRun());
    const { top, id } = frameOf(run, 0);
    const rows = screen.getAllByRole("row").slice(1);
    expect(rows).toHaveLength(top.length);
    top.forEach((candidate, place) => {
      const row = within(rows[place] as HTMLElement);
      expect(rows[place]).toHaveTextContent((candidate.prob * 100).toFixed(1));
      expect(row.queryByText("chosen") !== null).toBe(candidate.id === id);
      expect(row.queryByText("top-p") !== null).toBe(candidate.cut_by === "top_p");
    });
    expect(screen.getAllByText("top-p")[0]).toBeVisible();
  });

  test("another row can be chosen by pointer and by keyboard", async () => {
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

  test("if the run cannot be forked, rows are not buttons", () => {
    show(topPredictionsPanel.Component, 4, recordedRun());
    expect(screen.queryByRole("button")).toBeNull();
  });

  test("shows a chosen token that is not in the list", () => {
    const run = recordedRun();
    const frame = { ...frameOf(run, 0), id: -1, label: " zebra", rank: 812 };
    const { Component } = topPredictionsPanel;
    render(<Component run={run} step={0} frame={frame} live select={() => {}} />);
    expect(screen.getByText(/zebra.*rank 812/)).toBeVisible();
  });
});
