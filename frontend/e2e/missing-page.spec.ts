import { expect, test } from "@playwright/test";
import { LANGUAGES } from "../lib/i18n/language";
import { german } from "../words/de";
import { english } from "../words/en";
import { expectNoViolations } from "./axe";

for (const language of LANGUAGES) {
  test(`a missing address shows a page that links home, ${language}`, async ({
    browser,
    baseURL,
  }) => {
    const { notFound } = language === "de" ? german : english;
    const context = await browser.newContext({ baseURL: baseURL ?? "", locale: language });
    const page = await context.newPage();
    await page.emulateMedia({ reducedMotion: "reduce" });
    const answer = await page.goto("/some/where/else");
    expect(answer?.status()).toBe(404);
    await expect(page.getByRole("heading")).toHaveText(notFound.title);
    await expect(page.getByText(notFound.detail)).toBeVisible();
    await expectNoViolations(page);
    await page.getByRole("link", { name: notFound.home }).click();
    await expect(page).toHaveURL(`${baseURL}/`);
    await expect(page.getByRole("main")).toBeVisible();
    await context.close();
  });
}

test("browsers find the icons, and crawlers robots.txt", async ({ request }) => {
  const icon = await request.get("/favicon.ico");
  expect(icon.ok()).toBe(true);
  expect([...(await icon.body()).subarray(0, 4)]).toEqual([0, 0, 1, 0]);
  expect((await request.get("/icon.svg")).headers()["content-type"]).toContain("image/svg+xml");
  expect(await (await request.get("/robots.txt")).text()).toContain("Disallow: /api/");
});
