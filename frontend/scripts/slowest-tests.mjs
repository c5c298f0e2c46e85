const SHOWN = 20;
const SHOWN_LINES = 12;

/**
 * A reporter for Vitest and Playwright that prints the slowest tests, those that passed only when
 * repeated, and last what failed, since often only the end of a long output is kept.
 */
export default class SlowestTests {
  #tests = [];
  /** By name, since a test that is repeated fails at most once. */
  #failures = new Map();
  #repeated = [];

  /** Called by Vitest after each test. */
  onTestCaseResult(test) {
    const name = `${test.module.relativeModuleId} › ${test.fullName}`;
    const { state, errors } = test.result();
    this.#note(name, test.diagnostic()?.duration ?? 0, state === "failed", errors);
  }

  onTestRunEnd() {
    this.#print();
  }

  /** Called by Playwright after each test. */
  onTestEnd(test, { duration, status, errors }) {
    const name = test.titlePath().filter(Boolean).join(" › ");
    const failed = status !== "skipped" && status !== test.expectedStatus;
    if (!failed && this.#failures.delete(name)) this.#repeated.push(name);
    this.#note(name, duration, failed, errors);
  }

  onEnd() {
    this.#print();
  }

  #note(name, duration, failed, errors = []) {
    this.#tests.push({ name, duration });
    if (failed) this.#failures.set(name, errors[0]?.message ?? "no message");
  }

  #print() {
    if (this.#tests.length === 0) return;
    const slowest = this.#tests.toSorted((a, b) => b.duration - a.duration).slice(0, SHOWN);
    console.log(`\nSlowest ${slowest.length} tests:`);
    for (const { name, duration } of slowest) {
      console.log(`${(duration / 1000).toFixed(2).padStart(8)} s  ${name}`);
    }
    if (this.#repeated.length > 0) {
      console.log(`\nPassed only when repeated (${this.#repeated.length}):`);
      for (const name of this.#repeated) console.log(`  ${name}`);
    }
    if (this.#failures.size === 0) return;
    console.log(`\nFailed (${this.#failures.size}):`);
    for (const [name, message] of this.#failures) {
      console.log(`  ${name}\n    ${message.split("\n").slice(0, SHOWN_LINES).join("\n    ")}`);
    }
  }
}
