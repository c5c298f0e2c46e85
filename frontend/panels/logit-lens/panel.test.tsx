import { screen, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, test } from "vitest";
import { deepRun } from "@/lib/run/recorded-run.fixture";
import { frameOf, largeRun, load, makeRoom, show } from "../show-panel.fixture";
import { logitLensPanel } from "./panel";
import LogitLens from "./view";

beforeEach(() => {
  makeRoom();
});

/** The rows of the table, the first layer first. It is at the bottom. */
const layersUpwards = () => screen.getAllByRole("row").slice(1).reverse();

describe("logit lens", () => {
  test("shows for each layer its token, probability and the rank of the chosen token", () => {
    const { run } = show(LogitLens, 7);
    const rows = layersUpwards();
    const { logitLens = [], id } = frameOf(run, 7);
    expect(rows).toHaveLength(logitLens.length);
    logitLens.forEach((row, layer) => {
      expect(rows[layer]).toHaveTextContent(((row?.prob ?? 0) * 100).toFixed(1));
      expect(rows[layer]).toHaveTextContent(String(row?.rank));
      const said = within(rows[layer] as HTMLElement).queryByText("chosen") !== null;
      expect(said).toBe(row?.id === id);
    });
  });

  test("marks the layer where the answer settles, also if another token was sampled", () => {
    // At the recording's last token four layers predict “big”, then two “very”; “stubborn” was
    // sampled.
    show(LogitLens, 7);
    layersUpwards().forEach((row, layer) => {
      expect(within(row).queryByText("settles") !== null).toBe(layer === 4);
    });
    expect(
      screen.getByText(
        "From layer 4 on, the likeliest token of every layer is “␣very”, but “␣stubborn” was chosen (rank 10).",
      ),
    ).toBeVisible();
  });

  test("a layer without a lens row is marked as missing", () => {
    show(LogitLens, 0, largeRun(4, 1));
    expect(screen.getByText("none")).toBeVisible();
  });

  test("over time: keys move between layers and tokens, Enter selects a token", async () => {
    const { run, select } = show(LogitLens, 6);
    await userEvent.click(screen.getByRole("button", { name: "Over time" }));
    const map = screen.getByRole("group", { name: /Logit lens by layer/ });
    map.focus();
    await userEvent.keyboard("{ArrowLeft}{ArrowUp}{ArrowUp}");
    const row = frameOf(run, 5).logitLens?.[2];
    const reading = screen.getAllByText(/layer 2, token 5/)[0];
    expect(reading).toHaveTextContent(`chosen token at rank ${row?.rank.toLocaleString("en")}`);
    await userEvent.keyboard("{Enter}");
    expect(select).toHaveBeenLastCalledWith(5);
  });

  test("exports a table", async () => {
    await load(logitLensPanel);
    const run = deepRun();
    const rows = logitLensPanel.table?.(run, 7).rows ?? [];
    const last = frameOf(run, 7).logitLens?.[5];
    expect(rows.map((row) => row.at(-1))).toEqual([0, 0, 0, 0, 1, 1]);
    expect(rows[5]).toEqual([5, last?.id, " very", last?.prob, last?.rank, 1]);
  });
});
