"use client";

import { CornerDownRight, GraduationCap, Radio } from "lucide-react";
import { text } from "@/lib/text";
import { useBegin } from "./begin-context";
import { useLiveTraining, useTrainings } from "./training/use-trainings";

/** Beginnings that fit the model that comes with the page; one press runs one. */
export function Examples() {
  const begin = useBegin();
  if (!begin) return null;
  return (
    <div>
      <p className="mb-1 text-micro text-quiet">{text.examples.title}</p>
      <ul className="flex flex-wrap gap-x-2 gap-y-1.5">
        {text.examples.prompts.map((prompt) => (
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
      <TrainingOffers />
    </div>
  );
}

/** Trainings that can be watched: the one that comes with the site, and one that goes on here. */
function TrainingOffers() {
  const trainings = useTrainings();
  const live = useLiveTraining();
  const words = text.training;
  const look =
    "inline-flex cursor-pointer items-center gap-2 rounded-md border border-rule bg-paper px-2.5 py-1.5 text-left text-small transition-colors hover:border-edge hover:bg-well";
  return (
    <div className="mt-2.5 flex flex-wrap gap-x-2 gap-y-1.5">
      {live && (
        <button type="button" className={look} onClick={() => void trainings.live()}>
          <Radio size={14} aria-hidden className="shrink-0 text-accent" />
          {words.open.live}
        </button>
      )}
      <button type="button" className={look} onClick={() => void trainings.example(true)}>
        <GraduationCap size={15} aria-hidden className="shrink-0 text-accent" />
        {words.example.open}
      </button>
    </div>
  );
}
