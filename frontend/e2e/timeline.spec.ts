import { expect, type Locator, type Page } from "@playwright/test";
import { expectNoViolations } from "./axe";
import { test } from "./fixtures";
import { Instrument, SLOW, STORY, TEXT_ONLY } from "./instrument";

const LENGTH = 24;

class TimelinePage extends Instrument {
  readonly track: Locator;
  readonly loop: Locator;

  constructor(page: Page) {
    super(page);
    this.track = page.getByRole("slider", { name: "Token shown" });
    this.loop = page.getByRole("button", { name: "Loop" });
  }

  async written(settings: Record<string, string | number> = {}): Promise<void> {
    await this.open({
      ...TEXT_ONLY,
      prompt: STORY,
      max_new_tokens: LENGTH,
      min_new_tokens: LENGTH,
      temperature: 0.8,
      seed: 4,
      ...settings,
    });
    await this.run.click();
    await this.finished();
  }

  /** Returns the position of a token's centre on the screen. */
  async placeOf(step: number): Promise<{ x: number; y: number }> {
    const box = await this.track.boundingBox();
    if (!box) throw new Error("no timeline");
    return { x: box.x + ((step + 0.5) / LENGTH) * box.width, y: box.y + box.height / 2 };
  }

  async drag(from: number, to: number): Promise<void> {
    const [begin, end] = [await this.placeOf(from), await this.placeOf(to)];
    await this.page.mouse.move(begin.x, begin.y);
    await this.page.mouse.down();
    await this.page.mouse.move(end.x, end.y, { steps: 8 });
    await this.page.mouse.up();
  }

  shows(step: number): Promise<void> {
    return expect(this.track).toHaveAttribute("aria-valuenow", String(step));
  }

  text(): Promise<string | null> {
    return this.page.getByRole("listbox").evaluate((list) => list.textContent);
  }

  async runsActive(): Promise<number> {
    return (await (await this.page.request.get("/api/health")).json()).runs_active;
  }
}

test("a click and a drag show the token under the pointer in every panel", async ({ page }) => {
  const site = new TimelinePage(page);
  await site.written({ panels: "generated-text.output-distribution" });
  const newest = await site.panel("Output distribution").innerText();
  const place = await site.placeOf(5);
  await page.mouse.click(place.x, place.y);
  await site.shows(5);
  await expect(site.panel("Output distribution")).not.toHaveText(newest);
  await expect(page.getByRole("listbox").getByRole("option", { selected: true })).toHaveAttribute(
    "tabindex",
    "0",
  );
  await expect.poll(() => site.shownStep()).toBe(5);
  await site.drag(5, 17);
  await site.shows(17);
  await site.drag(17, -9);
  await site.shows(0);
  await expect(site.loop).toHaveAttribute("aria-pressed", "false");
});

test("the keys move from token to token and announce it", async ({ page }) => {
  const site = new TimelinePage(page);
  await site.written();
  await site.track.focus();
  await page.keyboard.press("Home");
  await site.shows(0);
  await expect(site.track).toHaveAttribute(
    "aria-valuetext",
    /^token 0 of 0 to 23: .+, probability .+ %, entropy .+ nats$/,
  );
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowRight");
  await site.shows(2);
  await page.keyboard.press("ArrowLeft");
  await site.shows(1);
  await page.keyboard.press("PageUp");
  await site.shows(11);
  await page.keyboard.press("End");
  await site.shows(23);
  // Also if nothing has the focus, since no element uses the keys then.
  await page.evaluate(() => (document.activeElement as HTMLElement).blur());
  await page.keyboard.press("ArrowLeft");
  await site.shows(22);
});

test("Space plays and pauses; a chosen speed applies", async ({ page }) => {
  const site = new TimelinePage(page);
  await site.written();
  await page.getByLabel("Speed").selectOption("2");
  await site.track.focus();
  await page.keyboard.press("Home");
  await page.keyboard.press("Space");
  const steps = page.getByRole("group", { name: "Which token" });
  await expect(steps.getByRole("button", { name: "Pause", exact: true })).toBeVisible();
  await expect(site.track).not.toHaveAttribute("aria-valuenow", "0");
  await page.keyboard.press("Space");
  await expect(steps.getByRole("button", { name: "Play" })).toBeVisible();
  const held = Number(await site.track.getAttribute("aria-valuenow"));
  expect(held).toBeLessThan(20);
  await page.getByLabel("Speed").selectOption("60");
  await steps.getByRole("button", { name: "Play" }).click();
  await site.shows(23);
});

test("a selected range plays in a loop", async ({ page }) => {
  const site = new TimelinePage(page);
  await site.written();
  await page.keyboard.down("Shift");
  await site.drag(6, 9);
  await page.keyboard.up("Shift");
  await expect(site.loop).toContainText("6–9");
  await site.track.evaluate((track) => {
    const shown: string[] = [];
    Object.assign(window, { shown });
    new MutationObserver(() => shown.push(track.getAttribute("aria-valuenow") ?? "")).observe(
      track,
      { attributeFilter: ["aria-valuenow"] },
    );
  });
  await page.getByLabel("Speed").selectOption("30");
  await site.track.press("Space");
  const shown = () => page.evaluate(() => (window as unknown as { shown: string[] }).shown);
  await expect.poll(async () => (await shown()).length).toBeGreaterThan(9);
  await site.track.press("Space");
  const seen = (await shown()).map(Number);
  expect(new Set(seen)).toEqual(new Set([6, 7, 8, 9]));
  expect(seen.some((step, i) => step < (seen[i - 1] ?? 0))).toBe(true);

  // By keyboard: clear it and select another one.
  await site.track.press("Delete");
  await expect(site.loop).toHaveAttribute("aria-pressed", "false");
  await site.track.press("Home");
  await site.shows(0);
  await site.track.press("Shift+ArrowRight");
  await site.shows(1);
  await site.track.press("Shift+ArrowRight");
  await expect(site.loop).toContainText("0–2");
});

