import { type Browser, chromium, expect, test } from "@playwright/test";
import lighthouse, { desktopConfig } from "lighthouse";

/**
 * `npm run lighthouse` also measures performance. Beside other tests the result would be random.
 */
const ALL = process.env.LIGHTHOUSE === "all";
const CATEGORIES = ["accessibility", "best-practices", ...(ALL ? ["performance"] : [])];
const RUNS = ALL ? 3 : 1;
const LEAST = 0.95;
/**
 * A phone is simulated by throttling this machine four times, so its result depends on the machine.
 */
const FORMS = { desktop: desktopConfig, ...(ALL && { phone: undefined }) };

for (const [form, config] of Object.entries(FORMS)) {
  test(`Lighthouse scores at least 0.95, ${form}`, async ({ baseURL }, testInfo) => {
    test.setTimeout(600_000);
    const port = 9300 + testInfo.workerIndex;
    const { launchOptions } = testInfo.project.use;
    const browser = await chromium.launch({
      ...launchOptions,
      args: [...(launchOptions?.args ?? []), `--remote-debugging-port=${port}`],
    });
    const scores = await measure(browser, `${baseURL}/`, port, config);
    for (const [name, all] of scores) {
      const summary = `  ${form}, ${name}: median ${median(all)} of ${all.join(", ")}`;
      console.log(summary);
      if (form === "desktop" || name !== "performance") {
        expect(median(all), summary).toBeGreaterThanOrEqual(LEAST);
      }
    }
  });
}

async function measure(
  browser: Browser,
  url: string,
  port: number,
  config: typeof desktopConfig | undefined,
) {
  const scores = new Map<string, number[]>(CATEGORIES.map((name) => [name, []]));
  const faults = new Set<string>();
  try {
    for (let run = 0; run < RUNS; run += 1) {
      const result = await lighthouse(url, { port, onlyCategories: CATEGORIES }, config);
      if (!result) throw new Error("Lighthouse gave no result");
      const { audits, categories, environment } = result.lhr;
      faults.add(`(speed of the machine ${environment.benchmarkIndex})`);
      for (const { id, score, auditRefs } of Object.values(categories)) {
        scores.get(id)?.push(score ?? 0);
        for (const { id: name, weight } of auditRefs) {
          const audit = audits[name];
          if (weight && audit && audit.score !== null && audit.score < 0.9) {
            faults.add(`${name} ${audit.score} ${audit.displayValue ?? ""}`);
          }
        }
      }
    }
  } finally {
    await browser.close();
  }
  console.log(`  below 0.9: ${[...faults].join("; ")}`);
  return scores;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
