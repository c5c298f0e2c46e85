import { act, fireEvent, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { beforeEach, describe, expect, test } from "vitest";
import { deepRun } from "@/lib/run/recorded-run.fixture";
import { frameOf, load, makeRoom, show } from "../show-panel.fixture";
import { chosenScalars } from "./chosen";
import { trendsPanel } from "./panel";
import Trends from "./view";

beforeEach(() => {
  makeRoom();
  chosenScalars.setState(chosenScalars.getInitialState(), true);
});

describe("trends", () => {
  const slider = () => screen.getByRole("slider", { name: /Token/ });

  test("shows each line's value at the shown token, with its unit", () => {
    const { run, showStep } = show(Trends, 2);
    const expectReadings = (step: number) => {
      const { prob, entropy, layers } = frameOf(run, step);
      expect(slider()).toHaveAttribute("aria-valuenow", String(step));
      const said = slider().getAttribute("aria-valuetext");
      expect(said).toContain(`Probability ${(prob * 100).toFixed(1)} %`);
      expect(said).toContain(`Entropy ${entropy.toFixed(2)}`);
      expect(said).toContain(`layer 3 ${layers.residNorm?.[3]?.toFixed(0)}`);
    };
    expectReadings(2);
    showStep(5);
    expectReadings(5);
    expect(screen.getByText(/L2 length/)).toBeVisible();
  });

  test("keys and clicks select a token", async () => {
    const { select } = show(Trends, 2);
    slider().focus();
    await userEvent.keyboard("{ArrowRight}");
    expect(select).toHaveBeenLastCalledWith(3);
    await userEvent.keyboard("{Home}");
    expect(select).toHaveBeenLastCalledWith(0);
    await userEvent.keyboard("{PageUp}");
    expect(select).toHaveBeenLastCalledWith(7);
    fireEvent.pointerDown(slider(), { clientX: 200, buttons: 1 });
    expect(select).toHaveBeenLastCalledWith(4);
  });

  test("lines are added and removed by keyboard; lines of one quantity share a scale", async () => {
    show(Trends, 2);
    await userEvent.selectOptions(screen.getByLabelText("Quantity"), "resid");
    await userEvent.selectOptions(screen.getByLabelText("Layer"), "6");
    await userEvent.click(screen.getByRole("button", { name: "Add" }));
    const chart = screen.getByRole("img", {
      name: /Residual norm, layer 3.*Residual norm, layer out/,
    });
    expect(chart.querySelectorAll("path")).toHaveLength(2);
    const remove = screen.getByRole("button", { name: "Remove Residual norm, layer 3" });
    remove.focus();
    await userEvent.keyboard("{Enter}");
    expect(screen.queryByRole("img", { name: /layer 3/ })).toBeNull();
  });

  test("a line without values in this run says so", () => {
    const run = deepRun();
    chosenScalars.setState({ scalars: [{ kind: "mlp", layer: 40 }] });
    show(Trends, 0, run);
    expect(screen.getByText("none in this run")).toBeVisible();
  });

  test("accepts no more lines than can be distinguished", () => {
    const scalars = Array.from({ length: 8 }, (_, layer) => ({ kind: "mlp", layer }) as const);
    act(() => chosenScalars.setState({ scalars }));
    show(Trends, 0);
    expect(screen.getByRole("button", { name: "Add" })).toBeDisabled();
    expect(screen.getByText(/Remove a line/)).toBeVisible();
  });

  test("exports all tokens of the chosen lines", async () => {
    await load(trendsPanel);
    const run = deepRun();
    const { columns, rows } = trendsPanel.table?.(run, 0) ?? { columns: [], rows: [] };
    expect(columns.slice(2)).toEqual([
      "Probability (of the chosen token)",
      "Entropy (nats)",
      "Residual norm, layer 3 (L2 length)",
    ]);
    expect(rows).toHaveLength(8);
    const { prob, entropy, layers, label } = frameOf(run, 4);
    expect(rows[4]).toEqual([4, label, prob, entropy, layers.residNorm?.[3]]);
  });
});
