import type { ModelInfo } from "@/lib/contract";
import type { Panel } from "@/panels/panel";
import { neededCaptures } from "@/panels/registry";

/**
 * Returns what a compared run captures: the needs of the open panels, and the residual stream, from
 * which the distance of layers is computed.
 */
export function comparedCaptures(panels: readonly Panel[], model: ModelInfo | undefined): string[] {
  const residual = model?.capabilities.includes("residual") === false ? [] : ["residual"];
  return [...new Set([...residual, ...neededCaptures(panels, model?.capabilities)])];
}
