import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { RECORDED } from "@/lib/contract/recordings.fixture";
import { leastCertain } from "@/lib/run/least-certain";
import { createRunContext, RunProvider } from "@/lib/run/run-context";
import { loadCustomPanels } from "@/panels/custom-panels";
import { listing, listPanels } from "@/scripts/list-panels.mjs";
import { LayoutProvider } from "./layout-context";
import { PanelGrid } from "./panel-grid";
import PanelsDrawer from "./panels-drawer";

/** Inside of the site, so that the imports of a panel can be resolved. */
mkdirSync("test-results", { recursive: true });
const folder = () => mkdtempSync(resolve("test-results", "panels-"));

let built: string;
let customFolder: string;

beforeEach(() => {
  built = folder();
  customFolder = folder();
});

afterEach(() => {
  rmSync(built, { recursive: true });
  rmSync(customFolder, { recursive: true });
  window.history.replaceState(null, "", "/");
  localStorage.clear();
});

/** Generates the list of the panels in `customFolder` as the build does, and loads them. */
async function loaded(files: Record<string, string>) {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(customFolder, name), text);
  listPanels({ panels: built, from: customFolder });
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
      <LayoutProvider loadCustom={() => Promise.resolve(custom)}>
        <PanelGrid model={undefined} onPanels={() => {}} />
        <PanelsDrawer model={undefined} open onOpenChange={() => {}} />
      </LayoutProvider>
    </RunProvider>,
  );
  return run.store.getState().run;
}

const example = /```tsx\n(.*?)```/s.exec(readFileSync("../docs/panels.md", "utf8"))?.[1] ?? "";

describe("the example panel of the documentation", () => {
  test("has at most twenty lines", () => {
    expect(example.split("\n").filter((line) => line.trim() !== "").length).toBeLessThanOrEqual(20);
  });

  test("is built, listed in the drawer, opened, and shows the run", async () => {
    const run = await show({ "surprise.tsx": example });
    const choice = await screen.findByRole("switch", { name: "Surprise" });
    expect(screen.queryByText("nats: ", { exact: false })).toBeNull();
    await userEvent.click(choice);
    const panel = document.querySelector<HTMLElement>("[data-panel=surprise]");
    if (!panel) throw new Error("not opened");
    // The drawer is open above it.
    expect(within(panel).getByRole("heading", { hidden: true })).toHaveTextContent("Surprise");
    expect(panel).toHaveTextContent("How unexpected the token was.");
    // A finished run rests there.
    const shown = run.frames[leastCertain(run) ?? -1];
    expect(panel).toHaveTextContent(`${(-(shown?.logprob ?? 0)).toFixed(2)} nats`);
    expect(window.location.search).toMatch(/\.surprise$/);
  });
});

describe("a file that does not define a panel", () => {
  const problemOf = async (name: string, text: string) => {
    await show({ [name]: text, "surprise.tsx": example });
    expect(await screen.findByRole("switch", { name: "Surprise" })).toBeVisible();
    expect(screen.getByRole("switch", { name: "Top predictions" })).toBeVisible();
    return screen.getByText(`${name} does not define a panel`).closest("li");
  };

  test("is reported if it throws, and other panels still work", async () => {
    expect(await problemOf("bad.tsx", 'throw new Error("no such luck");')).toHaveTextContent(
      "no such luck",
    );
  });

  test("is reported with what is missing in its export", async () => {
    expect(await problemOf("odd.tsx", 'export const odd = { id: "odd" };')).toHaveTextContent(
      "must export an object with an id",
    );
  });

  test("is reported if its id is taken", async () => {
    const text = example.replace('id: "surprise"', 'id: "layer-norms"');
    expect(await problemOf("same.tsx", text)).toHaveTextContent(
      "Another panel has the id layer-norms",
    );
  });
});

describe("the list of custom panels", () => {
  test("does not depend on the order of the files, and contains only panels", () => {
    const files = ["b.tsx", "a.tsx", "a.test.tsx", "README.md", "shared.ts"];
    expect(listing("custom", files)).toBe(listing("custom", [...files].reverse()));
    expect(listing("custom", files).match(/import\(.*?\)/g)).toEqual([
      'import("./custom/a")',
      'import("./custom/b")',
    ]);
  });

  test("in the repository is up to date", () => {
    const committed = readFileSync("panels/custom-list.ts", "utf8");
    expect(committed).toBe(listing("custom", readdirSync("panels/custom")));
  });

  test("reports a MAV_PANELS_DIR that does not exist", () => {
    expect(() => listPanels({ panels: built, from: join(customFolder, "nowhere") })).toThrow(
      /MAV_PANELS_DIR names .*nowhere, which is no folder/,
    );
  });
});
