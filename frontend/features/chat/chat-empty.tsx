import { CornerDownRight } from "lucide-react";
import type { ModelInfo } from "@/lib/contract";
import { words as chatWords } from "./words";

interface ChatEmptyProps {
  model: ModelInfo | undefined;
  onBegin: (draft: string) => void;
}

/** Shown before the first message: what a conversation is, and what to expect from the model. */
export function ChatEmpty({ model, onBegin }: ChatEmptyProps) {
  const words = chatWords.empty;
  return (
    <div data-terms className="relative mx-auto max-w-3xl">
      <p className="font-serif text-[1.3125rem] text-ink leading-snug">{words.title}</p>
      <p className="mt-1 text-quiet">{words.detail}</p>
      {model?.chat_template === false && (
        <p className="mt-4 border-edge border-l-2 py-0.5 pl-3">
          {words.noTemplate(model.title || model.name)}
        </p>
      )}
      <ul className="mt-5 flex flex-wrap gap-2">
        {words.beginnings.map((beginning) => (
          <li key={beginning}>
            <button
              type="button"
              onClick={() => onBegin(beginning)}
              className="inline-flex cursor-pointer items-center gap-2 rounded-md border border-rule bg-paper px-2.5 py-1.5 text-left transition-colors hover:border-edge hover:bg-well"
            >
              <CornerDownRight size={13} aria-hidden className="shrink-0 text-quiet" />
              {beginning}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}
