import { failureOf } from "@/lib/client/failure";
import { accepted } from "@/lib/client/problem";
import { authorization } from "@/lib/client/server-key";
import type { ModelList } from "@/lib/contract";
import type { Failure } from "@/lib/contract/frames";
import { ModelListSchema } from "@/lib/contract/schemas";
import { validated } from "@/lib/contract/validate";
import { hasServer } from "@/lib/url-state/has-server";
import { siteAddress } from "@/lib/url-state/site-address";

/** Among the site's files: the models that run in the browser. */
const IN_BROWSER = "models/index.json";

export interface Fetched {
  readonly list: ModelList;
  /** Why the server's models are not in the list; null if they are, or if the site has no server. */
  readonly failure: Failure | null;
}

/**
 * Fetches the list of models that the server offers, followed by those that run in the browser.
 * Without a server the first of those is the default. Throws if there is no model at all.
 */
export async function fetchModels(signal: AbortSignal): Promise<Fetched> {
  const inBrowser = fetchList(IN_BROWSER, signal);
  if (!hasServer()) return { list: await inBrowser, failure: null };
  const local = inBrowser.catch(() => null);
  try {
    const list = await fetchList("api/models", signal);
    const added = (await local)?.models ?? [];
    return { list: { ...list, models: [...list.models, ...added] }, failure: null };
  } catch (error) {
    const list = await local;
    if (!list || signal.aborted) throw error;
    return { list, failure: failureOf(error) };
  }
}

async function fetchList(path: string, signal: AbortSignal): Promise<ModelList> {
  const response = await accepted(
    await fetch(siteAddress(path), { signal, headers: authorization() }),
  );
  return validated(ModelListSchema, await response.json(), "models");
}
