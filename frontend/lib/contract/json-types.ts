import * as v from "valibot";

/** A whole number; smaller in the first load than a pipe of two schemas. */
export const integer = v.custom<number>(Number.isInteger, "an integer");

export const integerFrom = (minimum: number) =>
  v.custom<number>(
    (value) => Number.isInteger(value) && Number(value) >= minimum,
    `an integer of at least ${minimum}`,
  );

const noArray = v.custom<never>(() => false, "an object");

/** Rejects arrays, which valibot accepts as an object if no field is required. */
export const notArray = <S extends v.GenericSchema>(schema: S) =>
  v.lazy((value) => (Array.isArray(value) ? noArray : schema));

interface Tagged<K extends string> extends v.GenericSchema {
  readonly entries: Readonly<Record<K, { readonly literal: string }>>;
}

/** An object with the schema that one of its fields names; smaller than `v.variant`. */
export function tagged<K extends string, const S extends readonly Tagged<K>[]>(key: K, options: S) {
  const tagOf = ({ entries }: Tagged<K>) => entries[key].literal;
  const unknownTag = v.object({ [key]: v.picklist(options.map(tagOf)) });
  const schema = v.lazy((value) => {
    const tag = (value as Readonly<Record<K, unknown>> | null)?.[key];
    return options.find((option) => tagOf(option) === tag) ?? unknownTag;
  });
  // An unknown tag is always an error, so that the output is that of an option.
  return schema as v.GenericSchema as v.GenericSchema<
    v.InferInput<S[number]>,
    v.InferOutput<S[number]>
  >;
}
