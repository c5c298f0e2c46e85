import { chromium, expect, test } from "@playwright/test";
import lighthouse from "lighthouse";

/** `npm run lighthouse` measures speed too; a busy machine would make that a coin toss here. */
const ALL = process.env.LIGHTHOUSE === "all";
const CATEGORIES = ["accessibility", "best-practices", ...(ALL ? ["performance"] : [])];
const RUNS = ALL ? 3 : 1;
const LEAST = 0.95;

test("Lighthouse is content", async ({ baseURL }, testInfo) => {
  test.setTimeout(600_000);
  const { launchOptions } = testInfo.project.use;
  const port = 9300 + testInfo.workerIndex;
  const browser = await chromium.launch({
    ...launchOptions,
    args: [...(launchOptions?.args ?? []), `--remote-debugging-port=${port}`],
  });
  const scores = new Map<string, number[]>(CATEGORIES.map((name) => [name, []]));
  const faults = new Set<string>();
  try {
    for (let run = 0; run < RUNS; run += 1) {
      const result = await lighthouse(`${baseURL}/`, { port, onlyCategories: CATEGORIES });
      if (!result) throw new Error("Lighthouse gave no result");
      for (const { id, score, auditRefs } of Object.values(result.lhr.categories)) {
        scores.get(id)?.push(score ?? 0);
        for (const { id: name, weight } of auditRefs) {
          const audit = result.lhr.audits[name];
          if (weight && audit && audit.score !== null && audit.score < 0.9) {
            faults.add(`${name} ${audit.score} ${audit.displayValue ?? ""}`);
          }
        }
      }
    }
  } finally {
    await browser.close();
  }
  for (const [name, all] of scores) {
    console.log(`  ${name}: median ${median(all)} of ${all.join(", ")}`);
  }
  console.log(`  below 0.9: ${[...faults].join("; ") || "nothing"}`);
  for (const all of scores.values()) expect(median(all)).toBeGreaterThanOrEqual(LEAST);
});

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}
