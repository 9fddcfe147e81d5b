/** The server is unreachable or does not have the file. Another source may have it. */
export class UnavailableError extends Error {}
