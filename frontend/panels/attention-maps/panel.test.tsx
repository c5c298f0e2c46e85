import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, test } from "vitest";
import { attentionRun } from "@/lib/run/recorded-run.fixture";
import { attentionChoice, FIRST_CHOICE } from "../attention-shared/choice";
import { percent, showLoaded } from "../show-panel.fixture";
import { attentionMapsPanel } from "./panel";

const RUN = attentionRun();

beforeEach(() => attentionChoice.setState(FIRST_CHOICE, true));

describe("attention maps", () => {
  test("show the newest map up to the step, and link to its neighbours", async () => {
    const { select } = await showLoaded(attentionMapsPanel, 4);
    expect(screen.getByText(/at token 2/)).toBeVisible();
    await userEvent.click(screen.getByRole("button", { name: "Next map" }));
    expect(select).toHaveBeenLastCalledWith(5);
    await userEvent.click(screen.getByRole("button", { name: "Previous map" }));
    expect(select).toHaveBeenLastCalledWith(0);
  });

  test("describe the weight of a cell, and that a token cannot attend to later ones", async () => {
    await showLoaded(attentionMapsPanel, 0);
    screen.getByRole("group", { name: /Attention map of/ }).focus();
    await userEvent.keyboard("{ArrowRight}{ArrowDown}{ArrowDown}");
    const [row, label] = [attentionMapsPanel.table?.(RUN, 0).rows[2], RUN.prompt?.tokens];
    expect(screen.getAllByText(new RegExp(`${percent(Number(row?.[2]))} %`))[0]).toHaveTextContent(
      `${label?.[2]?.text.replaceAll(" ", "␣")} → ${label?.[0]?.text}`,
    );
    await userEvent.keyboard("{End}");
    expect(screen.getAllByText(/cannot attend/)[0]).toBeVisible();
  });

  test("say how to capture more maps than that of the prompt", async () => {
    const start = RUN.start && { ...RUN.start, settings: { ...RUN.start.settings, attn_every: 0 } };
    await showLoaded(attentionMapsPanel, 1, { ...RUN, start });
    expect(screen.getByText(/attn_every/)).toBeVisible();
  });
});
