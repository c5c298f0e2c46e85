import { canFork } from "@/lib/run/fork";
import { useRunState } from "@/lib/run/run-context";
import { useFork } from "@/panels/fork-context";
import type { Panel } from "@/panels/panel";
import { words as panelLayoutWords } from "./words";

/** How to read the panel, in the words of the chosen depth. */
export function HowToRead({ panel, className = "" }: { panel: Panel; className?: string }) {
  const fork = useFork();
  const forkable = useRunState(({ run }) => canFork(run));
  const { howToRead, inWords, formula } = panel;
  const canBeTold = fork || !forkable;
  const how = forkable ? panel.howToFork : panelLayoutWords.cannotFork;
  const howToFork = canBeTold && panel.howToFork ? ` ${how}` : "";
  return (
    <div className={`max-w-[90ch] text-quiet text-small present:hidden ${className}`}>
      {inWords && (
        <p className="hidden look:block">
          {inWords}
          {howToFork}
        </p>
      )}
      <p className={inWords && "look:hidden"}>
        {howToRead}
        {howToFork}
      </p>
      {formula && <p className="figures mt-0.5 hidden text-micro measure:block">{formula}</p>}
    </div>
  );
}
