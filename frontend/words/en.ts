import { english as charts } from "@/components/charts/words.en";
import { english as pageControls } from "@/components/page-controls/words.en";
import { english as tokens } from "@/components/tokens/words.en";
import { english as keyProblem } from "@/components/ui/key-problem/words.en";
import { english as ui } from "@/components/ui/words.en";
import { english as branches } from "@/features/branches/words.en";
import { english as chapters } from "@/features/chapters/words.en";
import { english as chaptersOffer } from "@/features/chapters-offer/words.en";
import { english as chat } from "@/features/chat/words.en";
import { english as compare } from "@/features/compare/words.en";
import { english as definitions } from "@/features/definitions/words.en";
import { english as depth } from "@/features/depth/words.en";
import { english as firstRecording } from "@/features/first-recording/words.en";
import { english as glossary } from "@/features/glossary/words.en";
import { english as header } from "@/features/header/words.en";
import { english as instrument } from "@/features/instrument/words.en";
import { english as notFound } from "@/features/not-found/words.en";
import { english as openModel } from "@/features/open-model/words.en";
import { english as openRecording } from "@/features/open-recording/words.en";
import { english as panelLayout } from "@/features/panel-layout/words.en";
import { english as present } from "@/features/present/words.en";
import { english as replay } from "@/features/replay/words.en";
import { english as runForm } from "@/features/run-form/words.en";
import { english as saveMenu } from "@/features/save-menu/words.en";
import { english as savedRun } from "@/features/saved-run/words.en";
import { english as shortcuts } from "@/features/shortcuts/words.en";
import { english as timeline } from "@/features/timeline/words.en";
import { english as training } from "@/features/training/words.en";
import { english as localRuns } from "@/lib/client/local-words/words.en";
import { english as failures } from "@/lib/client/words.en";
import type { Translated } from "@/lib/i18n/translated";
import { english as site } from "@/lib/i18n/words.en";
import { english as recording } from "@/lib/recording/words.en";
import { english as status } from "@/lib/run/words.en";
import { english as settings } from "@/lib/settings/words.en";
import { english as attentionEntropy } from "@/panels/attention-entropy/words.en";
import { english as attentionHeads } from "@/panels/attention-heads/words.en";
import { english as attentionMaps } from "@/panels/attention-maps/words.en";
import { english as attention } from "@/panels/attention-shared/words.en";
import { english as attentionText } from "@/panels/attention-text/words.en";
import { english as textArcs } from "@/panels/generated-text/head-arcs/words.en";
import { english as generatedText } from "@/panels/generated-text/words.en";
import { english as headAtlasMaps } from "@/panels/head-atlas/labels/words.en";
import { english as headAtlas } from "@/panels/head-atlas/words.en";
import { english as layerNorms } from "@/panels/layer-norms/words.en";
import { english as layerTiles } from "@/panels/layer-tiles/words.en";
import { english as logitLens } from "@/panels/logit-lens/words.en";
import { english as outputDistribution } from "@/panels/output-distribution/words.en";
import { english as samplerWaterfall } from "@/panels/sampler-waterfall/words.en";
import { english as stackParts } from "@/panels/stack/part-words/words.en";
import { english as stack } from "@/panels/stack/words.en";
import { english as topPredictions } from "@/panels/top-predictions/words.en";
import { english as trends } from "@/panels/trends/words.en";
import { english as whatIf } from "@/panels/what-if/words.en";
import { english as panels } from "@/panels/words.en";

/** All texts of the site in English, grouped by the part of the site that shows them. */
export const english = {
  site,
  notFound,
  chapters,
  chaptersOffer,
  definitions,
  depth,
  firstRecording,
  glossary,
  header,
  shortcuts,
  settings,
  runForm,
  instrument,
  status,
  timeline,
  failures,
  localRuns,
  panelLayout,
  present,
  pageControls,
  charts,
  tokens,
  keyProblem,
  ui,
  panels,
  generatedText,
  textArcs,
  topPredictions,
  whatIf,
  layerNorms,
  attentionEntropy,
  outputDistribution,
  layerTiles,
  logitLens,
  stack,
  stackParts,
  trends,
  attention,
  attentionText,
  attentionHeads,
  attentionMaps,
  headAtlas,
  headAtlasMaps,
  samplerWaterfall,
  branches,
  compare,
  chat,
  saveMenu,
  openModel,
  openRecording,
  recording,
  replay,
  training,
  savedRun,
} as const;

/** Type of the texts in every language. */
export type Words = Translated<typeof english>;
