import type { ComponentType } from "react";

type Loaded<Props> = { default: ComponentType<Props> };

/** Without a part that cannot be loaded, as offline, the rest of the page works. */
export const orNothing = <Props>(part: Promise<Loaded<Props>>): Promise<Loaded<Props>> =>
  part.catch(() => ({ default: () => null }));
