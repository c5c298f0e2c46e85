import { fireEvent, screen, within } from "@testing-library/react";
import { describe, expect, test } from "vitest";
import { attentionRun } from "@/lib/run/recorded-run.fixture";
import { percent, showLoaded } from "../show-panel.fixture";
import { samplerWaterfallPanel } from "./panel";

const RUN = attentionRun();

describe("sampler waterfall", () => {
  test("each removed candidate has the name of the control that removed it", async () => {
    await showLoaded(samplerWaterfallPanel, 0);
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

  test("shows how many candidates each control left, which are off, and what the pointed one does", async () => {
    await showLoaded(samplerWaterfallPanel, 0);
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
