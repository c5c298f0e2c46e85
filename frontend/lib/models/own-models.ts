/** The models of the visitor's own files. They are in the list of models until the page is left. */
import { createStore } from "zustand/vanilla";
import type { ModelInfo, ModelList } from "@/lib/contract";
import { models } from "./use-models";

const own = createStore<{ readonly models: readonly ModelInfo[] }>(() => ({ models: [] }));

/** Adds a model; replaces one of the same name. */
export const addOwnModel = (info: ModelInfo): void =>
  own.setState({ models: withOwn(info.name, info) });

export const removeOwnModel = (name: string): void => own.setState({ models: withOwn(name) });

const withOwn = (name: string, ...added: ModelInfo[]): readonly ModelInfo[] => [
  ...own.getState().models.filter((model) => model.name !== name),
  ...added,
];

/** Whether a name belongs to a model that is not of the visitor's files. */
export const isTaken = (name: string): boolean => {
  const { list } = models.getState();
  return list?.models.some((model) => model.name === name && !isOwn(list, name)) ?? false;
};

/** A model of the visitor's files has an empty host. */
const isOwn = ({ hosts }: ModelList, name: string): boolean => hosts?.[name] === "";

const NONE: ModelList = { default: "", models: [], problems: {}, hosts: {}, training: false };

/** Adds the models to the list, also to one that is fetched later. */
function update(): void {
  const list = models.getState().list ?? NONE;
  const added = own.getState().models;
  const listed = list.models.filter(({ name }) => isOwn(list, name));
  if (listed.length === added.length && added.every((model) => listed.includes(model))) return;
  const others = list.models.filter((model) => !listed.includes(model));
  const hosts = Object.entries(list.hosts ?? {}).filter(([, host]) => host !== "");
  const ownHosts = added.map(({ name }) => [name, ""] as const);
  const all = [...others, ...added];
  models.setState({
    list: {
      ...list,
      default: list.default || (all[0]?.name ?? ""),
      models: all,
      hosts: Object.fromEntries([...hosts, ...ownHosts]),
    },
  });
}

own.subscribe(update);
models.subscribe(update);
