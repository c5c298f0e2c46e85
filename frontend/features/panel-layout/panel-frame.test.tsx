import { act, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { ContextType } from "react";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import type { RunEvent } from "@/lib/contract/frames";
import { RECORDED, WITH_ATTENTION } from "@/lib/contract/recordings.fixture";
import { createRunContext, RunProvider } from "@/lib/run/run-context";
import { ForkContext } from "@/panels/fork-context";
import { lazyPanel } from "@/panels/lazy-panel";
import { useMeasure } from "@/panels/measure-context";
import type { Panel } from "@/panels/panel";
import { LayoutProvider } from "./layout-context";
import { PanelGrid } from "./panel-grid";

// Imported in advance, so that the time to compile the menu does not count against the tests.
beforeAll(() => import("./panel-menu"));

afterEach(() => {
  window.history.replaceState(null, "", "/");
  localStorage.clear();
});

const panel = (id: string, more: Partial<Panel> = {}): Panel => ({
  id,
  title: `Panel ${id}`,
  unit: "nats",
  hookPoint: "logits",
  howToRead: `How to read ${id}.`,
  captures: [],
  open: true,
  Component: ({ step }) => <p>{`${id} shows ${step}`}</p>,
  ...more,
});

async function show(
  panels: readonly Panel[],
  events: readonly RunEvent[] = RECORDED,
  fork: ContextType<typeof ForkContext> = null,
) {
  const context = createRunContext();
  for (const event of events) context.store.receive(event);
  await waitFor(() => expect(context.store.getState().run.done).not.toBeNull());
  context.store.select(2);
  const run = vi.spyOn(context.controller, "run").mockResolvedValue();
  render(
    <RunProvider value={context}>
      <LayoutProvider
        panels={panels}
        loadCustom={() => Promise.resolve({ panels: [], broken: [] })}
      >
        <ForkContext value={fork}>
          <PanelGrid model={undefined} onPanels={() => {}} />
        </ForkContext>
      </LayoutProvider>
    </RunProvider>,
  );
  return { context, run };
}

/** The recording as a run that captured these probes, with a model that has these capabilities. */
const capturing = (probes: readonly string[], capabilities: readonly string[]) =>
  RECORDED.map((event): RunEvent => {
    if (event.type !== "start") return event;
    const { start } = event;
    const captured = start.probes.filter(({ name }) => probes.includes(name));
    const model = { ...start.model, capabilities: [...capabilities] };
    return { type: "start", start: { ...start, model, probes: captured } };
  });

const region = (id: string) => screen.getByRole("region", { name: `Panel ${id}` });
const order = () => screen.getAllByRole("heading", { level: 2 }).map((title) => title.textContent);

describe("a panel that throws", () => {
  test("shows the error in its own place, and can be retried", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    let broken = true;
    const Component = () => {
      if (broken) throw new RangeError("row 7 of 6");
      return <p>drawn</p>;
    };
    await show([panel("a", { Component }), panel("b")]);
    const card = within(region("a")).getByRole("alert");
    expect(card).toHaveTextContent("Panel a failed");
    expect(card).toHaveTextContent("RangeError: row 7 of 6");
    expect(region("b")).toHaveTextContent("b shows 2");
    broken = false;
    await userEvent.click(within(card).getByRole("button", { name: "Try again" }));
    expect(region("a")).toHaveTextContent("drawn");
  });

  test("can be hidden", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const Component = () => {
      throw new Error("no");
    };
    await show([panel("a", { Component }), panel("b")]);
    await userEvent.click(within(region("a")).getByRole("button", { name: "Hide" }));
    expect(order()).toEqual(["Panel b"]);
    expect(screen.getByRole("status")).toHaveTextContent("Panel a hidden.");
  });
});

describe("a panel whose component is loaded on demand", () => {
  test("shows a placeholder until it is loaded", async () => {
    let arrive: (module: { default: Panel["Component"] }) => void = () => {};
    const load = () =>
      new Promise<{ default: Panel["Component"] }>((resolve) => {
        arrive = resolve;
      });
    await show([panel("a", { Component: lazyPanel(load) })]);
    expect(screen.getByRole("img", { name: "Loading Panel a" })).toBeVisible();
    await act(async () => arrive({ default: () => <p>here</p> }));
    expect(region("a")).toHaveTextContent("here");
  });

  test("is loaded again after loading failed", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const load = vi
      .fn()
      .mockRejectedValueOnce(new Error("offline"))
      .mockResolvedValue({ default: () => <p>here</p> });
    await show([panel("a", { Component: lazyPanel(load) })]);
    await waitFor(() => expect(region("a")).toHaveTextContent("offline"));
    await userEvent.click(screen.getByRole("button", { name: "Try again" }));
    await waitFor(() => expect(region("a")).toHaveTextContent("here"));
  });
});

