import { expect, type Page } from "@playwright/test";
import core, { type RunOptions } from "axe-core";

/** The rules whose result depends on the theme. */
const COLOUR_RULES = ["color-contrast", "link-in-text-block"];
/** The elements that they check. */
const COLOURED = { "color-contrast": "*", "link-in-text-block": "a[href]" };

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
  await prepare(page, opened);
  const [first, ...others] = themes;
  // Each run of axe reads the whole page first, so that one run checks all rules in the first theme.
  const found = first ? [] : await violations(page, { rules: colourRules(false) });
  if (first) found.push(...(await inTheme(page, first, {})));
  for (const theme of others) {
    found.push(...(await inTheme(page, theme, { runOnly: COLOUR_RULES })));
  }
  if (first) await page.emulateMedia({ colorScheme: "light" });
  expect(found).toEqual([]);
}

async function inTheme(
  page: Page,
  colorScheme: (typeof THEMES)[number],
  options: RunOptions,
): Promise<string[]> {
  await page.emulateMedia({ colorScheme });
  await page.evaluate(settled);
  return (await violations(page, options)).map((violation) => `${colorScheme}, ${violation}`);
}

/** Resolves when no colour is on its way from one theme to the other. */
const settled = async () => {
  const all = document.getAnimations().filter((each) => each instanceof CSSTransition);
  await Promise.allSettled(all.map(({ finished }) => finished));
};

const colourRules = (enabled: boolean) =>
  Object.fromEntries(COLOUR_RULES.map((rule) => [rule, { enabled }]));

/** Loads axe into the page, once, and limits the rules of colours to a part of the page. */
async function prepare(page: Page, part: string | undefined): Promise<void> {
  if (!(await page.evaluate(() => "axe" in window))) {
    await page.evaluate(withCheapFields);
    await page.evaluate(core.source);
    await page.evaluate(withKnownColours);
  }
  const rules = Object.entries(COLOURED).map(([id, selector]) => ({
    id,
    selector: part ? `:is(:is(${part}), :is(${part}) *):is(${selector})` : selector,
  }));
  await page.evaluate((rules) => axe.configure({ rules }), rules);
}

declare const axe: typeof core & {
  commons: { color: { Color: { prototype: ParsedColour } } };
};

interface ParsedColour {
  r: number;
  g: number;
  b: number;
  alpha: number;
  parseString(text: string): this;
}

declare global {
  interface Window {
    restoreWeakMap: () => void;
  }
}

/**
 * axe is compiled for browsers without private fields: each is a WeakMap. Those of its colours are
 * most of the time that it takes, so while axe is loaded, a WeakMap is a property of its keys.
 */
function withCheapFields(): void {
  const real = WeakMap;
  window.restoreWeakMap = () => {
    window.WeakMap = real;
  };
  class Fields {
    readonly name = Symbol();
    has(key: object): boolean {
      return this.name in key;
    }
    get(key: object): unknown {
      return (key as Record<symbol, unknown>)[this.name];
    }
    set(key: object, value: unknown): this {
      (key as Record<symbol, unknown>)[this.name] = value;
      return this;
    }
    delete(key: object): boolean {
      return delete (key as Record<symbol, unknown>)[this.name];
    }
  }
  window.WeakMap = Fields as unknown as WeakMapConstructor;
}

/** A page has a few colours, which axe parses again for each element and all that is below it. */
function withKnownColours(): void {
  window.restoreWeakMap();
  const colour = axe.commons.color.Color.prototype;
  const parse = colour.parseString;
  const known = new Map<string, { r: number; g: number; b: number; alpha: number }>();
  colour.parseString = function (text) {
    const found = known.get(text);
    if (found) return Object.assign(this, found);
    const { r, g, b, alpha } = parse.call(this, text);
    known.set(text, { r, g, b, alpha });
    return this;
  };
}

async function violations(page: Page, options: RunOptions): Promise<string[]> {
  const found = await page.evaluate(async (options) => {
    // Base UI's guards around a popup only pass the focus on.
    const context = { exclude: ["[data-base-ui-focus-guard]"] };
    const { violations } = await axe.run(context, { ...options, resultTypes: ["violations"] });
    return violations.map(({ id, nodes }) => ({ id, html: nodes.map(({ html }) => html) }));
  }, options);
  return found.map(({ id, html }) => `${id}: ${html.join(" | ")}`);
}
