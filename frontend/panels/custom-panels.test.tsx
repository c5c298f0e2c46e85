import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ArrangementProvider } from "@/components/arrangement/arrangement-context";
import PanelsDrawer from "@/components/arrangement/panels-drawer";
import { PanelGrid } from "@/components/panel-grid";
import { createRunContext, RunProvider } from "@/components/run-context";
import { RECORDED } from "@/lib/run/fixtures/recording";
import { listing, listPanels } from "@/scripts/list-panels.mjs";
import { loadCustomPanels } from "./custom-panels";

/** Within the site, where what a panel imports can be found. */
mkdirSync("test-results", { recursive: true });
const folder = () => mkdtempSync(resolve("test-results", "panels-"));

let built: string;
let mine: string;

beforeEach(() => {
  built = folder();
  mine = folder();
});

afterEach(() => {
  rmSync(built, { recursive: true });
  rmSync(mine, { recursive: true });
  window.history.replaceState(null, "", "/");
  localStorage.clear();
});

/** Builds the list of `mine` as the site is built, and loads what it lists. */
async function loaded(files: Record<string, string>) {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(mine, name), text);
  listPanels({ panels: built, from: mine });
  const list = await import(/* @vite-ignore */ join(built, "custom-list.ts"));
  return loadCustomPanels(list.CUSTOM_FILES);
}

async function show(files: Record<string, string>) {
  const custom = await loaded(files);
  const run = createRunContext();
  for (const event of RECORDED) run.store.receive(event);
  await waitFor(() => expect(run.store.getState().run.done).not.toBeNull());
  render(
    <RunProvider value={run}>
      <ArrangementProvider loadCustom={() => Promise.resolve(custom)}>
        <PanelGrid model={undefined} onPanels={() => {}} />
        <PanelsDrawer model={undefined} open onOpenChange={() => {}} />
      </ArrangementProvider>
    </RunProvider>,
  );
  return run.store.getState().run;
}

const example = /```tsx\n(.*?)```/s.exec(readFileSync("../docs/panels.md", "utf8"))?.[1] ?? "";

describe("the panel of the documentation", () => {
  test("has twenty lines at most", () => {
    expect(example.split("\n").filter((line) => line.trim() !== "").length).toBeLessThanOrEqual(20);
  });

  test("is built, listed, opened and shows the run", async () => {
    const run = await show({ "surprise.tsx": example });
    const choice = await screen.findByRole("switch", { name: "Surprise" });
    expect(screen.queryByText("nats: ", { exact: false })).toBeNull();
    await userEvent.click(choice);
    const panel = document.querySelector<HTMLElement>("[data-panel=surprise]");
    if (!panel) throw new Error("not opened");
    expect(within(panel).getByRole("heading")).toHaveTextContent("Surprise");
    expect(panel).toHaveTextContent("How unexpected the token was.");
    const newest = run.frames.at(-1);
    expect(panel).toHaveTextContent(`${(-(newest?.logprob ?? 0)).toFixed(2)} nats`);
    expect(window.location.search).toMatch(/\.surprise$/);
  });
});

describe("files that give no panel", () => {
  const told = async (name: string, text: string) => {
    await show({ [name]: text, "surprise.tsx": example });
    expect(await screen.findByRole("switch", { name: "Surprise" })).toBeVisible();
    expect(screen.getByRole("switch", { name: "Top predictions" })).toBeVisible();
    return screen.getByText(`${name} does not define a panel`).closest("li");
  };

  test("one that throws when it is loaded is told of, and harms no other", async () => {
    expect(await told("bad.tsx", 'throw new Error("no such luck");')).toHaveTextContent(
      "no such luck",
    );
  });

  test("one that exports something else is told what it lacks", async () => {
    expect(await told("odd.tsx", 'export const odd = { id: "odd" };')).toHaveTextContent(
      "must export an object with an id",
    );
  });

  test("one with an id that is taken is told to choose another", async () => {
    const text = example.replace('id: "surprise"', 'id: "layer-norms"');
    expect(await told("same.tsx", text)).toHaveTextContent("Another panel has the id layer-norms");
  });
});

describe("the list", () => {
  test("is the same whatever order the files come in, and names panels only", () => {
    const files = ["b.tsx", "a.tsx", "a.test.tsx", "README.md", "shared.ts"];
    expect(listing("custom", files)).toBe(listing("custom", [...files].reverse()));
    expect(listing("custom", files).match(/import\(.*?\)/g)).toEqual([
      'import("./custom/a")',
      'import("./custom/b")',
    ]);
  });

  test("that is committed names what is in the folder", () => {
    const committed = readFileSync("panels/custom-list.ts", "utf8");
    expect(committed).toBe(listing("custom", readdirSync("panels/custom")));
  });

  test("says when the named folder is not there", () => {
    expect(() => listPanels({ panels: built, from: join(mine, "nowhere") })).toThrow(
      /MAV_PANELS_DIR names .*nowhere, which is no folder/,
    );
  });
});
