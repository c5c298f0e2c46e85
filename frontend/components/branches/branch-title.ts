import type { Branch } from "@/lib/run/branches";
import type { RunRecord } from "@/lib/run/run-record";
import { text } from "@/lib/text";
import { legible, visible } from "@/lib/text/characters";

/** What a branch is called: the visitor's name, its token, or how its prompt begins. */
export function branchTitle({ name, fork }: Branch, record: RunRecord | undefined): string {
  if (name) return legible(name);
  if (fork) return text.fork.named(visible(fork.token.text), fork.step);
  const { prompt, messages } = (record?.start?.settings ?? {}) as {
    prompt?: string | null;
    messages?: readonly { content: string }[] | null;
  };
  return legible(prompt || messages?.at(-1)?.content || "") || text.fork.unnamed;
}
