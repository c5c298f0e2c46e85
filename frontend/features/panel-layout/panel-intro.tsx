import { useFork } from "@/panels/fork-context";
import type { Panel } from "@/panels/panel";

/** How to read the panel, in the words of the chosen depth. */
export function HowToRead({ panel, className = "" }: { panel: Panel; className?: string }) {
  const fork = useFork();
  const { howToRead, inWords, formula } = panel;
  const howToFork = fork && panel.howToFork ? ` ${panel.howToFork}` : "";
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
