import { words } from "./words";

export const nameOfControl = (control: string): string => words.controls[control] ?? control;

export const CHIP_CLASS = "font-sans text-micro text-quiet";

/** Shown instead of a probability: the control that removed the candidate. */
export function CutChip({ control }: { control: string }) {
  const name = nameOfControl(control);
  return (
    <span title={words.cutBy(name)} className={CHIP_CLASS}>
      <span className="sr-only">{words.cutBy("")}</span>
      {name}
    </span>
  );
}
