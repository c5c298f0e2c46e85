import type { Branch } from "@/lib/run/branches";
import type { RunRecord } from "@/lib/run/run-record";
import { legible, visible } from "@/lib/text/characters";
import { words } from "./words";

/**
 * Returns the title of a branch: the visitor's name for it, the token at the fork, or its prompt.
 */
export function branchTitle({ name, fork }: Branch, record: RunRecord | undefined): string {
  if (name) return legible(name);
  if (fork) return words.named(visible(fork.token.text), fork.step);
  const { prompt, messages } = (record?.start?.settings ?? {}) as {
    prompt?: string | null;
    messages?: readonly { content: string }[] | null;
  };
  return legible(prompt || messages?.at(-1)?.content || "") || words.unnamed;
}
