import { render } from "@testing-library/react";
import type { ComponentType } from "react";
import { vi } from "vitest";
import { deepRun } from "@/lib/run/fixtures/recording";
import type { LensRow, TokenFrame } from "@/lib/run/frames";
import type { RunRecord } from "@/lib/run/run-record";
import { DEFAULT_SHADING } from "@/lib/tiles/shade";
import { tileView } from "@/lib/tiles/view";
import { chosenScalars } from "@/lib/trends/chosen";
import type { PanelProps } from "./panel";

const ROOM = { width: 400, height: 300 };

/** jsdom lays nothing out and paints nothing; panels are told a size and draw on no canvas. */
export function makeRoom(): void {
  vi.stubGlobal(
    "ResizeObserver",
    class {
      constructor(private readonly told: ResizeObserverCallback) {}
      observe() {
        const entry = { contentRect: ROOM } as ResizeObserverEntry;
        this.told([entry], this as unknown as ResizeObserver);
      }
      disconnect() {}
    },
  );
  vi.spyOn(HTMLCanvasElement.prototype, "getContext").mockReturnValue(null);
  tileView.setState(DEFAULT_SHADING, true);
  chosenScalars.setState(chosenScalars.getInitialState(), true);
}

export function show(View: ComponentType<PanelProps>, step: number, run: RunRecord = deepRun()) {
  const select = vi.fn<PanelProps["select"]>();
  const props = (at: number) => ({ run, step: at, frame: run.frames[at], live: true, select });
  const view = render(<View {...props(step)} />);
  const showStep = (at: number) => view.rerender(<View {...props(at)} />);
  return { ...view, run, select, showStep };
}

export const frameOf = (run: RunRecord, step: number) => run.frames[step] as TokenFrame;

/** The recorded tokens again and again, as a model of so many layers would tell them. */
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
