import { readdirSync, readFileSync } from "node:fs";
import { extendTailwindMerge } from "tailwind-merge";
import { expect, test } from "vitest";
import { classNames } from "./class-names";

const FOLDERS = ["app", "components", "features", "panels"];
/** tailwind-merge with all of Tailwind's classes and the font sizes of `globals.css`. */
const full = extendTailwindMerge({ extend: { theme: { text: ["micro", "small"] } } });

/** Returns all Tailwind classes in the site's sources, without modifiers such as `hover:`. */
function utilities(): string[] {
  const files = FOLDERS.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" }).map((file) => `${folder}/${file}`),
  ).filter((file) => /(?<!\.test)\.tsx?$/.test(file));
  const words = files.flatMap((file) => {
    const strings = readFileSync(file, "utf8").matchAll(/"([^"\n]*)"|`([^`$]*)/g);
    return [...strings].flatMap(([, quoted, template]) => (quoted ?? template ?? "").split(/\s+/));
  });
  const bare = words.map((word) => word.replace(/^([^[\s]*:|\[[^\]]*\]:)+/, ""));
  return [...new Set(bare)].filter(
    (word) => /^-?[a-z][^"'<>;{}]*(?<!-)$/.test(word) && full(`${word} ${word}`) === word,
  );
}

test("merges any two classes as tailwind-merge does with its full configuration", () => {
  const all = utilities();
  expect(all.length).toBeGreaterThan(200);
  const differing = all.flatMap((first) =>
    all
      .filter((second) => second !== first)
      .filter((second) => classNames(first, second) !== full(`${first} ${second}`))
      .map((second) => `${first} ${second}`),
  );
  expect(differing).toEqual([]);
});
