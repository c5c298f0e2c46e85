// @vitest-environment jsdom
import { readdirSync, readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { words as shortcutsWords } from "@/features/shortcuts/words";
import { words as failuresWords } from "@/lib/client/words";
import openapi from "@/lib/contract/openapi.json";
import {
  beginLanguage,
  chooseLanguage,
  currentLanguage,
  LANGUAGE_SCRIPT,
  languageStore,
} from "@/lib/i18n/language";
import { formatCount, formatNats, formatParameters } from "@/lib/i18n/numbers";
import { settingFields } from "@/lib/settings/fields";
import { words as settingsWords } from "@/lib/settings/words";
import { words as layerNormsWords } from "@/panels/layer-norms/words";
import { PANELS } from "@/panels/registry";
import { german } from "./de";
import { english } from "./en";
import { LOADERS } from "./loaders";

/** Returns every text and function with its path. Lists are included. */
function leaves(words: unknown, path = ""): [string, unknown][] {
  if (typeof words !== "object" || words === null) return [[path, words]];
  return Object.entries(words).flatMap(([name, value]) => leaves(value, `${path}.${name}`));
}
/** Explanations of settings: the English ones are in the schema, not in the texts. */
const isOpen = (path: string) => path.startsWith(".settings.explanations.");
/** Prompts for a model that understands English only. */
const isForTheModel = (path: string) =>
  /^\.(instrument\.examples\.prompts|chat\.empty\.beginnings)\./.test(path);
const ENGLISH = leaves(english);
const GERMAN = new Map(leaves(german).filter(([path]) => !isOpen(path)));

/** Arguments that can be recognised in the text that a function returns. */
const SAMPLES = [7, 31, 53];

beforeEach(() => beginLanguage(LOADERS));

afterEach(async () => {
  window.history.replaceState(null, "", "/");
  await chooseLanguage("en");
  localStorage.clear();
});

test("the lists of both languages contain the texts of every part", () => {
  const parts = ["components", "features", "lib", "panels"].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      .filter((path) => /(^|\/)words\.en\.ts$/.test(path))
      .map((path) => `${folder}/${path}`),
  );
  for (const language of ["en", "de"] as const) {
    const list = readFileSync(`words/${language}.ts`, "utf8");
    const missing = parts.filter(
      (path) => !list.includes(`"@/${path.replace(/en\.ts$/, language)}"`),
    );
    expect(missing).toEqual([]);
  }
  expect(parts.length).toBe(Object.keys(english).length);
});

describe("German", () => {
  test("has every text that English has, and no other", () => {
    expect([...GERMAN.keys()].sort()).toEqual(ENGLISH.map(([path]) => path).sort());
  });

  test.each(ENGLISH)("%s has the same type and is not empty", (path, words) => {
    const own = GERMAN.get(path);
    expect(typeof own).toBe(typeof words);
    if (words !== "") expect(own).not.toBe("");
  });

  test.each(ENGLISH.filter(([path]) => !isForTheModel(path)))(
    "%s is translated if it is a sentence",
    (path, words) => {
      if (typeof words !== "string" || words.split(" ").length < 4) return;
      expect(GERMAN.get(path)).not.toBe(words);
    },
  );

  test.each(ENGLISH.filter(([, words]) => typeof words === "function"))(
    "%s contains all arguments that the English text contains",
    (path, words) => {
      const contained = (text: unknown) => {
        const result = String((text as (...given: unknown[]) => unknown)(...SAMPLES));
        return SAMPLES.filter((sample) => result.includes(String(sample)));
      };
      try {
        expect(contained(GERMAN.get(path))).toEqual(contained(words));
      } catch (error) {
        // The argument is a list or a text: only compare the number of parameters.
        if (!(error instanceof TypeError)) throw error;
        expect((GERMAN.get(path) as { length: number }).length).toBe((words as () => void).length);
      }
    },
  );

  test.each(settingFields(openapi).map(({ name }) => name))("explains %s", (name) => {
    expect(german.settings.explanations[name]).toMatch(/\.$/);
    expect(german.settings.names[name] ?? name).not.toBe("");
  });

  test("has singular and plural", () => {
    expect(german.status.layers(1)).toBe("1 Schicht");
    expect(german.status.layers(1200)).toBe("1.200 Schichten");
    expect(german.settings.range.to(german.settings.range.from(0), 10)).toBe("0 bis 10");
    expect(german.settings.range.to(german.settings.range.above(0), 1)).toBe("über 0 bis 1");
  });
});

