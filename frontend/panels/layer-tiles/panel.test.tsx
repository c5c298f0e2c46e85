import { fireEvent, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, test } from "vitest";
import { deepRun } from "@/lib/run/recorded-run.fixture";
import { frameOf, largeRun, makeRoom, show } from "../show-panel.fixture";
import { tileView } from "./display-options";
import { DEFAULT_SHADING } from "./shade";
import { tilesTable } from "./table";
import LayerTiles from "./view";

beforeEach(() => {
  makeRoom();
  tileView.setState(DEFAULT_SHADING, true);
});

const textOf = (element: Element) => element.textContent;

describe("layer tiles", () => {
  test("arrow keys move between cells and report layer, unit, value and previous value", async () => {
    const { run } = show(LayerTiles, 4);
    const picture = screen.getByRole("group");
    picture.focus();
    await userEvent.keyboard("{ArrowRight}{ArrowRight}{ArrowDown}{PageDown}{PageDown}");
    const at = 2 * 16 + 1 * 4 + 1;
    const value = (step: number) => frameOf(run, step).tiles?.values[at]?.toFixed(2);
    expect(screen.getAllByText(/layer 2, direction 5 \(row 1, column 1\)/)[0]).toHaveTextContent(
      `${value(4)}, before ${value(3)}`,
    );
  });

  test("names the drawn tensor and its projection", () => {
    show(LayerTiles, 1);
    expect(screen.getByText(/resid_post, random projection/)).toBeVisible();
    expect(screen.getByRole("group")).toHaveAccessibleName(/6 layers as tiles of 4 by 4/);
  });

  test("a layer without the vector is marked as missing", () => {
    show(LayerTiles, 0, largeRun(4, 1));
    expect(screen.getAllByText("none")).toHaveLength(1);
  });

  test("a click or Enter enlarges a layer and restores the grid", async () => {
    const { container } = show(LayerTiles, 1);
    const numbers = () => [...container.querySelectorAll(".leading-\\[13px\\]")].map(textOf);
    expect(numbers()).toHaveLength(6);
    screen.getByRole("group").focus();
    await userEvent.keyboard("{ArrowRight}{PageDown}{Enter}");
    expect(numbers()).toEqual(["1"]);
    await userEvent.keyboard("{Enter}");
    expect(numbers()).toHaveLength(6);
  });

  test("the first token has no change; hue offers its second signal", async () => {
    show(LayerTiles, 0);
    await userEvent.selectOptions(screen.getByLabelText("Show"), "change");
    expect(screen.getByText(/no previous token/)).toBeVisible();
    await userEvent.selectOptions(screen.getByLabelText("Colours"), "hue");
    expect(screen.queryByLabelText("Show")).toBeNull();
    await userEvent.selectOptions(screen.getByLabelText("Hue"), "sign");
    expect(tileView.getState()).toMatchObject({ map: "hue", hue: "sign" });
    fireEvent.change(screen.getByLabelText("Clip"), { target: { value: "5" } });
    expect(tileView.getState().clip).toBe(5);
  });

  test("exports a table", () => {
    const run = deepRun();
    const rows = tilesTable(run, 2).rows;
    expect(rows).toHaveLength(6 * 16);
    expect(rows[2 * 16 + 7]).toEqual([2, 1, 3, frameOf(run, 2).tiles?.values[2 * 16 + 7]]);
  });
});
