import type { ModelInfo } from "@/lib/contract";
import { words as panelsWords } from "./words";

/** Why a chat server does not give what a panel shows. */
export type Unavailable = NonNullable<ModelInfo["server"]>["not_available"][string] | "given";

/** Shown in a panel whose numbers the server of the model does not send. */
export function NotAvailable({ why }: { why: Unavailable | undefined }) {
  const words = panelsWords.notAvailable;
  return (
    <div className="pt-3">
      <p className="text-small text-ink">{words.title}</p>
      {why && <p className="mt-1 text-quiet text-small">{words[why]}</p>}
    </div>
  );
}
