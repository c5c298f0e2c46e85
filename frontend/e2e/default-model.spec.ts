import { cpSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, type Page, test } from "@playwright/test";
import { type Started, serveMav } from "./servers";

/** The default of the server: not the model that the site's own schema names. */
const OWN = "own-model";

let server: Started;

test.beforeAll(async () => {
  const folder = mkdtempSync(join(tmpdir(), "mav-models-"));
  cpSync("../mav_engine/models/mav-tiny", join(folder, OWN), { recursive: true });
  server = await serveMav([], { MAV_MODELS_DIR: folder, MAV_DEFAULT_MODEL: OWN });
});
test.afterAll(() => server.stop());

/** The models of all runs that the page has requested. */
function requestedModels(page: Page): (string | undefined)[] {
  const models: (string | undefined)[] = [];
  page.on("request", (request) => {
    if (!/\/api\/(run|compare)$/.test(request.url())) return;
    const { a, b, model } = request.postDataJSON();
    models.push(...(a ? [a.model, b.model] : [model]));
  });
  return models;
}

async function begin(page: Page, view: string): Promise<void> {
  if (view === "chat") {
    await page.getByRole("textbox", { name: "Message", exact: true }).fill("Tell me of a cat.");
    await page.keyboard.press("Enter");
  } else {
    await page.getByRole("textbox", { name: "Prompt", exact: true }).fill("Once");
    await page.getByRole("button", { name: "Run", exact: true }).click();
  }
}

const model = (page: Page) => page.getByLabel("Model", { exact: true });

for (const view of ["instrument", "compare", "chat"]) {
  test(`${view}: the model that is shown runs`, async ({ page }) => {
    const requested = requestedModels(page);
    await page.goto(`${server.url}/?view=${view}&max_new_tokens=4&panels=generated-text`);
    await expect(model(page)).toHaveValue(OWN);
    await begin(page, view);
    await expect.poll(() => requested).toEqual(view === "compare" ? [OWN, OWN] : [OWN]);
    await model(page).selectOption("mav-tiny");
    requested.length = 0;
    await begin(page, view);
    await expect.poll(() => requested[0]).toBe("mav-tiny");
  });

  test(`${view}: a run before the models are known is one of the default`, async ({ page }) => {
    const requested = requestedModels(page);
    let answer = () => {};
    const held = new Promise<void>((resolve) => {
      answer = resolve;
    });
    for (const known of ["**/api/models", "**/api/openapi.json"]) {
      await page.route(known, async (route) => {
        await held;
        await route.continue();
      });
    }
    await page.goto(`${server.url}/?view=${view}&max_new_tokens=4&panels=generated-text`);
    await expect(model(page).getByRole("option", { selected: true })).toHaveText(
      "The server’s default",
    );
    await begin(page, view);
    await expect
      .poll(() => requested)
      .toEqual(view === "compare" ? [undefined, undefined] : [undefined]);
    answer();
    await expect(model(page)).toHaveValue(OWN);
  });
}
