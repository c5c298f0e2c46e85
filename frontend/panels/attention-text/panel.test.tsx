import { fireEvent, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, test } from "vitest";
import { attentionRows, attentionRun } from "@/lib/run/recorded-run.fixture";
import { attentionChoice, FIRST_CHOICE } from "../attention-shared/choice";
import { MEAN_OF_ALL, numbersOf } from "../attention-shared/pattern";
import { percent, showLoaded } from "../show-panel.fixture";
import { attentionTextPanel } from "./panel";

const RUN = attentionRun();

beforeEach(() => attentionChoice.setState(FIRST_CHOICE, true));

const sharesAt = (step: number) => attentionRows(RUN, step);

describe("attention over the text", () => {
  test("lists the strongest tokens and the weight of the pointed one", async () => {
    await showLoaded(attentionTextPanel, 3);
    const row = numbersOf(sharesAt(3), MEAN_OF_ALL);
    const best = row.indexOf(Math.max(...row.slice(1)));
    expect(screen.getByText(/^Strongest:/)).toHaveTextContent(
      new RegExp(`^Strongest: \\S+ ${percent(row[best] ?? 0)} %`),
    );
    const chips = document.querySelectorAll<HTMLElement>("[data-place]");
    fireEvent.pointerOver(chips[2] as HTMLElement);
    expect(screen.getByText(/position 2$/)).toHaveTextContent(`${percent(row[2] ?? 0)} %`);
  });

  test("arrow keys move between the attended tokens, Enter selects the step of a token", async () => {
    const { select } = await showLoaded(attentionTextPanel, 3);
    screen.getByRole("group", { name: /Attention over the text/ }).focus();
    await userEvent.keyboard("{Home}{ArrowRight}");
    expect(screen.getByText(/position 1$/)).toBeVisible();
    await userEvent.keyboard("{End}{Enter}");
    expect(
      screen.getByText(new RegExp(`position ${(RUN.prompt?.tokens.length ?? 0) + 2}$`)),
    ).toBeVisible();
    expect(select).toHaveBeenLastCalledWith(2);
  });

  test("a mean leaves out the first token and says so; a head does only if asked", async () => {
    await showLoaded(attentionTextPanel, 3);
    const row = numbersOf(sharesAt(3), MEAN_OF_ALL);
    expect(screen.getByText(/First token left out/)).toHaveTextContent(`${percent(row[0] ?? 0)} %`);
    fireEvent.pointerOver(document.querySelector('[data-place="4"]') as HTMLElement);
    const rest = (row[4] ?? 0) / (1 - (row[0] ?? 0));
    expect(screen.getByText(/position 4 *$/)).toHaveTextContent(`(${percent(rest)} % of the rest)`);
    const leftOut = screen.getByRole("combobox", { name: "First token" });
    await userEvent.selectOptions(screen.getByRole("combobox", { name: "Layer" }), "2");
    await userEvent.selectOptions(screen.getByRole("combobox", { name: "Head" }), "1");
    expect(screen.queryByText(/First token left out/)).toBeNull();
    await userEvent.selectOptions(leftOut, "left out");
    expect(screen.getByText(/First token left out/)).toBeVisible();
    await userEvent.selectOptions(leftOut, "shown");
    await userEvent.selectOptions(screen.getByRole("combobox", { name: "Layer" }), "all (mean)");
    expect(screen.queryByText(/First token left out/)).toBeNull();
  });

  test("dims the tokens after the shown step", async () => {
    const { showStep } = await showLoaded(attentionTextPanel, 1);
    const later = () => document.querySelectorAll("[data-later]").length;
    expect(later()).toBe(RUN.frames.length - 2);
    showStep(4);
    expect(later()).toBe(RUN.frames.length - 5);
    showStep(0);
    expect(later()).toBe(RUN.frames.length - 1);
  });
});
