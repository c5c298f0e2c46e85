import { fireEvent, screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, test } from "vitest";
import { recordedRun } from "@/lib/run/recorded-run.fixture";
import { frameOf, show } from "../show-panel.fixture";
import { generatedTextPanel } from "./panel";

describe("generated text", () => {
  test("contains the exact text, with the shown token selected", () => {
    const { run } = show(generatedTextPanel.Component, 3, recordedRun());
    const list = screen.getByRole("listbox");
    const written = run.frames.map(({ text }) => text).join("");
    expect(list.textContent).toBe(`Once upon a time, there was a little${written}`);
    const selected = within(list).getByRole("option", { selected: true });
    expect(selected).toHaveTextContent(frameOf(run, 3).text.trim());
  });

  test("marks white space without changing the copied text", () => {
    show(generatedTextPanel.Component, 0, recordedRun());
    const space = document.querySelector(".white-space");
    expect(space).toHaveAttribute("data-mark", "␣");
    expect(space?.textContent).toBe(" ");
  });

  test("hovering and focusing show a token's measurements", async () => {
    const { run } = show(generatedTextPanel.Component, 11, recordedRun());
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

  test("marks where the run was forked, without changing the text", () => {
    const run = recordedRun();
    const frames = run.frames.map((frame, i) => ({ ...frame, forced: i === 4 }));
    show(generatedTextPanel.Component, 4, { ...run, frames });
    const chips = screen.getAllByRole("option");
    const forked = chips.filter((chip) => /the branch begins here$/.test(chip.ariaLabel ?? ""));
    expect(forked).toEqual([chips[(run.prompt?.tokens.length ?? 0) + 4]]);
    expect(forked[0]?.querySelector("svg")).not.toBeNull();
    expect(forked[0]?.textContent).toBe(frames[4]?.text);
    expect(screen.getByText("chosen by you; the branch begins here")).toBeVisible();
  });

  test("a click or the arrow keys select a step", async () => {
    const { run, select } = show(generatedTextPanel.Component, 5, recordedRun());
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
