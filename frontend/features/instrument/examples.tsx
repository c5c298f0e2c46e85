"use client";

import { CornerDownRight, GraduationCap, Radio } from "lucide-react";
import { openNextChapter } from "@/features/chapters-offer/open-next-chapter";
import { words as chapterWords } from "@/features/chapters-offer/words";
import { useTrainings } from "@/features/training/use-trainings";
import { words } from "./words";

const BUTTON =
  "inline-flex cursor-pointer items-center gap-2 rounded-md border border-rule bg-paper px-2.5 text-left transition-colors hover:border-edge hover:bg-well";

interface ExamplesProps {
  /** Puts a prompt into the form and runs it. */
  begin: (prompt: string) => void;
  /** Whether a training is running on the server. */
  live: boolean;
}

export function Examples({ begin, live }: ExamplesProps) {
  return (
    <div>
      <p className="short:sr-only mb-1 text-micro text-quiet">{words.examples.title}</p>
      <ul className="flex flex-wrap gap-x-2 gap-y-1.5">
        {words.examples.prompts.map((prompt) => (
          <li key={prompt}>
            <button
              type="button"
              onClick={() => begin(prompt)}
              className={`${BUTTON} py-1 font-serif text-base`}
            >
              <CornerDownRight size={13} aria-hidden className="shrink-0 text-quiet" />
              {prompt} …
            </button>
          </li>
        ))}
      </ul>
      <TrainingOffers live={live} />
    </div>
  );
}

interface ShortExamplesProps extends ExamplesProps {
  /** The prompt that is left out. */
  except: unknown;
}

/** Examples in one line: the first words of the prompts, and a training. */
export function ShortExamples({ begin, live, except }: ShortExamplesProps) {
  const trainings = useTrainings();
  const prompts = words.examples.prompts.filter((prompt) => prompt !== except);
  return (
    <>
      {prompts.map((prompt) => (
        <button
          key={prompt}
          type="button"
          title={prompt}
          onClick={() => begin(prompt)}
          className={`${BUTTON} font-serif`}
        >
          {prompt.split(" ").slice(0, SHORT).join(" ")} …
        </button>
      ))}
      {live ? (
        <button type="button" className={BUTTON} onClick={() => void trainings.live()}>
          {words.trainings.live}
        </button>
      ) : (
        <button
          type="button"
          className={`${BUTTON} max-sm:hidden`}
          onClick={() => void trainings.example(true)}
        >
          {words.trainings.shortExample}
        </button>
      )}
      {/* Where there is room the header has the same offer. */}
      <button type="button" className={`${BUTTON} 2xl:hidden`} onClick={openNextChapter}>
        {chapterWords.take}
      </button>
    </>
  );
}

/** How many words of a prompt are shown in one line with others. */
const SHORT = 3;

/**
 * Buttons for trainings: the one that comes with the site, and one that is running on the server.
 */
function TrainingOffers({ live }: { live: boolean }) {
  const trainings = useTrainings();
  const look = `${BUTTON} py-1.5 text-small`;
  return (
    <div className="mt-2.5 short:mt-1.5 flex flex-wrap gap-x-2 gap-y-1.5">
      {live && (
        <button type="button" className={look} onClick={() => void trainings.live()}>
          <Radio size={14} aria-hidden className="shrink-0 text-quiet" />
          {words.trainings.live}
        </button>
      )}
      <button type="button" className={look} onClick={() => void trainings.example(true)}>
        <GraduationCap size={15} aria-hidden className="shrink-0 text-quiet" />
        {words.trainings.example}
      </button>
    </div>
  );
}
