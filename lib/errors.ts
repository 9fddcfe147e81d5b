/**
 * The codes of all errors that the package throws.
 *
 * `ERR_INVALID_ARGUMENT` is a mistake in the caller's arguments (CLI exit status 2). `ABORT_ERR` is a requested stop
 * (130). Every other code is a problem with an input or with the machine (1).
 */
export const errorCodes = [
  'ERR_INVALID_ARGUMENT', // wrong type, unknown option, out of range, non-finite
  'ERR_INVALID_PROMPT', // zero tokens, over-long, token id outside the vocabulary
  'ERR_FILE_NOT_FOUND',
  'ERR_FILE_READ', // the file exists but cannot be read
  'ERR_FILE_WRITE', // output folder missing or not writable, or disk full
  'ERR_FILE_CHANGED', // a weight file was modified while in use
  'ERR_FILE_FORMAT', // truncated, tampered or empty file; bad JSON or YAML; wrong magic
  'ERR_UNSUPPORTED_MODEL', // unknown model_type, or a config that this package cannot run correctly
  'ERR_UNSUPPORTED_TRANSCODER', // unknown format, activation or hook
  'ERR_WEIGHT', // a tensor is missing, has the wrong shape or dtype, or is not finite
  'ERR_MODEL_MISMATCH', // model and transcoders (or graph) do not match
  'ERR_TOKENIZER',
  'ERR_HUB', // the hub is unreachable or keeps failing
  'ERR_HUB_ACCESS', // gated repository, or a rejected token
  'ERR_HUB_NOT_FOUND', // no such repository, revision, folder or file, or not cached while offline
  'ERR_LIBTORCH', // LibTorch or the addon is missing or has the wrong version
  'ERR_DEVICE', // unknown or unavailable device
  'ERR_OUT_OF_MEMORY',
  'ERR_NUMERIC', // activations, edges or influence are not finite
  'ERR_ADDRESS', // the server cannot listen on this host and port
  'ERR_DISPOSED',
  'ABORT_ERR',
  'ERR_NATIVE', // any other error from native code: a bug, please report it
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** The error class of the package. Messages say what was expected, what was found and what to do. */
export class CircuitTracerError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = code === 'ABORT_ERR' ? 'AbortError' : 'CircuitTracerError';
    this.code = code;
  }
}
