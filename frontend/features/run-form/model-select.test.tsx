import { render, screen } from "@testing-library/react";
import { useForm } from "react-hook-form";
import { expect, test } from "vitest";
import type { ModelList } from "@/lib/contract";
import type { FormValues } from "@/lib/settings/form-values";
import { ModelSelect } from "./model-select";

const MODEL = {
  name: "own",
  title: "own",
  parameters: 5_900_000,
  layers: 6,
  heads: 4,
  kv_heads: 4,
  d_model: 256,
  vocabulary: 4096,
  context: 512,
  dtype: null,
  device: null,
  loaded: false,
  chat_template: false,
  capabilities: [],
  server: null,
};
const AWAY = "b.example.org cannot be reached, so its models do not run.";
const LIST: ModelList = {
  default: "own",
  models: [MODEL, { ...MODEL, name: "big", title: "big" }],
  problems: { "b.example.org": AWAY },
  hosts: { big: "a.example.org" },
  training: false,
};

function Shown({ model, list = LIST }: { model: string; list?: ModelList }) {
  const form = useForm<FormValues>({ defaultValues: { model } });
  const field = { name: "model", kind: "text", description: "", initial: "own", optional: false };
  return <ModelSelect field={field as never} form={form} list={list} />;
}

test("a model that runs on another server names it", () => {
  const { rerender } = render(<Shown model="big" key="big" />);
  expect(screen.getByText(/4 .* · on a\.example\.org$/)).toBeVisible();
  rerender(<Shown model="own" key="own" />);
  expect(screen.queryByText(/on a\.example\.org/)).toBeNull();
});

test("a server that is away is named, once", () => {
  render(<Shown model="own" />);
  expect(screen.getByText(AWAY)).toBeVisible();
});

test("a model of a server that is away shows the reason once", () => {
  const problems = { big: AWAY, "b.example.org": AWAY };
  render(<Shown model="big" list={{ ...LIST, problems }} />);
  expect(screen.getByText(AWAY)).toBeVisible();
});