test("a run that is paused, stepped and continued generates the same text", async ({ page }) => {
  const site = new TimelinePage(page);
  const total = 450;
  const settings = {
    prompt: STORY,
    max_new_tokens: total,
    min_new_tokens: total,
    seed: 21,
    ...SLOW,
  };
  const answer = await page.request.post("/api/run", {
    headers: { Accept: "application/x-ndjson" },
    data: settings,
  });
  const whole = JSON.parse((await answer.text()).trim().split("\n").at(-1) ?? "{}").text;

  await site.open({ ...TEXT_ONLY, ...settings });
  await site.run.click();
  // waitFor and a key are fast enough to pause the run before its end.
  await site.tokens.nth(14).waitFor({ state: "attached" });
  await page.getByRole("button", { name: "Pause run" }).press("Enter");
  await expect(site.status.getByText("Paused", { exact: true }).first()).toBeVisible();
  await expect.poll(() => site.runsActive()).toBe(0);
  const held = await site.tokens.count();
  expect(held).toBeLessThan(total);

  for (const more of [1, 2, 3]) {
    await page.getByRole("button", { name: "Step", exact: true }).click();
    await expect(site.tokens).toHaveCount(held + more);
    await expect(site.status.getByText("Paused", { exact: true }).first()).toBeVisible();
  }
  expect(await site.runsActive()).toBe(0);
  await page.getByRole("button", { name: "Continue", exact: true }).click();
  await site.finished();
  await expect(site.status).toContainText(`${total}/${total}`);
  expect(await site.text()).toContain(STORY + whole);
});

test("a breakpoint stops the run on the server, says why, and the run continues past it", async ({
  page,
}) => {
  const site = new TimelinePage(page);
  const settings = { prompt: STORY, max_new_tokens: 40, min_new_tokens: 40, temperature: 0.8 };
  const answer = await page.request.post("/api/run", {
    headers: { Accept: "application/x-ndjson" },
    data: { ...settings, seed: 4 },
  });
  const events = (await answer.text())
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  const rare = events.filter(({ type, logprob }) => type === "token" && logprob < Math.log(0.05));
  expect(rare.length).toBeGreaterThan(1);

  await site.open({ ...TEXT_ONLY, ...settings, seed: 4 });
  await page.getByText("Breakpoints").click();
  await page.getByRole("textbox", { name: "Probability below" }).fill("2");
  await expect(page.getByText("Enter a number: above 0 to 1.")).toBeVisible();
  await page.getByRole("textbox", { name: "Probability below" }).fill("0.05");
  await expect(page.getByText("1 on")).toBeVisible();
  await site.run.click();
  for (const { index } of rare) {
    await expect(site.status).toContainText(`Breakpoint at token ${index}: probability`);
    await site.shows(index);
    await page.getByRole("button", { name: "Continue", exact: true }).click();
  }
  await site.finished();
  expect(await site.text()).toContain(STORY + events.at(-1).text);

  // A change while the run is stopped applies when it continues.
  await page.getByRole("textbox", { name: "Probability below" }).fill("");
  await page.getByRole("textbox", { name: "Pattern matches" }).fill("[.!?]");
  await site.run.click();
  await expect(site.status).toContainText("the regular expression matched");
  await page.getByRole("textbox", { name: "Pattern matches" }).fill("");
  await page.getByRole("button", { name: "Continue", exact: true }).click();
  await site.finished();
});

test("an invalid pattern is reported at its field", async ({ page }) => {
  const site = new TimelinePage(page);
  await site.open({ ...TEXT_ONLY, prompt: STORY, max_new_tokens: 4 });
  await page.getByText("Breakpoints").click();
  const pattern = page.getByRole("textbox", { name: "Pattern matches" });
  await pattern.fill("(a");
  await site.run.click();
  await expect(pattern).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByText(/not a valid regular expression/).first()).toBeVisible();
});

test("the timeline stays visible while the panels scroll", async ({ page }) => {
  await page.setViewportSize({ width: 390, height: 800 });
  const site = new TimelinePage(page);
  await site.written({ panels: "generated-text.stack.layer-norms.attention-entropy" });
  await site.panel("Attention entropy").scrollIntoViewIfNeeded();
  await expect(site.track).toBeInViewport();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
});

test("axe finds nothing in timeline and breakpoints", async ({ page }) => {
  await page.emulateMedia({ reducedMotion: "reduce" });
  const site = new TimelinePage(page);
  await site.written();
  await page.getByText("Breakpoints").click();
  await page.keyboard.down("Shift");
  await site.drag(6, 12);
  await page.keyboard.up("Shift");
  await expectNoViolations(page, { opened: "[data-part=timeline], [data-part=settings]" });
});
