"use client";

import { CornerDownRight, GraduationCap, Radio } from "lucide-react";
import { useTrainings } from "@/features/training/use-trainings";
import { words } from "./words";

interface ExamplesProps {
  /** Puts a prompt into the form and runs it. */
  begin: (prompt: string) => void;
  /** Whether a training is running on the server. */
  live: boolean;
}

export function Examples({ begin, live }: ExamplesProps) {
  return (
    <div>
      <p className="mb-1 text-micro text-quiet">{words.examples.title}</p>
      <ul className="flex flex-wrap gap-x-2 gap-y-1.5">
        {words.examples.prompts.map((prompt) => (
          <li key={prompt}>
            <button
              type="button"
              onClick={() => begin(prompt)}
              className="inline-flex cursor-pointer items-center gap-2 rounded-md border border-rule bg-paper px-2.5 py-1 text-left font-serif text-base transition-colors hover:border-edge hover:bg-well"
            >
              <CornerDownRight size={13} aria-hidden className="shrink-0 text-accent" />
              {prompt} …
            </button>
          </li>
        ))}
      </ul>
      <TrainingOffers live={live} />
    </div>
  );
}

/**
 * Buttons for trainings: the one that comes with the site, and one that is running on the server.
 */
function TrainingOffers({ live }: { live: boolean }) {
  const trainings = useTrainings();
  const look =
    "inline-flex cursor-pointer items-center gap-2 rounded-md border border-rule bg-paper px-2.5 py-1.5 text-left text-small transition-colors hover:border-edge hover:bg-well";
  return (
    <div className="mt-2.5 flex flex-wrap gap-x-2 gap-y-1.5">
      {live && (
        <button type="button" className={look} onClick={() => void trainings.live()}>
          <Radio size={14} aria-hidden className="shrink-0 text-accent" />
          {words.trainings.live}
        </button>
      )}
      <button type="button" className={look} onClick={() => void trainings.example(true)}>
        <GraduationCap size={15} aria-hidden className="shrink-0 text-accent" />
        {words.trainings.example}
      </button>
    </div>
  );
}
