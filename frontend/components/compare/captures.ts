import type { ModelInfo } from "@/lib/contract";
import type { Panel } from "@/panels/panel";
import { neededCaptures } from "@/panels/registry";

/** What a compared run captures: what its panels need, and what the distance of layers is read off. */
export function comparedCaptures(panels: readonly Panel[], model: ModelInfo | undefined): string[] {
  const residual = model?.capabilities.includes("residual") === false ? [] : ["residual"];
  return [...new Set([...residual, ...neededCaptures(panels, model?.capabilities)])];
}
