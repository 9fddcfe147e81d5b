/**
 * Every failure the package reports itself carries one of these codes.
 *
 * `ERR_INVALID_ARGUMENT` is the caller's mistake in an argument (CLI exit 2); `ABORT_ERR` is a stop that was asked for (130);
 * all others are the fault of an input or of the machine (1).
 */
export const errorCodes = [
  'ERR_INVALID_ARGUMENT', // wrong type, unknown option, out of range, non-finite
  'ERR_INVALID_PROMPT', // zero tokens, over-long, token id outside the vocabulary
  'ERR_FILE_NOT_FOUND',
  'ERR_FILE_READ', // exists but can't be read
  'ERR_FILE_WRITE', // output folder missing, unwritable, or disk full
  'ERR_FILE_CHANGED', // a file that weights are read from was written to while in use
  'ERR_FILE_FORMAT', // truncated, tampered or empty file; bad JSON or YAML; wrong magic
  'ERR_UNSUPPORTED_MODEL', // unknown model_type, or a config this package can't run right
  'ERR_UNSUPPORTED_TRANSCODER', // unknown format, activation or hook
  'ERR_WEIGHT', // a tensor missing, of wrong shape or dtype, or not finite
  'ERR_MODEL_MISMATCH', // model and transcoders (or graph) don't fit each other
  'ERR_TOKENIZER',
  'ERR_HUB', // the hub can't be reached, or keeps failing
  'ERR_HUB_ACCESS', // gated, or a token that isn't accepted
  'ERR_HUB_NOT_FOUND', // no such repository, revision, folder or file; or not in the cache while offline
  'ERR_LIBTORCH', // LibTorch or the addon missing, or of the wrong version
  'ERR_DEVICE', // device unknown or absent
  'ERR_OUT_OF_MEMORY',
  'ERR_NUMERIC', // activations, edges or influence that aren't finite
  'ERR_ADDRESS', // host and port that can't be listened on
  'ERR_DISPOSED',
  'ABORT_ERR',
  'ERR_NATIVE', // anything else thrown below Node-API; a bug worth reporting
] as const;

export type ErrorCode = (typeof errorCodes)[number];

/** The one error class of the package. The message says what was expected, what was found and what to do. */
export class CircuitTracerError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = code === 'ABORT_ERR' ? 'AbortError' : 'CircuitTracerError';
    this.code = code;
  }
}
