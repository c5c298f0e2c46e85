import { parseFailure } from "@/lib/run/parse-event";
import { text } from "@/lib/text";
import { Refused } from "./failure";

/** The response, or Refused with what its problem document says. */
export async function accepted(response: Response): Promise<Response> {
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  const failure = parseFailure(problem);
  throw new Refused({
    ...failure,
    title: failure.title || text.failures.refused.title,
    detail: failure.detail || text.failures.refused.detail(response.status),
  });
}