describe("a panel whose measurements were not captured", () => {
  test("is shown if another probe contains them", async () => {
    await show([panel("a", { captures: ["attention_sources"] })], WITH_ATTENTION);
    expect(region("a")).toHaveTextContent("a shows 2");
    expect(region("a")).not.toHaveTextContent("did not capture");
  });

  test("can ask for further measurements itself", async () => {
    const Asking = () => {
      const measure = useMeasure();
      return (
        <button type="button" onClick={() => measure?.(["tiles"])}>
          more
        </button>
      );
    };
    const { run } = await show(
      [panel("a", { captures: ["mlp"], Component: Asking })],
      capturing(["mlp"], ["mlp", "tiles"]),
    );
    await userEvent.click(screen.getByRole("button", { name: "more" }));
    expect(run).toHaveBeenCalledWith(expect.objectContaining({ capture: ["mlp", "tiles"] }));
  });

  test("says so, and can run again with the same seed to capture them", async () => {
    const events = capturing(["mlp"], ["mlp", "logit_lens"]);
    const { run, context } = await show([panel("a", { captures: ["logit_lens"] })], events);
    expect(region("a")).toHaveTextContent("This run did not capture the logit lens.");
    expect(region("a")).not.toHaveTextContent("shows");
    await userEvent.click(screen.getByRole("button", { name: "Run again" }));
    const { start } = context.store.getState().run;
    expect(run).toHaveBeenCalledWith(
      expect.objectContaining({ seed: start?.settings.seed, capture: ["logit_lens"] }),
    );
  });

  test("still shows what was captured", async () => {
    const events = capturing(["mlp"], ["mlp", "logit_lens"]);
    await show([panel("a", { captures: ["mlp", "logit_lens"] })], events);
    expect(region("a")).toHaveTextContent("did not capture the logit lens");
    expect(region("a")).toHaveTextContent("a shows 2");
  });

  test("offers no further run if the model does not support them", async () => {
    const events = capturing(["mlp"], ["mlp"]);
    await show([panel("a", { captures: ["logit_lens"] })], events);
    expect(region("a")).toHaveTextContent("does not support the logit lens.");
    expect(screen.queryByRole("button", { name: "Run again" })).toBeNull();
  });
});

describe("a panel of a run on a chat server", () => {
  const server = {
    name: "far",
    kind: "other",
    not_available: { residual: "layers", distribution: "vocabulary" } as const,
    continues: ["prompt"] as "prompt"[],
    tokenizes: [],
  };
  const onServer = (continues: "prompt"[]) =>
    capturing(["predictions"], ["predictions"]).map((event): RunEvent => {
      if (event.type !== "start") return event;
      const model = { ...event.start.model, server: { ...server, continues } };
      return { type: "start", start: { ...event.start, model } };
    });

  test("says that the server does not send what it shows, and why", async () => {
    const panels = [
      panel("a", { captures: ["residual"] }),
      panel("b", { captures: ["distribution"] }),
      panel("c", { captures: ["predictions"] }),
    ];
    await show(panels, onServer(["prompt"]));
    expect(region("a")).toHaveTextContent("Not available from this server.");
    expect(region("a")).toHaveTextContent("nothing of the model’s layers");
    expect(region("b")).toHaveTextContent("Not available from this server.");
    expect(region("b")).toHaveTextContent("the likeliest tokens only");
    expect(region("c")).toHaveTextContent("c shows 2");
    expect(screen.queryByRole("button", { name: "Run again" })).toBeNull();
  });

  test("says if the run cannot be forked", async () => {
    await show([panel("a", { howToFork: "Choose a row." })], onServer([]));
    expect(region("a")).toHaveTextContent("this run cannot be forked");
    expect(region("a")).not.toHaveTextContent("Choose a row.");
  });
});

describe("the hint how to fork at a panel", () => {
  const howToFork = "Choose a row.";

  test("is shown if the run can be continued as a branch", async () => {
    await show([panel("a", { howToFork })], RECORDED, () => {});
    expect(region("a")).toHaveTextContent("How to read a. Choose a row.");
  });

  test("is not shown otherwise", async () => {
    await show([panel("a", { howToFork })]);
    expect(region("a")).toHaveTextContent("How to read a.");
    expect(region("a")).not.toHaveTextContent(howToFork);
  });
});

describe("the menu and keys of a panel", () => {
  test("move it and announce the new place", async () => {
    await show([panel("a"), panel("b"), panel("c")]);
    await userEvent.click(screen.getByRole("button", { name: "Menu of Panel c" }));
    await userEvent.click(await screen.findByRole("menuitem", { name: "Move earlier" }));
    expect(order()).toEqual(["Panel a", "Panel c", "Panel b"]);
    expect(screen.getByRole("status")).toHaveTextContent("Panel c: place 2 of 3.");
    fireEvent.keyDown(screen.getByRole("button", { name: "Move or resize Panel c" }), {
      key: "Home",
    });
    expect(order()).toEqual(["Panel c", "Panel a", "Panel b"]);
  });

  test("disable actions that would change nothing", async () => {
    await show([panel("a"), panel("b")]);
    await userEvent.click(screen.getByRole("button", { name: "Menu of Panel a" }));
    const earlier = await screen.findByRole("menuitem", { name: "Move earlier" });
    expect(earlier).toHaveAttribute("aria-disabled", "true");
  });

  test("show a note about what the panel does not prove", async () => {
    await show([panel("a", { caution: "Looks are not reasons." }), panel("b")]);
    expect(screen.queryByText("Looks are not reasons.")).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: "What Panel a does not prove" }));
    expect(await screen.findByText("Looks are not reasons.")).toBeVisible();
    expect(screen.queryByRole("button", { name: "What Panel b does not prove" })).toBeNull();
  });

  test("with all panels hidden, the layout can be reset", async () => {
    await show([panel("a")]);
    await userEvent.click(screen.getByRole("button", { name: "Menu of Panel a" }));
    await userEvent.click(await screen.findByRole("menuitem", { name: "Hide" }));
    expect(screen.getByText("No panel is open.")).toBeVisible();
    await userEvent.click(screen.getByRole("button", { name: "Reset layout" }));
    expect(order()).toEqual(["Panel a"]);
  });
});
