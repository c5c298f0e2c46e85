import { linkedStore } from "@/lib/url-state/linked-store";
import { type Controls, TRIED } from "./sampler";

/** The controls that differ from those of the run. */
export type TriedControls = Partial<Controls>;

/** The controls to try; in a link `temperature1.2*top_p0.9`. */
export const triedControls = linkedStore<TriedControls>("what-if", {}, { encode, decode });

export const tryControl = (name: keyof Controls, value: number): void =>
  triedControls.setState({ [name]: value });

export const tryNothing = (): void => triedControls.setState({}, true);

/** The ranges of the engine's settings. */
function isValid(name: keyof Controls, value: number): boolean {
  if (name === "top_k") return Number.isInteger(value) && value >= 0;
  if (name === "temperature") return value >= 0 && value <= 10;
  return value <= 1 && (name === "top_p" ? value > 0 : value >= 0);
}

function encode(tried: TriedControls): string {
  return TRIED.flatMap((name) => (name in tried ? `${name}${tried[name]}` : [])).join("*");
}

function decode(code: string): TriedControls | null {
  const parts = code.split("*").map((part) => {
    const name = TRIED.find((each) => part.startsWith(each));
    const value = name ? Number(part.slice(name.length) || Number.NaN) : Number.NaN;
    return name && isValid(name, value) ? ([name, value] as const) : null;
  });
  const valid = parts.filter((part) => part !== null);
  return valid.length === parts.length ? Object.fromEntries(valid) : null;
}
