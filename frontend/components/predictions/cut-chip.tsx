import { text } from "@/lib/text";

const words = text.panels.predictions;

/** In the place of a number: which control cut the candidate. */
export function CutChip({ control }: { control: string }) {
  const name = words.controls[control] ?? control;
  return (
    <span title={words.cutBy(name)} className="font-sans text-micro text-quiet">
      <span className="sr-only">{words.cutBy("")}</span>
      {name}
    </span>
  );
}
