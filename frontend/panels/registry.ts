import { toCapture } from "@/lib/run/captures";
import { attentionEntropyPanel } from "./attention-entropy/panel";
import { attentionHeadsPanel } from "./attention-heads/panel";
import { attentionMapsPanel } from "./attention-maps/panel";
import { attentionTextPanel } from "./attention-text/panel";
import { generatedTextPanel } from "./generated-text/panel";
import { headAtlasPanel } from "./head-atlas/panel";
import { layerNormsPanel } from "./layer-norms/panel";
import { layerTilesPanel } from "./layer-tiles/panel";
import { logitLensPanel } from "./logit-lens/panel";
import { outputDistributionPanel } from "./output-distribution/panel";
import type { Panel } from "./panel";
import { samplerWaterfallPanel } from "./sampler-waterfall/panel";
import { stackPanel } from "./stack/panel";
import { topPredictionsPanel } from "./top-predictions/panel";
import { trendsPanel } from "./trends/panel";
import { whatIfPanel } from "./what-if/panel";

/**
 * The panels of this site, in the order of the list that offers them. custom-panels.ts loads those
 * of the site's owner.
 */
export const PANELS: readonly Panel[] = [
  generatedTextPanel,
  stackPanel,
  topPredictionsPanel,
  whatIfPanel,
  outputDistributionPanel,
  layerNormsPanel,
  attentionEntropyPanel,
  layerTilesPanel,
  logitLensPanel,
  trendsPanel,
  attentionTextPanel,
  attentionHeadsPanel,
  attentionMapsPanel,
  headAtlasPanel,
  samplerWaterfallPanel,
];

/**
 * Returns the probes that these panels need, limited to the model's capabilities if they are known.
 */
export const neededCaptures = (
  panels: readonly Panel[],
  capabilities?: readonly string[],
): string[] =>
  toCapture(
    panels.flatMap((panel) => panel.captures),
    capabilities,
  );
