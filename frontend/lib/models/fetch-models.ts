import { accepted } from "@/lib/client/problem";
import type { ModelList } from "@/lib/contract";
import { ModelListSchema } from "@/lib/contract/schemas";
import { validated } from "@/lib/contract/validate";
import { siteAddress } from "@/lib/url-state/site-address";

/** Fetches the list of models that the server offers. */
export async function fetchModels(signal: AbortSignal): Promise<ModelList> {
  const response = await accepted(await fetch(siteAddress("api/models"), { signal }));
  return validated(ModelListSchema, await response.json(), "models");
}
