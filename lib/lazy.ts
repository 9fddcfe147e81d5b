/**
 * Defer `load` to the first call and cache its result, so that a library few programs use does not slow down every
 * start.
 *
 * `load` must use `require`: programs that run modules in their own context, such as test runners, reject `import()`.
 */
export function lazy<T>(load: () => T): () => T {
  let loaded: { readonly value: T } | undefined;
  return () => {
    loaded ??= { value: load() };
    return loaded.value;
  };
}
