import { render } from "@testing-library/react";
import { describe, expect, test } from "vitest";
import { recordedRun } from "@/lib/run/recorded-run.fixture";
import { neededCaptures, PANELS } from "./registry";
import { stackPanel } from "./stack/panel";

describe("every panel", () => {
  test.each(PANELS)("$title has its texts", (panel) => {
    expect(panel.howToRead).toMatch(/\.$/);
    expect(panel.hookPoint).not.toBe("");
    expect(panel.unit).toBeTruthy();
  });

  test.each(PANELS)("$title renders before there is a run", ({ Component }) => {
    const run = recordedRun(0);
    expect(() =>
      render(<Component run={run} step={-1} frame={undefined} live select={() => {}} />),
    ).not.toThrow();
  });

  test("a server that does not know attention sources is asked for all weights", () => {
    const old = ["residual", "mlp", "attention_rows", "logit_lens"];
    expect(neededCaptures([stackPanel], old)).toEqual([
      "residual",
      "mlp",
      "attention_rows",
      "logit_lens",
    ]);
    expect(neededCaptures([stackPanel], [...old, "attention_sources"])).toEqual([
      "residual",
      "mlp",
      "attention_sources",
      "logit_lens",
    ]);
  });

  test("a first visit shows the text, the Stack and the panels of the default probes", () => {
    const open = PANELS.filter((panel) => panel.open);
    expect(open.slice(0, 2).map(({ id }) => id)).toEqual(["generated-text", "stack"]);
    expect(neededCaptures(open.filter(({ id }) => id !== "stack")).sort()).toEqual(
      ["attention_entropy", "distribution", "mlp", "predictions", "residual"].sort(),
    );
  });
});
