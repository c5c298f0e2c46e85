"use client";

import { RefreshCw, RotateCcw, TriangleAlert } from "lucide-react";
import { Component, type ReactNode } from "react";
import { Button } from "./button";
import { words as uiWords } from "./words";

interface ViewBoundaryProps {
  children: ReactNode;
}

interface ViewBoundaryState {
  readonly error: unknown;
  readonly failed: boolean;
}

/**
 * Catches errors that a view throws while it renders. Runs, conversations and settings are stored
 * outside of the views, so they are still there after a retry.
 */
export class ViewBoundary extends Component<ViewBoundaryProps, ViewBoundaryState> {
  override state: ViewBoundaryState = { error: null, failed: false };

  static getDerivedStateFromError(error: unknown): ViewBoundaryState {
    return { error, failed: true };
  }

  private readonly retry = () => this.setState({ error: null, failed: false });

  override render(): ReactNode {
    if (!this.state.failed) return this.props.children;
    const words = uiWords.viewFailed;
    return (
      <main className="flex min-h-dvh items-center justify-center bg-paper p-5">
        <div role="alert" className="flex max-w-2xl gap-3 rounded-lg bg-error-wash p-5">
          <TriangleAlert size={18} aria-hidden className="mt-0.5 shrink-0 text-error" />
          <div className="min-w-0">
            <h1 className="font-semibold text-base">{words.title}</h1>
            <p className="mt-1">{words.detail}</p>
            <p className="mt-1 break-words font-mono text-xs">{messageOf(this.state.error)}</p>
            <div className="mt-4 flex flex-wrap gap-2">
              <Button variant="primary" onClick={this.retry}>
                <RotateCcw size={14} aria-hidden />
                {words.retry}
              </Button>
              <Button onClick={() => window.location.reload()}>
                <RefreshCw size={14} aria-hidden />
                {words.reload}
              </Button>
            </div>
          </div>
        </div>
      </main>
    );
  }
}

const messageOf = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error);
