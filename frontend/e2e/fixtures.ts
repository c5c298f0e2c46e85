import { type BrowserContext, type Page, test as withNewPage } from "@playwright/test";

/** The page that the tests of a worker share, in its own context. */
interface Tab {
  readonly context: BrowserContext;
  readonly page: Page;
  /** The options of the context, which cannot be changed later. */
  readonly options: string;
  /** Whether a test did something that the next test would notice. */
  used: boolean;
}

interface Shared {
  tab: Tab | null;
}

/** The events that a test may have listened to. */
const EVENTS = ["request", "response", "requestfailed", "requestfinished", "console", "pageerror"];

/**
 * Like Playwright's `test`, but a worker's tests share a page: loading the site into a new one takes
 * longer than most tests. Each test begins on an empty page with the storage of `storageState`; only
 * what the browser knows of the site's files stays. A test of the first load, or of what a browser
 * does beside the page, uses Playwright's own.
 */
export const test = withNewPage.extend<object, { shared: Shared }>({
  shared: [
    // biome-ignore lint/correctness/noEmptyPattern: Playwright reads from it what a fixture needs
    async ({}, use) => {
      const shared: Shared = { tab: null };
      await use(shared);
      await shared.tab?.context.close();
    },
    { scope: "worker" },
  ],

  context: async (
    { shared, browser, baseURL, viewport, isMobile, hasTouch, colorScheme, storageState },
    use,
  ) => {
    const options = JSON.stringify({ baseURL, isMobile, hasTouch });
    if (shared.tab?.used || shared.tab?.options !== options) {
      await shared.tab?.context.close();
      const context = await browser.newContext();
      shared.tab = { context, page: await context.newPage(), options, used: false };
      noteLasting(shared.tab);
    } else {
      const { page, context } = shared.tab;
      for (const other of context.pages()) if (other !== page) await other.close();
      await page.emulateMedia({
        colorScheme,
        reducedMotion: null,
        forcedColors: null,
        media: null,
      });
      await page.mouse.move(-1, -1);
      if (viewport) await page.setViewportSize(viewport);
      const states = typeof storageState === "object" ? storageState.origins : [];
      await store(page, states.find(({ origin }) => origin === baseURL)?.localStorage ?? []);
    }
    const { context, page } = shared.tab;
    await use(context);
    await context.setOffline(false);
    for (const event of EVENTS) {
      page.removeAllListeners(event);
      context.removeAllListeners(event);
    }
    await page.unrouteAll({ behavior: "ignoreErrors" });
    // What another site has stored is not removed.
    const isElsewhere = (each: Page) => !each.url().startsWith(`${baseURL}/`);
    if (page.isClosed() || context.pages().some(isElsewhere)) shared.tab.used = true;
  },

  page: async ({ context, shared }, use) => {
    await use(shared.tab?.page ?? (await context.newPage()));
  },
});

/** Leaves the site, and replaces all that it has stored. */
async function store(page: Page, items: readonly { name: string; value: string }[]): Promise<void> {
  await page.goto("/robots.txt");
  await page.evaluate(async (items) => {
    sessionStorage.clear();
    localStorage.clear();
    for (const { name, value } of items) localStorage.setItem(name, value);
    const databases = await indexedDB.databases();
    const deleted = databases.map(
      ({ name = "" }) =>
        new Promise<void>((resolve, reject) => {
          const request = indexedDB.deleteDatabase(name);
          request.onsuccess = () => resolve();
          request.onerror = () => reject(request.error);
        }),
    );
    const caches = await window.caches.keys();
    await Promise.all([...deleted, ...caches.map((name) => window.caches.delete(name))]);
  }, items);
}

/** Notes what a test does that cannot be undone: the next test gets a new page. */
function noteLasting(tab: Tab): void {
  const note = <Name extends string>(
    owner: Record<Name, (...given: never[]) => unknown>,
    ...names: Name[]
  ) => {
    for (const name of names) {
      const real = owner[name];
      owner[name] = (...given) => {
        tab.used = true;
        return real.apply(owner, given);
      };
    }
  };
  note(tab.page, "addInitScript", "exposeFunction", "exposeBinding");
  note(tab.context, "addInitScript", "exposeFunction", "exposeBinding");
  note(tab.context, "grantPermissions", "addCookies");
  note(tab.page.clock, "install", "setFixedTime", "setSystemTime");
}
