import { screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, expect, test } from "vitest";
import { attentionRows, attentionRun } from "@/lib/run/recorded-run.fixture";
import { attentionChoice, FIRST_CHOICE } from "../attention-shared/choice";
import { showLoaded } from "../show-panel.fixture";
import { attentionHeadsPanel } from "./panel";

const RUN = attentionRun();

beforeEach(() => attentionChoice.setState(FIRST_CHOICE, true));

const sharesAt = (step: number) => attentionRows(RUN, step);

test("a layer without attention cannot be chosen and has no numbers", async () => {
  const shares = sharesAt(2);
  const size = shares.values.length / 6;
  const values = Float32Array.from(shares.values, (v, i) => (i < size ? Number.NaN : v));
  const frames = RUN.frames.map((frame, i) =>
    i === 2 ? { ...frame, attentionRows: { ...shares, values } } : frame,
  );
  await showLoaded(attentionHeadsPanel, 2, { ...RUN, frames });
  expect(screen.getByRole("option", { name: "0 (no attention)" })).toBeDisabled();
  screen.getByRole("group", { name: /Attention by layer/ }).focus();
  await userEvent.keyboard("{ArrowRight}");
  expect(screen.getAllByText("layer 0, head 0: no attention here")[0]).toBeVisible();
});
