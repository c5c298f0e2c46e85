import { createStore } from "zustand/vanilla";
import { DEFAULT_SHADING, type Shading } from "./shade";

/** How the visitor draws tiles, kept while the panel is away. */
export const tileView = createStore<Shading>(() => DEFAULT_SHADING);

export const GAMMA = { min: 0.3, max: 2.5, step: 0.1 } as const;
export const CLIP = { min: 0.5, max: 10, step: 0.5 } as const;
