import { chosenWords } from "./language";
import type { Words } from "./words";

type Branch = Record<string, unknown>;

/**
 * An object like the English words whose every text is looked up when it is read, in the language
 * that is chosen then. Branches stay the same objects, so `const words = text.panels.layers` may
 * stand at the top of a module; a single text must not be copied there.
 */
export function inChosenLanguage(english: Words): Words {
  return follow(english, () => chosenWords() ?? english) as Words;
}

function follow(english: Branch, chosen: () => Branch): Branch {
  const followed: Branch = {};
  for (const [name, value] of Object.entries(english)) {
    const branch = isBranch(value) && follow(value, () => chosen()[name] as Branch);
    const get = branch ? () => branch : () => chosen()[name];
    Object.defineProperty(followed, name, { enumerable: true, get });
  }
  // Tables that are open to names, such as those of settings, may hold more in another language.
  return Object.keys(english).length > 0 ? followed : openTable(chosen);
}

const openTable = (chosen: () => Branch): Branch =>
  new Proxy({}, { get: (_, name) => chosen()[String(name)] });

const isBranch = (value: unknown): value is Branch =>
  typeof value === "object" && value !== null && !Array.isArray(value);