describe("the chosen language", () => {
  test("changes texts that a module read when it was loaded, and changes them back", async () => {
    const words = layerNormsWords;
    const changes: string[] = [];
    const stop = languageStore.subscribe((now, before) => {
      if (now.language !== before.language) changes.push(now.language);
    });
    expect(words.title).toBe(english.layerNorms.title);
    await chooseLanguage("de");
    expect(words.title).toBe(german.layerNorms.title);
    expect(words.reading("3", "1.5")).toBe("Schicht 3: 1.5");
    expect({ ...failuresWords.unreachable }).toEqual(german.failures.unreachable);
    expect(settingsWords.explanations.top_k).toBe(german.settings.explanations.top_k);
    expect(shortcutsWords.rows).toEqual(german.shortcuts.rows);
    expect(formatParameters(5_870_000)).toMatch(/^5,87\sMio\.$/);
    // A German reader would read "4,096" as a decimal number.
    expect(formatCount(4096)).toMatch(/^4\s096$/);
    await chooseLanguage("en");
    expect(formatCount(4096)).toBe("4,096");
    expect(words.title).toBe(english.layerNorms.title);
    expect(settingsWords.explanations.top_k).toBeUndefined();
    stop();
    await chooseLanguage("de");
    expect(changes).toEqual(["de", "en"]);
  });

  test("is the last of two choices", async () => {
    await Promise.all([chooseLanguage("de"), chooseLanguage("en")]);
    expect(currentLanguage()).toBe("en");
    expect(document.documentElement.lang).toBe("en");
  });

  test.each(PANELS.map((panel) => [panel.id, panel] as const))(
    "%s changes its texts",
    async (_, panel) => {
      const { title, howToRead } = panel;
      await chooseLanguage("de");
      expect(panel.title).not.toBe(title);
      expect(panel.howToRead).not.toBe(howToRead);
    },
  );
});

test("values that round to 0 nats have no sign", () => {
  expect([-0.001, 0.004, -0.31].map(formatNats)).toEqual(["0.00", "0.00", "-0.31"]);
});

describe("a visitor's language", () => {
  const arrive = async (query: string, browser: string[]) => {
    document.documentElement.lang = "en";
    window.history.replaceState(null, "", `/${query}`);
    Object.defineProperty(navigator, "languages", { value: browser, configurable: true });
    new Function(LANGUAGE_SCRIPT)();
    await beginLanguage(LOADERS);
    return [document.documentElement.lang, currentLanguage()];
  };

  test.each([
    ["the browser's language", "", ["de-CH", "en"], "de"],
    ["the first of the browser's languages that the page has", "", ["fr", "en-GB", "de"], "en"],
    ["English if the page has none of them", "", ["fr"], "en"],
    ["that of the link", "?lang=de", ["en"], "de"],
    ["the browser's if the page does not have the link's", "?lang=tlh", ["de"], "de"],
  ])("is %s", async (_, query, browser, expected) => {
    expect(await arrive(query, browser)).toEqual([expected, expected]);
  });

  test("is kept when the visitor chose it, and overrides the browser's", async () => {
    await chooseLanguage("de");
    expect(await arrive("", ["en"])).toEqual(["de", "de"]);
    expect(await arrive("?lang=en", ["de"])).toEqual(["en", "en"]);
    expect(await arrive("", ["de"])).toEqual(["en", "en"]);
  });

  test("replaces that of the link when the visitor chooses another", async () => {
    await arrive("?top_k=3&lang=de", ["en"]);
    await chooseLanguage("en");
    expect(window.location.search).toBe("?top_k=3&lang=en");
  });
});
