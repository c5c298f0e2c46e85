import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Beginning, FILE } from "@/features/first-recording/first-recording";
import type { RunEvent } from "@/lib/contract/frames";
import { parseEvent } from "@/lib/contract/parse-event";

/** Reads the beginning of the first recording from its file. */
export function firstBeginning(): Beginning {
  const lines = readFileSync(join(process.cwd(), "public", FILE), "utf8")
    .trim()
    .split("\n");
  const events: RunEvent[] = lines.slice(0, 2).map(parseEvent);
  const start = events.find((event) => event.type === "start")?.start;
  const prompt = events.find((event) => event.type === "prompt")?.prompt;
  if (!start || !prompt) throw new Error(`${FILE} does not begin with a start and a prompt`);
  return {
    model: start.model.title || start.model.name,
    prompt: start.settings.prompt ?? "",
    tokens: prompt.tokens,
  };
}
