/** The events of the contract as they are sent: fields that were not measured are left out. */
import type { InferInput } from "valibot";
import type {
  CommonSchema,
  CompareEventSchema,
  DivergenceSchema,
} from "@/lib/contract/compare-schemas";
import type {
  AttentionSourcesSchema,
  ErrorSchema,
  EventSchema,
  LayersSchema,
  PromptColumnSchema,
  PromptSchema,
  TokenSchema,
} from "@/lib/contract/schemas";

export type SentEvent = InferInput<typeof EventSchema>;
export type SentPrompt = InferInput<typeof PromptSchema>;
export type SentColumn = InferInput<typeof PromptColumnSchema>;
export type SentToken = InferInput<typeof TokenSchema>;
export type SentLayers = InferInput<typeof LayersSchema>;
export type SentSources = InferInput<typeof AttentionSourcesSchema>;
export type SentError = InferInput<typeof ErrorSchema>;
export type SentCompareEvent = InferInput<typeof CompareEventSchema>;
export type SentCommon = InferInput<typeof CommonSchema>;
export type SentDivergence = InferInput<typeof DivergenceSchema>;
