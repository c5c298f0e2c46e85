import { PartMissing } from "./errors";

/**
 * Waits for a part of the engine that few runs need, which is a file of its own.
 *
 * @throws PartMissing
 */
export const part = <Part>(loading: Promise<Part>): Promise<Part> =>
  loading.catch((error: unknown) => {
    throw new PartMissing(String(error));
  });
