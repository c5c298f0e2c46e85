import { attentionEntropyPanel } from "./attention-entropy";
import { attentionHeadsPanel } from "./attention-heads";
import { attentionMapsPanel } from "./attention-maps";
import { attentionTextPanel } from "./attention-text";
import { generatedTextPanel } from "./generated-text";
import { layerNormsPanel } from "./layer-norms";
import { layerTilesPanel } from "./layer-tiles";
import { logitLensPanel } from "./logit-lens";
import { outputDistributionPanel } from "./output-distribution";
import type { Panel } from "./panel";
import { samplerWaterfallPanel } from "./sampler-waterfall";
import { topPredictionsPanel } from "./top-predictions";
import { trendsPanel } from "./trends";

/**
 * The panels of this site, in the order in which they are offered. Those of the site's owner come
 * from a folder, see custom-panels.ts.
 */
export const PANELS: readonly Panel[] = [
  generatedTextPanel,
  topPredictionsPanel,
  outputDistributionPanel,
  layerNormsPanel,
  attentionEntropyPanel,
  layerTilesPanel,
  logitLensPanel,
  trendsPanel,
  attentionTextPanel,
  attentionHeadsPanel,
  attentionMapsPanel,
  samplerWaterfallPanel,
];

/**
 * The probes that these panels together ask a run to capture; of a model that tells what it can
 * give, only those.
 */
export const neededCaptures = (
  panels: readonly Panel[],
  capabilities?: readonly string[],
): string[] => [
  ...new Set(
    panels
      .flatMap((panel) => panel.captures)
      .filter((probe) => capabilities?.includes(probe) ?? true),
  ),
];
