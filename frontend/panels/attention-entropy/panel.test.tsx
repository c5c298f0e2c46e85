import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { describe, expect, test } from "vitest";
import { recordedRun } from "@/lib/run/recorded-run.fixture";
import { frameOf, show } from "../show-panel.fixture";
import AttentionEntropy from "./view";

describe("attention entropy", () => {
  test("arrow keys move between cells and report layer, head and percentage of the maximum", async () => {
    const { run } = show(AttentionEntropy, 6, recordedRun());
    const { attnEntropy, attnEntropyMax = 1 } = frameOf(run, 6).layers;
    const picture = screen.getByRole("group");
    picture.focus();
    await userEvent.keyboard("{ArrowRight}{ArrowRight}{ArrowUp}");
    const value = attnEntropy?.values[1 * 4 + 1] ?? Number.NaN;
    const share = ((value / attnEntropyMax) * 100).toFixed(1).replace(/^0\.0$/, "");
    const reading = screen.getAllByText(/layer 1, head 1/)[0];
    expect(reading).toHaveTextContent(`${value.toFixed(2)} nats`);
    expect(reading).toHaveTextContent(share);
  });

  test("the scale ends at the maximum entropy of the longest context that the run can reach", () => {
    const { run } = show(AttentionEntropy, 0, recordedRun());
    const keys = (run.prompt?.tokens.length ?? 0) + 12;
    expect(screen.getByText(Math.log(keys).toFixed(2))).toBeInTheDocument();
  });
});
