import { type ComponentProps, type ComponentType, lazy, Suspense } from "react";

type Loaded<C> = C | { readonly default: C };

/** `next/dynamic` for a page that holds all its code already. */
// biome-ignore lint/suspicious/noExplicitAny: a component of any props, as React.lazy has it
export default function dynamic<C extends ComponentType<any>>(load: () => Promise<Loaded<C>>) {
  const Later = lazy(async () => {
    const loaded = await load();
    return "default" in loaded ? loaded : { default: loaded };
  });
  return function Dynamic(props: ComponentProps<C>) {
    return (
      <Suspense>
        <Later {...props} />
      </Suspense>
    );
  };
}
