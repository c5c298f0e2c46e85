import { act, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import userEvent from "@testing-library/user-event";
import type { ContextType } from "react";
import { afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { ArrangementProvider } from "@/components/arrangement/arrangement-context";
import { ForkContext } from "@/components/fork-context";
import { PanelGrid } from "@/components/panel-grid";
import { createRunContext, RunProvider } from "@/components/run-context";
import { RECORDED } from "@/lib/run/fixtures/recording";
import type { RunEvent } from "@/lib/run/frames";
import { lazyPanel } from "@/panels/lazy-panel";
import type { Panel } from "@/panels/panel";

// Loaded beforehand: what is tested is what they do, not how long a machine takes to compile them.
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
      <ArrangementProvider
        panels={panels}
        loadCustom={() => Promise.resolve({ panels: [], broken: [] })}
      >
        <ForkContext value={fork}>
          <PanelGrid model={undefined} onPanels={() => {}} />
        </ForkContext>
      </ArrangementProvider>
    </RunProvider>,
  );
  return { context, run };
}

/** The recording as a run that captured these probes, of a model that can give those. */
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
  test("says what happened in its own place, and draws again when it is tried again", async () => {
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

describe("a panel that is loaded when it is shown", () => {
  test("holds its place until then", async () => {
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

  test("is loaded anew after it could not be", async () => {
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

describe("what a run did not capture", () => {
  test("is said, and another run with the same seed asks for it", async () => {
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

  test("leaves standing what there is", async () => {
    const events = capturing(["mlp"], ["mlp", "logit_lens"]);
    await show([panel("a", { captures: ["mlp", "logit_lens"] })], events);
    expect(region("a")).toHaveTextContent("did not capture the logit lens");
    expect(region("a")).toHaveTextContent("a shows 2");
  });

  test("cannot be had of a model without it", async () => {
    const events = capturing(["mlp"], ["mlp"]);
    await show([panel("a", { captures: ["logit_lens"] })], events);
    expect(region("a")).toHaveTextContent("does not support the logit lens.");
    expect(screen.queryByRole("button", { name: "Run again" })).toBeNull();
  });
});

describe("how to go on from a panel", () => {
  const howToFork = "Choose a row.";

  test("is told where the run can go on as a branch", async () => {
    await show([panel("a", { howToFork })], RECORDED, () => {});
    expect(region("a")).toHaveTextContent("How to read a. Choose a row.");
  });

  test("and nowhere else", async () => {
    await show([panel("a", { howToFork })]);
    expect(region("a")).toHaveTextContent("How to read a.");
    expect(region("a")).not.toHaveTextContent(howToFork);
  });
});

describe("the panel's menu and keys", () => {
  test("move it, and say so", async () => {
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

  test("offer nothing that would do nothing", async () => {
    await show([panel("a"), panel("b")]);
    await userEvent.click(screen.getByRole("button", { name: "Menu of Panel a" }));
    const earlier = await screen.findByRole("menuitem", { name: "Move earlier" });
    expect(earlier).toHaveAttribute("aria-disabled", "true");
  });

  test("what a panel does not prove is told when asked for", async () => {
    await show([panel("a", { caution: "Looks are not reasons." }), panel("b")]);
    expect(screen.queryByText("Looks are not reasons.")).toBeNull();
    await userEvent.click(screen.getByRole("button", { name: "What Panel a does not prove" }));
    expect(await screen.findByText("Looks are not reasons.")).toBeVisible();
    expect(screen.queryByRole("button", { name: "What Panel b does not prove" })).toBeNull();
  });

  test("with none open, there is a way back", async () => {
    await show([panel("a")]);
    await userEvent.click(screen.getByRole("button", { name: "Menu of Panel a" }));
    await userEvent.click(await screen.findByRole("menuitem", { name: "Hide" }));
    expect(screen.getByText("No panel is open.")).toBeVisible();
    await userEvent.click(screen.getByRole("button", { name: "Reset arrangement" }));
    expect(order()).toEqual(["Panel a"]);
  });
});
