import AxeBuilder from "@axe-core/playwright";
import { expect, type Page } from "@playwright/test";

/** The rules whose result depends on the theme. */
const COLOUR_RULES = ["color-contrast", "link-in-text-block"];

const THEMES = ["light", "dark"] as const;

interface Checked {
  /** A selector of the part that is new since the last check; colours are checked only in it. */
  readonly opened?: string | undefined;
  /** The themes in which colours are checked. */
  readonly themes?: readonly (typeof THEMES)[number][];
}

/** Checks the page with axe: colours in each theme, all other rules once. */
export async function expectNoViolations(
  page: Page,
  { opened, themes = THEMES }: Checked = {},
): Promise<void> {
  // Each run of axe reads the whole page first, so that one run checks all rules in the first theme.
  const together = opened === undefined && themes.length > 0;
  const found = together ? [] : await violations(axe(page).disableRules(COLOUR_RULES));
  for (const [place, colorScheme] of themes.entries()) {
    await page.emulateMedia({ colorScheme });
    await page.evaluate(settled);
    const checked = axe(page);
    if (!together || place > 0) checked.withRules(COLOUR_RULES);
    if (opened) checked.include(opened);
    const inTheme = await violations(checked);
    found.push(...inTheme.map((violation) => `${colorScheme}, ${violation}`));
  }
  if (themes.length > 0) await page.emulateMedia({ colorScheme: "light" });
  expect(found).toEqual([]);
}

/** Resolves when no colour is on its way from one theme to the other. */
const settled = async () => {
  const all = document.getAnimations().filter((each) => each instanceof CSSTransition);
  await Promise.allSettled(all.map(({ finished }) => finished));
};

/**
 * Legacy mode opens no extra page for merging the results of frames, of which the site has none.
 * Both options save most of the time.
 */
const axe = (page: Page) =>
  new AxeBuilder({ page })
    // Base UI's guards around a popup only pass the focus on.
    .exclude("[data-base-ui-focus-guard]")
    .setLegacyMode()
    .options({ resultTypes: ["violations"] });

async function violations(builder: AxeBuilder): Promise<string[]> {
  const { violations } = await builder.analyze();
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" | ")}`);
}
