"use client";

import { EyeOff, RotateCcw, TriangleAlert } from "lucide-react";
import { Component, type ReactNode } from "react";
import { Button } from "@/components/ui/button";
import { renew } from "@/panels/lazy-panel";
import type { Panel } from "@/panels/panel";
import { words as panelLayoutWords } from "./words";

interface PanelBoundaryProps {
  panel: Panel;
  onHide: () => void;
  children: ReactNode;
}

interface PanelBoundaryState {
  readonly error: unknown;
  readonly broken: boolean;
}

/** Catches errors of a panel, so that the other panels still work. */
export class PanelBoundary extends Component<PanelBoundaryProps, PanelBoundaryState> {
  override state: PanelBoundaryState = { error: null, broken: false };

  static getDerivedStateFromError(error: unknown): PanelBoundaryState {
    return { error, broken: true };
  }

  private readonly retry = () => {
    renew(this.props.panel.Component);
    this.setState({ error: null, broken: false });
  };

  override render(): ReactNode {
    if (!this.state.broken) return this.props.children;
    const { panel, onHide } = this.props;
    const words = panelLayoutWords.broken;
    return (
      <div
        role="alert"
        className="flex max-h-full gap-3 overflow-y-auto rounded-md bg-error-wash p-4"
      >
        <TriangleAlert size={17} aria-hidden className="mt-0.5 shrink-0 text-error" />
        <div className="min-w-0">
          <p className="font-semibold">{words.title(panel.title)}</p>
          <p className="mt-0.5 break-words font-mono text-xs">{messageOf(this.state.error)}</p>
          <p className="mt-1 text-small">{words.detail}</p>
          <div className="mt-3 flex flex-wrap gap-2">
            <Button onClick={this.retry}>
              <RotateCcw size={13} aria-hidden />
              {words.retry}
            </Button>
            <Button onClick={onHide}>
              <EyeOff size={13} aria-hidden />
              {words.hide}
            </Button>
          </div>
        </div>
      </div>
    );
  }
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error);
