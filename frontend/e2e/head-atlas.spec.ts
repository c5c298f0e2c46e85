import { expect, type Page } from "@playwright/test";
import type { Shares } from "../lib/contract/frames";
import { parseEvent } from "../lib/contract/parse-event";
import { expectNoViolations } from "./axe";
import { test } from "./fixtures";
import { Instrument, STORY } from "./instrument";

const RUN = {
  panels: "generated-text.stack.head-atlas",
  prompt: STORY,
  max_new_tokens: 24,
  min_new_tokens: 24,
  temperature: 0.8,
  seed: 3,
};

/** Runs in the page, and returns the events that the API sends for the same request. */
async function runOf(site: Instrument) {
  const { page } = site;
  const sent = page.waitForRequest((request) => request.url().endsWith("/api/run"));
  await site.run.click();
  const data = (await sent).postDataJSON();
  await site.finished();
  const answer = await page.request.post("/api/run", {
    data,
    headers: { Accept: "application/x-ndjson" },
  });
  return (await answer.text()).trim().split("\n").map(parseEvent);
}

/** The mean of each head's weight on the token before the query, by hand. */
function previousMeans(rows: readonly Shares[]): number[] {
  const [layers = 0, heads = 0] = rows[0]?.shape ?? [];
  return Array.from({ length: layers * heads }, (_, head) => {
    const weights = rows.map(({ values, shape: [, , keys = 0], scale }) => {
      return (values[head * keys + keys - 2] as number) * scale;
    });
    return weights.reduce((sum, weight) => sum + weight, 0) / weights.length;
  });
}

const filterOf = (page: Page) => page.getByRole("group", { name: "Heads with a badge" });

test("a head that reads the previous token is one click away, with its arcs in text and Stack", async ({
  page,
}) => {
  const site = new Instrument(page);
  await site.open(RUN);
  const events = await runOf(site);
  await site.showNewest();
  const frames = events.flatMap((event) => (event.type === "token" ? [event.frame] : []));
  const means = previousMeans(frames.flatMap(({ attentionRows }) => attentionRows ?? []));
  const heads = frames[0]?.attentionRows?.shape[1] ?? 1;
  const best = means.indexOf(Math.max(...means));
  const [layer, head] = [Math.floor(best / heads), best % heads];

  const atlas = site.panel("Head atlas");
  await filterOf(page)
    .getByRole("button", { name: /^previous token/ })
    .click();
  const maps = atlas.getByRole("group", { name: /^Attention maps of/ });
  const percent = ((means[best] ?? 0) * 100).toFixed(1);
  await expect(async () => {
    // The strongest is the first, once the maps have been drawn in their new order.
    await maps.click({ position: { x: 20, y: 20 } });
    await expect(atlas.getByText(`previous token ${percent}`).first()).toBeVisible({
      timeout: 3000,
    });
  }).toPass();
  await expect(atlas.getByText(`layer ${layer}, head ${head}`).first()).toBeVisible();

  const text = site.panel("Generated text");
  const name = `Layer ${layer}, head ${head}`;
  await expect(text.getByText(new RegExp(`^${name} at`))).toBeVisible();
  // The strongest weight but that of the first token, of the token that predicts the newest one.
  const row = frames.at(-1)?.attentionRows;
  const keys = row?.shape[2] ?? 0;
  const own = Array.from(row?.values.subarray(best * keys, (best + 1) * keys) ?? []);
  const most = own.indexOf(Math.max(...own.slice(1)));
  await expect(text.locator(`[data-head-arcs] [data-position="${most}"] path`)).toBeVisible();
  const stack = site.panel("The stack");
  await expect(stack.getByText(`${name.toLowerCase()}`, { exact: true })).toBeVisible();
  await expect(stack.getByText(new RegExp(`${name} reads`))).toBeVisible();
  await expect
    .poll(() => new URL(page.url()).searchParams.get("attention"))
    .toContain(`${layer}.${head}*`);
  await expectNoViolations(page, { opened: "[data-panel=head-atlas]" });

  await page.keyboard.press("Escape");
  await expect(text.getByText(new RegExp(`^${name} at`))).toHaveCount(0);
  await expect(text.locator("[data-head-arcs]")).toHaveCount(0);
  await expect(stack.getByText(new RegExp(`${name} reads`))).toHaveCount(0);
});

test("a link has the chosen head, also where no attention panel is open", async ({ page }) => {
  const site = new Instrument(page);
  await site.open({ ...RUN, panels: "generated-text.stack", attention: "1.2*root100" });
  await site.run.click();
  await site.finished();
  const text = site.panel("Generated text");
  await expect(text.getByText(/^Layer 1, head 2 at/)).toBeVisible();
  await text.getByRole("button", { name: "Clear the chosen head" }).click();
  await expect(text.getByText(/^Layer 1, head 2 at/)).toHaveCount(0);
  await expect.poll(() => new URL(page.url()).searchParams.get("attention")).toBeNull();
});
