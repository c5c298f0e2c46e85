import { german as charts } from "@/components/charts/words.de";
import { german as pageControls } from "@/components/page-controls/words.de";
import { german as tokens } from "@/components/tokens/words.de";
import { german as keyProblem } from "@/components/ui/key-problem/words.de";
import { german as ui } from "@/components/ui/words.de";
import { german as branches } from "@/features/branches/words.de";
import { german as chapters } from "@/features/chapters/words.de";
import { german as chaptersOffer } from "@/features/chapters-offer/words.de";
import { german as chat } from "@/features/chat/words.de";
import { german as compare } from "@/features/compare/words.de";
import { german as definitions } from "@/features/definitions/words.de";
import { german as depth } from "@/features/depth/words.de";
import { german as firstRecording } from "@/features/first-recording/words.de";
import { german as glossary } from "@/features/glossary/words.de";
import { german as header } from "@/features/header/words.de";
import { german as instrument } from "@/features/instrument/words.de";
import { german as notFound } from "@/features/not-found/words.de";
import { german as openModel } from "@/features/open-model/words.de";
import { german as openRecording } from "@/features/open-recording/words.de";
import { german as panelLayout } from "@/features/panel-layout/words.de";
import { german as present } from "@/features/present/words.de";
import { german as replay } from "@/features/replay/words.de";
import { german as runForm } from "@/features/run-form/words.de";
import { german as saveMenu } from "@/features/save-menu/words.de";
import { german as savedRun } from "@/features/saved-run/words.de";
import { german as shortcuts } from "@/features/shortcuts/words.de";
import { german as timeline } from "@/features/timeline/words.de";
import { german as training } from "@/features/training/words.de";
import { german as localRuns } from "@/lib/client/local-words/words.de";
import { german as failures } from "@/lib/client/words.de";
import type { Translation } from "@/lib/i18n/language";
import { type Translated, translation } from "@/lib/i18n/translated";
import { german as site } from "@/lib/i18n/words.de";
import { german as recording } from "@/lib/recording/words.de";
import { german as status } from "@/lib/run/words.de";
import { german as settings } from "@/lib/settings/words.de";
import { german as attentionEntropy } from "@/panels/attention-entropy/words.de";
import { german as attentionHeads } from "@/panels/attention-heads/words.de";
import { german as attentionMaps } from "@/panels/attention-maps/words.de";
import { german as attention } from "@/panels/attention-shared/words.de";
import { german as attentionText } from "@/panels/attention-text/words.de";
import { german as textArcs } from "@/panels/generated-text/head-arcs/words.de";
import { german as generatedText } from "@/panels/generated-text/words.de";
import { german as headAtlasMaps } from "@/panels/head-atlas/labels/words.de";
import { german as headAtlas } from "@/panels/head-atlas/words.de";
import { german as layerNorms } from "@/panels/layer-norms/words.de";
import { german as layerTiles } from "@/panels/layer-tiles/words.de";
import { german as logitLens } from "@/panels/logit-lens/words.de";
import { german as outputDistribution } from "@/panels/output-distribution/words.de";
import { german as samplerWaterfall } from "@/panels/sampler-waterfall/words.de";
import { german as stackParts } from "@/panels/stack/part-words/words.de";
import { german as stack } from "@/panels/stack/words.de";
import { german as topPredictions } from "@/panels/top-predictions/words.de";
import { german as trends } from "@/panels/trends/words.de";
import { german as whatIf } from "@/panels/what-if/words.de";
import { german as panels } from "@/panels/words.de";
import { english } from "./en";

/** All texts of the site, in German. */
export const german: Translated<typeof english> = {
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
};

export const GERMAN: Translation = translation(english, german);
