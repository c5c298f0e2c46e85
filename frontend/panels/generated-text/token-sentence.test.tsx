import { render, screen } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import type { TokenFrame } from "@/lib/contract/frames";
import { recordedRun } from "@/lib/run/recorded-run.fixture";
import { ForkContext } from "@/panels/fork-context";
import { sentenceOf, TokenSentence } from "./token-sentence";

const run = recordedRun();
const [recorded] = run.frames;
if (!recorded) throw new Error("no frame");

/** A frame with these probabilities; the chosen token is the one at `rank`. */
function frameOf(probabilities: readonly number[], rank = 0, forced = false): TokenFrame {
  const [row] = (recorded as TokenFrame).top;
  if (!row) throw new Error("no candidate");
  const top = probabilities.map((prob, id) => ({ ...row, id, text: ` w${id}`, prob }));
  const prob = probabilities[rank] as number;
  return { ...(recorded as TokenFrame), top, rank, forced, id: rank, label: ` w${rank}`, prob };
}

test.each([
  [frameOf([0.99, 0.01]), "It is certain: “w0” 99.0\u00a0%."],
  [frameOf([0.6, 0.3]), "It expects “w0” 60.0\u00a0%, then “w1” 30.0\u00a0%."],
  [frameOf([0.146, 0.113]), "It hesitates: “w0” 14.6\u00a0%, “w1” 11.3\u00a0%."],
  [frameOf([0.5, 0.02], 1), "It drew “w1” 2.0\u00a0%. Likeliest: “w0” 50.0\u00a0%."],
  [frameOf([0.5, 0.02], 1, true), "Set by you: “w1” 2.0\u00a0%. Likeliest: “w0” 50.0\u00a0%."],
])("says what the model expected, case %#", (frame, sentence) => {
  expect(sentenceOf(frame)).toBe(sentence);
});

test("another token continues the run from there", async () => {
  const fork = vi.fn();
  const frame = frameOf([0.4, 0.3, 0.0001], 1);
  render(
    <ForkContext value={fork}>
      <TokenSentence run={run} frame={frame} />
    </ForkContext>,
  );
  const [button, ...others] = screen.getAllByRole("button");
  expect(others).toEqual([]);
  await userEvent.click(button as HTMLElement);
  expect(fork).toHaveBeenCalledWith(frame.index, frame.top[0]);
});

test("no other token is offered while the run goes on, or without a server", () => {
  const frame = frameOf([0.4, 0.3]);
  const { rerender } = render(
    <ForkContext value={() => {}}>
      <TokenSentence run={recordedRun(6)} frame={frame} />
    </ForkContext>,
  );
  expect(screen.queryByRole("button")).toBeNull();
  rerender(
    <ForkContext value={null}>
      <TokenSentence run={run} frame={frame} />
    </ForkContext>,
  );
  expect(screen.queryByRole("button")).toBeNull();
});
