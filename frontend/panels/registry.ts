import { attentionEntropyPanel } from "./attention-entropy";
import { generatedTextPanel } from "./generated-text";
import { layerNormsPanel } from "./layer-norms";
import { outputDistributionPanel } from "./output-distribution";
import type { Panel } from "./panel";
import { topPredictionsPanel } from "./top-predictions";

/** All panels, in reading order. */
export const PANELS: readonly Panel[] = [
  generatedTextPanel,
  topPredictionsPanel,
  outputDistributionPanel,
  layerNormsPanel,
  attentionEntropyPanel,
];

/** Those that stand on the page before a visitor arranges it. */
export const OPEN_PANELS: readonly Panel[] = PANELS.filter(({ open }) => open);

/** The probes that these panels together ask a run to capture. */
export const neededCaptures = (panels: readonly Panel[]): string[] => [
  ...new Set(panels.flatMap((panel) => panel.captures)),
];
