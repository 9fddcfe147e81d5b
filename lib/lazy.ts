/**
 * What `load` gives, from the first call on: a library that few programs use isn't read at the start of all.
 *
 * `load` is a `require`: `import()` is refused by programs that run modules in a context of their own, as test runners do.
 */
export function lazy<T>(load: () => T): () => T {
  let loaded: { readonly value: T } | undefined;
  return () => {
    loaded ??= { value: load() };
    return loaded.value;
  };
}
