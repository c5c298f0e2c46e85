import { afterEach, describe, expect, test } from "vitest";
import openapi from "@/lib/contract/openapi.json";
import { settingFields } from "@/lib/settings/fields";
import { PANELS } from "@/panels/registry";
import { german } from "./de";
import { english } from "./en";
import { text } from "./index";
import {
  beginLanguage,
  chooseLanguage,
  currentLanguage,
  LANGUAGE_SCRIPT,
  onLanguageChange,
} from "./language";
import { formatCount, formatNats, formatParameters } from "./numbers";

/** Every text and function by its path; lists are walked, tables open to names are not compared. */
function leaves(words: unknown, path = ""): [string, unknown][] {
  if (typeof words !== "object" || words === null) return [[path, words]];
  return Object.entries(words).flatMap(([name, value]) => leaves(value, `${path}.${name}`));
}
const isOpen = (path: string) => path.startsWith(".form.explanations.");
/** Said to a model that knows English only. */
const isForTheModel = (path: string) =>
  /^\.(examples\.prompts|chat\.empty\.beginnings)\./.test(path);
const ENGLISH = leaves(english);
const GERMAN = new Map(leaves(german).filter(([path]) => !isOpen(path)));

/** Stands in for an argument and can be found again in what a function says. */
const SAMPLES = [7, 31, 53];

afterEach(async () => {
  window.history.replaceState(null, "", "/");
  await chooseLanguage("en");
  localStorage.clear();
});

describe("German", () => {
  test("has every text of the English page and no other", () => {
    expect([...GERMAN.keys()].sort()).toEqual(ENGLISH.map(([path]) => path).sort());
  });

  test.each(ENGLISH)("%s is of the same kind and not empty", (path, words) => {
    const own = GERMAN.get(path);
    expect(typeof own).toBe(typeof words);
    if (words !== "") expect(own).not.toBe("");
  });

  test.each(ENGLISH.filter(([path]) => !isForTheModel(path)))(
    "%s is translated where it is a sentence",
    (path, words) => {
      if (typeof words !== "string" || words.split(" ").length < 4) return;
      expect(GERMAN.get(path)).not.toBe(words);
    },
  );

  test.each(ENGLISH.filter(([, words]) => typeof words === "function"))(
    "%s names all that the English says",
    (path, words) => {
      const said = (speak: unknown) => {
        const spoken = String((speak as (...given: unknown[]) => unknown)(...SAMPLES));
        return SAMPLES.filter((sample) => spoken.includes(String(sample)));
      };
      try {
        expect(said(GERMAN.get(path))).toEqual(said(words));
      } catch (error) {
        // A function of a list or of a text: it is enough that both take as much.
        if (!(error instanceof TypeError)) throw error;
        expect((GERMAN.get(path) as { length: number }).length).toBe((words as () => void).length);
      }
    },
  );

  test.each(settingFields(openapi).map(({ name }) => name))("explains %s", (name) => {
    expect(german.form.explanations[name]).toMatch(/\.$/);
    expect(german.form.settings[name] ?? name).not.toBe("");
  });

  test("says one and many", () => {
    expect(german.status.layers(1)).toBe("1 Schicht");
    expect(german.status.layers(1200)).toBe("1.200 Schichten");
    expect(german.form.range.to(german.form.range.from(0), 10)).toBe("0 bis 10");
    expect(german.form.range.to(german.form.range.above(0), 1)).toBe("über 0 bis 1");
  });
});

describe("the chosen language", () => {
  test("reaches words that a module took when it was loaded, and goes back", async () => {
    const words = text.panels.layers;
    const heard: string[] = [];
    const stop = onLanguageChange(() => heard.push(currentLanguage()));
    expect(words.title).toBe(english.panels.layers.title);
    await chooseLanguage("de");
    expect(words.title).toBe(german.panels.layers.title);
    expect(words.reading("3", "1.5")).toBe("Schicht 3: 1.5");
    expect({ ...text.failures.unreachable }).toEqual(german.failures.unreachable);
    expect(text.form.explanations.top_k).toBe(german.form.explanations.top_k);
    expect(text.shortcuts.rows).toEqual(german.shortcuts.rows);
    expect(formatParameters(5_870_000)).toMatch(/^5,87\sMio\.$/);
    // In German "4,096" would be read as four and a bit.
    expect(formatCount(4096)).toMatch(/^4\s096$/);
    await chooseLanguage("en");
    expect(formatCount(4096)).toBe("4,096");
    expect(words.title).toBe(english.panels.layers.title);
    expect(text.form.explanations.top_k).toBeUndefined();
    stop();
    await chooseLanguage("de");
    expect(heard).toEqual(["de", "en"]);
  });

  test("of two choices the later one holds", async () => {
    await Promise.all([chooseLanguage("de"), chooseLanguage("en")]);
    expect(currentLanguage()).toBe("en");
    expect(document.documentElement.lang).toBe("en");
  });

  test.each(PANELS.map((panel) => [panel.id, panel] as const))("%s speaks it", async (_, panel) => {
    const { title, howToRead } = panel;
    await chooseLanguage("de");
    expect(panel.title).not.toBe(title);
    expect(panel.howToRead).not.toBe(howToRead);
  });
});

test("what is as good as no nats has no sign", () => {
  expect([-0.001, 0.004, -0.31].map(formatNats)).toEqual(["0.00", "0.00", "-0.31"]);
});

describe("a visitor's language", () => {
  const arrive = async (query: string, browser: string[]) => {
    document.documentElement.lang = "en";
    window.history.replaceState(null, "", `/${query}`);
    Object.defineProperty(navigator, "languages", { value: browser, configurable: true });
    new Function(LANGUAGE_SCRIPT)();
    await beginLanguage();
    return [
      document.documentElement.lang,
      currentLanguage(),
      document.documentElement.dataset.words,
    ];
  };

  test.each([
    ["the browser's", "", ["de-CH", "en"], "de"],
    ["the first one that the page knows", "", ["fr", "en-GB", "de"], "en"],
    ["English where it knows none", "", ["fr"], "en"],
    ["a link's", "?lang=de", ["en"], "de"],
    ["the browser's where a link names none that is known", "?lang=tlh", ["de"], "de"],
  ])("is %s", async (_, query, browser, expected) => {
    expect(await arrive(query, browser)).toEqual([expected, expected, undefined]);
  });

  test("is kept when it was chosen, over the browser's", async () => {
    await chooseLanguage("de");
    expect(await arrive("", ["en"])).toEqual(["de", "de", undefined]);
    expect(await arrive("?lang=en", ["de"])).toEqual(["en", "en", undefined]);
    expect(await arrive("", ["de"])).toEqual(["en", "en", undefined]);
  });

  test("is kept when it was chosen over a link's", async () => {
    await arrive("?top_k=3&lang=de", ["en"]);
    await chooseLanguage("en");
    expect(window.location.search).toBe("?top_k=3&lang=en");
  });
});
