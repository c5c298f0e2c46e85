import { decodeFailure } from "@/lib/contract/parse-event";
import { ProblemSchema, type WireProblem } from "@/lib/contract/schemas";
import { validated } from "@/lib/contract/validate";
import { Refused } from "./failure";
import { words } from "./words";

/** Reads the fields of a problem document. A proxy's error response may have only some of them. */
function problemOf(body: unknown): WireProblem {
  try {
    return validated(ProblemSchema, body, "problem");
  } catch {
    return { field: null, retry_after_s: null };
  }
}

/** Returns the response if it is successful; otherwise throws Refused with its problem document. */
export async function accepted(response: Response): Promise<Response> {
  if (response.ok) return response;
  const body: unknown = await response.json().catch(() => null);
  const { code = "error", title = "", detail = "", field, retry_after_s } = problemOf(body);
  const retryAfterS = retry_after_s ?? secondsOf(response.headers.get("Retry-After"));
  const failure = decodeFailure({ code, title, detail, field, retry_after_s: retryAfterS });
  throw new Refused(
    {
      ...failure,
      title: title || words.refused.title,
      detail: detail || words.refused.detail(response.status),
    },
    response.status,
  );
}

/** Returns the seconds of a Retry-After header, which has them or a date. */
function secondsOf(header: string | null): number | null {
  if (header === null) return null;
  const seconds = /^\d+$/.test(header) ? Number(header) : (Date.parse(header) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? null : Math.max(0, seconds);
}
