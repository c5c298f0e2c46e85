/** What ends a run by its text or by a measurement. */

export { StopMatcher } from "../text/stop-matcher";
export { BreakpointMatcher } from "./breakpoint-matcher";
