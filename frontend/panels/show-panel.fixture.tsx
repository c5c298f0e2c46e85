import { render } from "@testing-library/react";
import { type ComponentType, Suspense } from "react";
import { expect, vi } from "vitest";
import type { LensRow, TokenFrame } from "@/lib/contract/frames";
import { attentionRun, deepRun } from "@/lib/run/recorded-run.fixture";
import type { RunRecord } from "@/lib/run/run-record";
import type { Panel, PanelProps } from "./panel";

/** jsdom has no layout and no canvas. Gives panels a size and disables drawing. */
export const makeRoom = (): void => makeRoomOf(400, 300);

/** The same with another size, in pixels. */
export function makeRoomOf(width: number, height: number): void {
  vi.stubGlobal(
    "ResizeObserver",
    class {
      constructor(private readonly callback: ResizeObserverCallback) {}
      observe() {
        const entry = { contentRect: { width, height } } as ResizeObserverEntry;
        this.callback([entry], this as unknown as ResizeObserver);
      }
      disconnect() {}
    },
  );
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue(null);
}

export function show(View: ComponentType<PanelProps>, step: number, run: RunRecord = deepRun()) {
  const select = vi.fn<PanelProps["select"]>();
  const props = (at: number) => ({ run, step: at, frame: run.frames[at], live: true, select });
  const view = render(<View {...props(step)} />);
  const showStep = (at: number) => view.rerender(<View {...props(at)} />);
  return { ...view, run, select, showStep };
}

/** Renders the panel after its code is loaded. */
export async function showLoaded(
  { Component }: Panel,
  step: number,
  run: RunRecord = attentionRun(),
) {
  const select = vi.fn<PanelProps["select"]>();
  const props = (at: number) => ({ run, step: at, frame: run.frames[at], live: true, select });
  const shown = (at: number) => (
    <Suspense>
      <Component {...props(at)} />
    </Suspense>
  );
  const view = render(shown(step));
  await vi.waitFor(() => expect(view.container.textContent).not.toBe(""), { timeout: 20_000 });
  return { ...view, select, showStep: (at: number) => view.rerender(shown(at)) };
}

/** Loads the code of a panel, without which its table is empty. */
export async function load(panel: Panel): Promise<void> {
  const { unmount } = await showLoaded(panel, 0);
  unmount();
}

export const percent = (share: number) => (share * 100).toFixed(1);

export const frameOf = (run: RunRecord, step: number) => run.frames[step] as TokenFrame;

/** Returns a run that repeats the recorded tokens as if from a model with this number of layers. */
export function largeRun(layers: number, tokens: number): RunRecord {
  const run = deepRun();
  const frames = Array.from({ length: tokens }, (_, index) => {
    const frame = frameOf(run, index % run.frames.length);
    const row = frame.logitLens?.[0] as LensRow;
    const logitLens = Array.from({ length: layers }, (_, layer) => (layer === 1 ? null : row));
    const values = new Float32Array(layers * 64).fill(0.5).fill(Number.NaN, 64, 128);
    return { ...frame, index, logitLens, tiles: { shape: [layers, 8, 8], values } };
  });
  return { ...run, frames };
}
